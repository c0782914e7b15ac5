using System.Globalization;

namespace LambdaCore.Benchmarks.Throughput;

/// <summary>How large the throughput program's measurements are.</summary>
internal sealed record ThroughputOptions
{
    /// <summary>How many events are appended in batches. Default: 5 million.</summary>
    public int Events { get; init; } = 5_000_000;

    /// <summary>How many events one batch has.</summary>
    public int Batch { get; init; } = 10_000;

    /// <summary>How many callers append single events.</summary>
    public int Callers { get; init; } = 256;

    /// <summary>How many single events each of them appends.</summary>
    public int EventsPerCaller { get; init; } = 500;

    /// <summary>How many random keys are read.</summary>
    public int Gets { get; init; } = 1_000_000;

    /// <summary>How many windows are asked for.</summary>
    public int Windows { get; init; } = 5_000;

    /// <summary>How often the full batch and its comparisons run.</summary>
    public int Rounds { get; init; } = 5;

    /// <summary>Reads <c>--events N</c>, <c>--batch N</c>, <c>--callers N</c>, <c>--events-per-caller N</c>, <c>--gets N</c>, <c>--windows N</c> and <c>--rounds N</c>.</summary>
    /// <exception cref="ArgumentException">An argument is none of these.</exception>
    public static ThroughputOptions Parse(ReadOnlySpan<string> args)
    {
        ThroughputOptions options = new();
        for (int i = 0; i < args.Length; i += 2)
        {
            int value = i + 1 < args.Length ? int.Parse(args[i + 1], CultureInfo.InvariantCulture) : throw new ArgumentException($"'{args[i]}' has no value.");
            options = args[i] switch
            {
                "--events" => options with { Events = value },
                "--batch" => options with { Batch = value },
                "--callers" => options with { Callers = value },
                "--events-per-caller" => options with { EventsPerCaller = value },
                "--gets" => options with { Gets = value },
                "--windows" => options with { Windows = value },
                "--rounds" => options with { Rounds = value },
                _ => throw new ArgumentException($"There is no argument '{args[i]}'."),
            };
        }

        return options;
    }
}
