namespace LambdaCore.Log;

/// <summary>Takes in the groups of events that the log has made durable, one after another.</summary>
/// <typeparam name="TEvent">The event type.</typeparam>
internal interface IGroupConsumer<TEvent>
{
    /// <summary>Takes in a group: all of it becomes visible to readers at once.</summary>
    /// <param name="events">The events.</param>
    /// <param name="times">Their event times, in microseconds since the Unix epoch.</param>
    /// <param name="first">The position of the first; the others follow.</param>
    /// <param name="ingestedAt">When the group was appended, in microseconds since the Unix epoch.</param>
    void Apply(ReadOnlySpan<TEvent> events, ReadOnlySpan<long> times, LogPosition first, long ingestedAt);

    /// <summary>Learns that no more groups will come, since an error stopped the log.</summary>
    void Stop(Exception reason);
}
