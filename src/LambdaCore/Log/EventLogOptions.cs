namespace LambdaCore.Log;

/// <summary>The settings of an <see cref="EventLog{TEvent}"/>.</summary>
internal sealed record EventLogOptions
{
    /// <summary>What an acknowledgement promises.</summary>
    public Durability Durability { get; init; }

    /// <summary>What an append does while the queue is full.</summary>
    public Backpressure Backpressure { get; init; }

    /// <summary>Append calls that may wait in the queue, at least 1.</summary>
    public int QueueCapacity { get; init; } = 8192;

    /// <summary>Bytes of encoded events after which a group is closed; a larger single batch is a group of its own.</summary>
    public int MaxGroupBytes { get; init; } = 8 << 20;

    /// <summary>The most that <see cref="MaxEventBytes"/> may be.</summary>
    public const int LargestEventBytes = 64 << 20;

    /// <summary>
    /// Bytes that an encoded event may take. Larger ones are refused, since they could not be sealed: DuckDB holds a value several times, and out of its memory there is no way but to
    /// open the store with more.
    /// </summary>
    public int MaxEventBytes { get; init; } = LargestEventBytes;

    /// <summary>By which rules the times of events are judged.</summary>
    public EventTimeRules Times { get; init; }

    /// <summary>Events after which the write-ahead tail is sealed into a segment by itself; also the largest segment.</summary>
    public int SegmentEvents { get; init; } = 1_000_000;

    /// <summary>How the write-ahead log uses the disk.</summary>
    public WriteAheadLogOptions WriteAhead { get; init; } = new();
}
