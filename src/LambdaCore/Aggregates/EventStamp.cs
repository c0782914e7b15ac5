namespace LambdaCore.Aggregates;

/// <summary>Where an event stands: in event time, and among events of the same time in the log.</summary>
/// <param name="Time">Event time, in microseconds since the Unix epoch.</param>
/// <param name="Position">Log position, from 0.</param>
internal readonly record struct EventStamp(long Time, long Position)
{
    /// <summary>Event time and position in one number that sorts by time first: <c>time * 2^64 + position</c>.</summary>
    public Int128 Order => new(unchecked((ulong)Time), (ulong)Position);
}
