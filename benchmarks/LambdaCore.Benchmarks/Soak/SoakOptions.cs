using System.Globalization;

namespace LambdaCore.Benchmarks.Soak;

/// <summary>How long and how hard the soak is, and what may not be exceeded.</summary>
internal sealed record SoakOptions
{
    /// <summary>How long. Default: ten minutes.</summary>
    public TimeSpan Length { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Events per second that the producers aim at together. Default: 10,000.</summary>
    public int Rate { get; init; } = 10_000;

    /// <summary>Decides when what is done, and to which events.</summary>
    public int Seed { get; init; } = Environment.TickCount;

    /// <summary>Memory for spilled states of the speed layer.</summary>
    public long SpeedBytes { get; init; } = 32L << 20;

    /// <summary>Memory of DuckDB.</summary>
    public long BatchBytes { get; init; } = 256L << 20;

    /// <summary>Raw events that the store keeps, in bytes of segments.</summary>
    public long RetainedBytes { get; init; } = 16L << 20;

    /// <summary>Whether it is long enough for everything to be done at least once, and wrong if something was not.</summary>
    public bool DoesEverything { get; init; } = true;

    /// <summary>What the process takes beside its budgets.</summary>
    public long MemoryBase { get; init; } = 600L << 20;

    /// <summary>
    /// The most resident memory. The runtime, the code and the native library take some 250 MiB and a garbage collector that is not pressed lets as much gather; the speed layer has its budget, an eighth for the index and
    /// an eighth for each of up to eight tables and three views; DuckDB has its budget, code beside it half as much, a file that is being written 70 MiB, and what the allocator holds back as much
    /// again; a fork is a second store.
    /// </summary>
    public long MemoryBound => MemoryBase + (3 * SpeedBytes) + (3 * BatchBytes);

    /// <summary>
    /// The most open files and maps. A store holds its lock, a few write-ahead files and, per view, the lookup file of each layer (less than twice the logarithm of the number of keys); questions
    /// hold old ones for a while; DuckDB opens the segments of a scan; a fork has as many again; the runtime and what was inherited take up to a hundred.
    /// </summary>
    public const int HandleBound = 500;

    /// <summary>
    /// The most disk. What is retained, the same again for what was replaced and not yet vacuumed and for what a compaction or correction writes, the views (a few MiB each, thrice), write-ahead files of 64 MiB, and the small
    /// files of the Delta logs, whose number follows the number of commits.
    /// </summary>
    public long DiskBound => (8 * RetainedBytes) + (512L << 20);

    /// <summary>Reads <c>--minutes N</c>, <c>--rate N</c> and <c>--seed N</c>.</summary>
    /// <exception cref="ArgumentException">An argument is none of these.</exception>
    public static SoakOptions Parse(ReadOnlySpan<string> args)
    {
        SoakOptions options = new();
        for (int i = 0; i < args.Length; i += 2)
        {
            string text = i + 1 < args.Length ? args[i + 1] : throw new ArgumentException($"'{args[i]}' has no value.");
            options = args[i] switch
            {
                "--minutes" => options with { Length = TimeSpan.FromMinutes(double.Parse(text, CultureInfo.InvariantCulture)) },
                "--rate" => options with { Rate = int.Parse(text, CultureInfo.InvariantCulture) },
                "--seed" => options with { Seed = int.Parse(text, CultureInfo.InvariantCulture) },
                _ => throw new ArgumentException($"There is no argument '{args[i]}'."),
            };
        }

        return options;
    }
}
