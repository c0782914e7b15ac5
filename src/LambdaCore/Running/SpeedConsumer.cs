using LambdaCore.Log;
using LambdaCore.Serving;
using LambdaCore.Speed;

namespace LambdaCore.Running;

/// <summary>Takes the log's groups into the speed layer, and tells those who wait how far it has come.</summary>
/// <typeparam name="TEvent">The event type.</typeparam>
/// <param name="speed">The speed layer.</param>
/// <param name="progress">Tells those who wait.</param>
/// <param name="applied">Called after each group.</param>
internal sealed class SpeedConsumer<TEvent>(SpeedLayer<TEvent> speed, Progress progress, Action applied) : IGroupConsumer<TEvent>
{
    /// <inheritdoc/>
    public void Apply(in DurableGroup<TEvent> group)
    {
        LogPosition end = group.First.Plus(group.Events.Length);
        progress.Announce(end, group.Tally);
        speed.Apply(group.Events, group.Times, group.First, group.Skipped);
        progress.Advance(end, group.IngestedAt);
        applied();
    }

    /// <inheritdoc/>
    public void Stop(Exception reason) => progress.Stop(reason);
}
