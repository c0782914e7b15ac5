using System.Globalization;

namespace LambdaCore.Benchmarks.Cardinality;

/// <summary>How many keys there are, and how much memory the speed layer may take for them.</summary>
internal sealed record CardinalityOptions
{
    /// <summary>How many keys. Default: 50 million.</summary>
    public long Keys { get; init; } = 50_000_000;

    /// <summary>The budget of the speed layer. Default: 512 MiB.</summary>
    public long SpeedBytes { get; init; } = 512L << 20;

    /// <summary>Whether a batch follows.</summary>
    public bool RunsBatch { get; init; } = true;

    /// <summary>What the process takes beside the speed layer.</summary>
    public long MemoryBase { get; init; } = 400L << 20;

    /// <summary>
    /// The most resident memory while events come: the runtime and queues take some 400 MiB; the budget; what FASTER takes beside it, an eighth at first and then some ten bytes for each key, since its index has an
    /// entry for each; tables that are full and being moved out, an eighth of the budget each, up to nine.
    /// </summary>
    public long MemoryBound => MemoryBase + SpeedBytes + (SpeedBytes / 8) + (10 * Keys) + (9 * SpeedBytes / 8);

    /// <summary>Reads <c>--keys N</c>, <c>--speed-mb N</c> and <c>--batch 0|1</c>.</summary>
    /// <exception cref="ArgumentException">An argument is none of these.</exception>
    public static CardinalityOptions Parse(ReadOnlySpan<string> args)
    {
        CardinalityOptions options = new();
        for (int i = 0; i < args.Length; i += 2)
        {
            long value = i + 1 < args.Length ? long.Parse(args[i + 1], CultureInfo.InvariantCulture) : throw new ArgumentException($"'{args[i]}' has no value.");
            options = args[i] switch
            {
                "--keys" => options with { Keys = value },
                "--speed-mb" => options with { SpeedBytes = value << 20 },
                "--batch" => options with { RunsBatch = value != 0 },
                _ => throw new ArgumentException($"There is no argument '{args[i]}'."),
            };
        }

        return options;
    }
}
