using System.Globalization;

namespace LambdaCore;

/// <summary>When batches run by themselves. Immutable.</summary>
/// <remarks>
/// <para>
/// Several conditions may be joined, and the first to come true begins a run:
/// <c>BatchSchedule.Every(TimeSpan.FromMinutes(10)).OrAfterEvents(1_000_000).OrAfterBytes(256L &lt;&lt; 20)</c>. Without events that the last
/// run has not covered there is no run. Two runs are never at work at once: one that becomes due while another is at work follows it, unless
/// that covers all that was there when it became due.
/// </para>
/// <para>
/// A run that fails is tried again, about one second later, and then after about twice as long each time, five minutes at most, with
/// random variation, for as long as the store is open; meanwhile the old views answer. If only opening the store again can help
/// (<see cref="LogPoisonedException"/>, <see cref="LogCorruptException"/>), the schedule stops instead, and says so in the log and in
/// <see cref="BatchStatus.IsScheduleStopped"/>. Closing the store cancels a run that the schedule began.
/// </para>
/// </remarks>
public sealed record BatchSchedule
{
    private BatchSchedule()
    {
    }

    /// <summary>Never by themselves, only by <see cref="LambdaStore{TEvent}.RunBatchAsync(CancellationToken)"/>.</summary>
    public static BatchSchedule ByHand { get; } = new();

    /// <summary>How long after one run began the next is due; null if time does not matter.</summary>
    public TimeSpan? Interval { get; private init; }

    /// <summary>The number of events after the last batch that make a run due; null if their number does not matter.</summary>
    public long? Events { get; private init; }

    /// <summary>The size of the log after the last batch that makes a run due; null if its size does not matter.</summary>
    public long? Bytes { get; private init; }

    /// <summary>Whether batches never run by themselves.</summary>
    internal bool IsByHand => this == ByHand;

    /// <summary>A run is due at regular intervals.</summary>
    /// <inheritdoc cref="OrEvery"/>
    public static BatchSchedule Every(TimeSpan interval) => ByHand.OrEvery(interval);

    /// <summary>A run is due after so many events.</summary>
    /// <inheritdoc cref="OrAfterEvents"/>
    public static BatchSchedule AfterEvents(long events) => ByHand.OrAfterEvents(events);

    /// <summary>A run is due when the log has grown so much.</summary>
    /// <inheritdoc cref="OrAfterBytes"/>
    public static BatchSchedule AfterBytes(long bytes) => ByHand.OrAfterBytes(bytes);

    /// <summary>A run is also due at regular intervals.</summary>
    /// <param name="interval">
    /// The time from the beginning of one run to the next; positive. It goes on while the store is closed, so that a store that
    /// was closed for longer begins with a run. If nothing is new when a run is due, the next is due an interval later.
    /// </param>
    /// <returns>A schedule with this condition in addition.</returns>
    public BatchSchedule OrEvery(TimeSpan interval)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(interval, TimeSpan.Zero);
        return this with { Interval = interval };
    }

    /// <summary>A run is also due after so many events.</summary>
    /// <param name="events">The number of events that the last run has not covered; at least 1.</param>
    /// <returns>A schedule with this condition in addition.</returns>
    public BatchSchedule OrAfterEvents(long events)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(events, 1);
        return this with { Events = events };
    }

    /// <summary>A run is also due when the log has grown so much.</summary>
    /// <param name="bytes">
    /// The bytes of the events that the last run has not covered, as they are in the log: encoded, or compressed where they are sealed into
    /// segments. At least 1.
    /// </param>
    /// <returns>A schedule with this condition in addition.</returns>
    public BatchSchedule OrAfterBytes(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bytes, 1);
        return this with { Bytes = bytes };
    }

    /// <summary>The schedule in words, for logs.</summary>
    public override string ToString()
    {
        List<string> conditions = [];
        if (Interval is { } interval)
        {
            conditions.Add($"every {interval}");
        }

        if (Events is { } events)
        {
            conditions.Add(string.Create(CultureInfo.InvariantCulture, $"after {events} events"));
        }

        if (Bytes is { } bytes)
        {
            conditions.Add(string.Create(CultureInfo.InvariantCulture, $"after {bytes} bytes"));
        }

        return conditions.Count == 0 ? "by hand" : string.Join(" or ", conditions);
    }
}
