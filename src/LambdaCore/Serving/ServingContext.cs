using LambdaCore.Batch;
using LambdaCore.Speed;
using LambdaCore.Values;

namespace LambdaCore.Serving;

/// <summary>What all views of an open store share.</summary>
/// <typeparam name="TEvent">The event type.</typeparam>
/// <param name="Speed">The speed layer.</param>
/// <param name="Progress">How far it has come.</param>
/// <param name="Acknowledged">Tells the end of what was acknowledged.</param>
/// <param name="SealedTally">What the times of the events up to the end of a batch came to.</param>
/// <param name="Repair">Computes a layer of a view's batch anew, since its file is damaged.</param>
/// <param name="LastBatchFailed">Tells whether the last batch run failed.</param>
/// <param name="Clock">Tells the time, for staleness.</param>
/// <param name="EventTimeColumn">The property of event time.</param>
internal sealed record ServingContext<TEvent>(
    SpeedLayer<TEvent> Speed,
    Progress Progress,
    Func<LogPosition> Acknowledged,
    Func<LogPosition, EventTimeTally> SealedTally,
    Func<ServedView<TEvent>, LookupDamagedException, Task> Repair,
    Func<bool> LastBatchFailed,
    TimeProvider Clock,
    string EventTimeColumn)
{
    /// <summary>Tells the end of the events of which none waits to amend others.</summary>
    public required Func<LogPosition> AmendedEnd { get; init; }

    /// <summary>Waits until the speed layer has come as far as a consistency asks for.</summary>
    public ValueTask WaitAsync(Consistency consistency, CancellationToken cancellationToken) =>
        consistency.IsApplied ? default : Progress.WaitAsync(LogPosition.Max(Acknowledged(), consistency.Position), cancellationToken);
}
