using System.Globalization;

namespace LambdaCore.Benchmarks.Throughput;

/// <summary>How large the measurements of corrections are.</summary>
internal sealed record CorrectionsOptions
{
    /// <summary>How many events the log has. Default: 20 million, twenty days of traffic.</summary>
    public int Events { get; init; } = 20_000_000;

    /// <summary>How many users there are.</summary>
    public int Users { get; init; } = 500_000;

    /// <summary>Reads <c>--events N</c> and <c>--users N</c>.</summary>
    /// <exception cref="ArgumentException">An argument is none of these.</exception>
    public static CorrectionsOptions Parse(ReadOnlySpan<string> args)
    {
        CorrectionsOptions options = new();
        for (int i = 0; i < args.Length; i += 2)
        {
            int value = i + 1 < args.Length ? int.Parse(args[i + 1], CultureInfo.InvariantCulture) : throw new ArgumentException($"'{args[i]}' has no value.");
            options = args[i] switch
            {
                "--events" => options with { Events = value },
                "--users" => options with { Users = value },
                _ => throw new ArgumentException($"There is no argument '{args[i]}'."),
            };
        }

        return options;
    }
}
