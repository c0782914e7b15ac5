namespace LambdaCore.Log;

/// <summary>Takes in the groups of events that the log has made durable, one after another.</summary>
/// <typeparam name="TEvent">The event type.</typeparam>
internal interface IGroupConsumer<TEvent>
{
    /// <summary>Takes in a group: all of it becomes visible to readers at once.</summary>
    void Apply(in DurableGroup<TEvent> group);

    /// <summary>Learns that no more groups will come, since an error stopped the log.</summary>
    void Stop(Exception reason);
}
