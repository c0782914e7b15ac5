using LambdaCore.Log;
using LambdaCore.Serving;
using LambdaCore.Speed;

namespace LambdaCore;

/// <summary>Takes the log's groups into the speed layer, and tells those who wait how far it has come.</summary>
/// <typeparam name="TEvent">The event type.</typeparam>
/// <param name="speed">The speed layer.</param>
/// <param name="progress">Tells those who wait.</param>
/// <param name="applied">Called after each group.</param>
internal sealed class SpeedConsumer<TEvent>(SpeedLayer<TEvent> speed, Progress progress, Action applied) : IGroupConsumer<TEvent>
{
    /// <inheritdoc/>
    public void Apply(ReadOnlySpan<TEvent> events, ReadOnlySpan<long> times, LogPosition first, long ingestedAt)
    {
        speed.Apply(events, times, first);
        long highest = long.MinValue;
        foreach (long time in times)
        {
            highest = Math.Max(highest, time);
        }

        progress.Advance(first.Plus(events.Length), highest, ingestedAt);
        applied();
    }

    /// <inheritdoc/>
    public void Stop(Exception reason) => progress.Stop(reason);
}
