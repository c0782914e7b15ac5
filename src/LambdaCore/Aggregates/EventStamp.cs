using LambdaCore.Values;

namespace LambdaCore;

/// <summary>Where an event stands: in event time, and among events of the same time in the log. No two events share one.</summary>
public readonly record struct EventStamp
{
    private readonly long _microseconds;
    private readonly long _position;

    internal EventStamp(long microseconds, long position)
    {
        _microseconds = microseconds;
        _position = position;
    }

    /// <summary>The event's time, in UTC, to the microsecond.</summary>
    public DateTimeOffset Time => UnixTime.ToDateTimeOffset(_microseconds);

    /// <summary>The event's position in the log.</summary>
    public LogPosition Position => new(_position);

    /// <summary>Event time, in microseconds since the Unix epoch.</summary>
    internal long Microseconds => _microseconds;

    /// <summary>Event time and position in one number that sorts by time first: <c>time * 2^64 + position</c>.</summary>
    internal Int128 Order => new(unchecked((ulong)_microseconds), (ulong)_position);
}
