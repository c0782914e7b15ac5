using LambdaCore.Diagnostics;
using LambdaCore.Log;
using LambdaCore.Serving;
using LambdaCore.Storage;
using Microsoft.Extensions.Logging;

namespace LambdaCore.Running;

/// <summary>Makes files fewer: deletes those that nothing needs, and writes small segments into one. While no batch runs.</summary>
/// <typeparam name="TEvent">The event type.</typeparam>
/// <param name="storage">The disk.</param>
/// <param name="log">The log.</param>
/// <param name="batches">Gives the turn.</param>
/// <param name="views">All views.</param>
/// <param name="timeTravelWindow">How long a file stays by default after it left the log.</param>
/// <param name="clock">Tells the time.</param>
/// <param name="logger">Logs.</param>
internal sealed class StoreMaintenance<TEvent>(
    IStorage storage, EventLog<TEvent> log, BatchRunner<TEvent> batches, IReadOnlyList<ServedView<TEvent>> views, TimeSpan timeTravelWindow, TimeProvider clock, ILogger logger)
{
    /// <inheritdoc cref="LambdaStore{TEvent}.VacuumAsync"/>
    public Task<VacuumReceipt> VacuumAsync(TimeSpan? keep, CancellationToken cancellationToken) => batches.AloneAsync(
        async () =>
        {
            TableVacuum vacuum = new(storage, clock.GetUtcNow(), keep ?? timeTravelWindow);
            await log.VacuumAsync(vacuum, cancellationToken).ConfigureAwait(false);
            foreach (ServedView<TEvent> view in views)
            {
                (int files, long bytes) = view.Batch.Vacuum();
                vacuum.Add(files, bytes);
            }

            LogMessages.Vacuumed(logger, vacuum.Files, vacuum.Bytes, vacuum.Remaining.Count);
            (long version, DateTimeOffset since) = log.OldestWhole;
            return new VacuumReceipt(vacuum.Files, vacuum.Bytes, version, since, vacuum.Remaining);
        },
        cancellationToken);

    /// <inheritdoc cref="LambdaStore{TEvent}.CompactAsync"/>
    public Task<CompactionReceipt> CompactAsync(CancellationToken cancellationToken) => batches.AloneAsync(
        async () =>
        {
            int before = log.SegmentCount;
            await log.CompactAsync(all: true, cancellationToken).ConfigureAwait(false);
            return new CompactionReceipt(before, log.SegmentCount);
        },
        cancellationToken);
}
