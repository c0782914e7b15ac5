using System.Globalization;
using LambdaCore.Serving;
using LambdaCore.Values;

namespace LambdaCore;

/// <summary>What the times of all events of a store came to.</summary>
/// <remarks>Each event is judged once, when it gets its position, by the options in force then.</remarks>
public sealed record EventTimeStatus
{
    /// <summary>The end of the events that it speaks of.</summary>
    public required LogPosition Position { get; init; }

    /// <summary>The watermark: the highest event time less the disorder that the store allows; null before the first event. It never goes back.</summary>
    public required DateTimeOffset? Watermark { get; init; }

    /// <summary>The highest event time, without the events that were held back; null before the first one.</summary>
    public required DateTimeOffset? HighestEventTime { get; init; }

    /// <summary>Events whose time lay before the watermark when they came.</summary>
    public required long Late { get; init; }

    /// <summary>Those of them that lay further back than the grace period.</summary>
    public required long TooLate { get; init; }

    /// <summary>Events that came too late and are not in every view yet: the next batch counts them.</summary>
    public required long Waiting { get; init; }

    /// <summary>Events that came too late and count nowhere; they are among the dead letters.</summary>
    public required long Rejected { get; init; }

    /// <summary>Events so far in the future that they did not move the watermark. They count in views like any other.</summary>
    public required long HeldBack { get; init; }

    /// <summary>The status in one line, for logs.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"watermark {Watermark?.ToString("O", CultureInfo.InvariantCulture) ?? "none"} at {Position}, {Late} late, {TooLate} of them too late, {Waiting} waiting, {Rejected} rejected, {HeldBack} held back");

    /// <summary>A time of a tally; null where it is missing.</summary>
    internal static DateTimeOffset? Time(long microseconds) => microseconds == long.MinValue ? null : UnixTime.ToDateTimeOffset(microseconds);

    /// <summary>The status of a moment.</summary>
    /// <param name="times">What the times came to.</param>
    /// <param name="inAllViews">What the times of the events came to that every view's batch views cover.</param>
    internal static EventTimeStatus Of(EventTimes times, in EventTimeTally inAllViews) => new()
    {
        Position = times.Position,
        Watermark = Time(times.Tally.Watermark),
        HighestEventTime = Time(times.Tally.HighestTime),
        Late = times.Tally.Late,
        TooLate = times.Tally.TooLate,
        Waiting = Math.Max(0, times.Tally.BatchOnly - inAllViews.BatchOnly),
        Rejected = times.Tally.Rejected,
        HeldBack = times.Tally.HeldBack,
    };
}
