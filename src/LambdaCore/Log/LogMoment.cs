using LambdaCore.Tables;
using LambdaCore.Values;

namespace LambdaCore.Log;

/// <summary>Which events of the log count, and as of which of the changes that were made to them later. Immutable.</summary>
/// <param name="End">No event from this position on counts.</param>
internal sealed record LogMoment(LogPosition End)
{
    /// <summary>No event counts that was appended later; null for no such limit.</summary>
    public DateTimeOffset? KnownAt { get; init; }

    /// <summary>The revision of the content; null for that of now, or the one at <see cref="KnownAt"/> if there is such a time.</summary>
    public long? Revision { get; init; }

    /// <summary>The time in microseconds since the Unix epoch, as events have it.</summary>
    public long? IngestedUpTo => KnownAt is { } time ? UnixTime.FromDateTimeOffset(time) : null;

    /// <summary>As of which changes the events count, in words.</summary>
    public string KnownText => KnownAt is { } time ? $"at {time:O}" : $"at revision {Revision}";

    /// <summary>Whether a change of events came too late to count.</summary>
    /// <param name="change">The commit.</param>
    public bool IsBeyond(DeltaCommit change) => change.Version > (Revision ?? long.MaxValue) || change.Timestamp > (KnownAt ?? DateTimeOffset.MaxValue);
}
