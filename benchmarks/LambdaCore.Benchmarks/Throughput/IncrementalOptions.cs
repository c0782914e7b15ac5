using System.Globalization;

namespace LambdaCore.Benchmarks.Throughput;

/// <summary>How large the measurements of incremental batches are.</summary>
internal sealed record IncrementalOptions
{
    /// <summary>How many events are added before each run. Default: 1 million.</summary>
    public int Added { get; init; } = 1_000_000;

    /// <summary>The histories on which runs are measured, in multiples of what is added: 1 million, 10 million and 50 million events by default.</summary>
    public IReadOnlyList<int> Histories { get; init; } = [1, 10, 50];

    /// <summary>How many runs are measured on each.</summary>
    public int Rounds { get; init; } = 7;

    /// <summary>How many users there are.</summary>
    public int Users { get; init; } = 500_000;

    /// <summary>Reads <c>--added N</c>, <c>--most N</c> (the largest history, in multiples of what is added), <c>--rounds N</c> and <c>--users N</c>.</summary>
    /// <exception cref="ArgumentException">An argument is none of these.</exception>
    public static IncrementalOptions Parse(ReadOnlySpan<string> args)
    {
        IncrementalOptions options = new();
        for (int i = 0; i < args.Length; i += 2)
        {
            int value = i + 1 < args.Length ? int.Parse(args[i + 1], CultureInfo.InvariantCulture) : throw new ArgumentException($"'{args[i]}' has no value.");
            options = args[i] switch
            {
                "--added" => options with { Added = value },
                "--most" => options with { Histories = [.. options.Histories.Where(h => h <= value)] },
                "--rounds" => options with { Rounds = value },
                "--users" => options with { Users = value },
                _ => throw new ArgumentException($"There is no argument '{args[i]}'."),
            };
        }

        return options;
    }
}
