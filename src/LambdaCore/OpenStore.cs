using LambdaCore.Changes;
using LambdaCore.DuckDb;
using LambdaCore.Log;
using LambdaCore.Rebuilds;
using LambdaCore.Running;
using LambdaCore.Serving;
using LambdaCore.Speed;
using LambdaCore.Storage;
using Microsoft.Extensions.Logging;

namespace LambdaCore;

/// <summary>The parts of an open store, and the order in which they close.</summary>
/// <typeparam name="TEvent">The event type.</typeparam>
internal sealed class OpenStore<TEvent>
{
    /// <summary>Where the store lives.</summary>
    public required string Folder { get; init; }

    /// <summary>The lock on the folder.</summary>
    public required IDisposable FolderLock { get; init; }

    /// <summary>The disk.</summary>
    public required IStorage Storage { get; init; }

    /// <summary>Tells the names of the views that the store has, but was not opened with.</summary>
    public required Func<IReadOnlyList<string>> ClosedViews { get; init; }

    /// <summary>DuckDB.</summary>
    public required DuckDbEngine DuckDb { get; init; }

    /// <summary>The log.</summary>
    public required EventLog<TEvent> Log { get; init; }

    /// <summary>The speed layer.</summary>
    public required SpeedLayer<TEvent> Speed { get; init; }

    /// <summary>How far the speed layer has come.</summary>
    public required Progress Progress { get; init; }

    /// <summary>Runs batches.</summary>
    public required BatchRunner<TEvent> Batches { get; init; }

    /// <summary>Erases events.</summary>
    public required LogErasure<TEvent> Erasure { get; init; }

    /// <summary>Makes files fewer.</summary>
    public required StoreMaintenance<TEvent> Maintenance { get; init; }

    /// <summary>Makes other stores of this one.</summary>
    public required StoreFork<TEvent> Fork { get; init; }

    /// <summary>Changes events that are in the log already.</summary>
    public required LogChanges<TEvent> Changes { get; init; }

    /// <summary>Runs batches by themselves; null if they run by hand only.</summary>
    public required BatchScheduler<TEvent>? Scheduler { get; init; }

    /// <summary>Computes views anew in the background.</summary>
    public required RebuildWorker<TEvent> Rebuilds { get; init; }

    /// <summary>The views, in the order of the options.</summary>
    public required IReadOnlyList<ServedView<TEvent>> Views { get; init; }

    /// <summary>The views by name.</summary>
    public required IReadOnlyDictionary<string, ServedView<TEvent>> ViewsByName { get; init; }

    /// <summary>Tells the time.</summary>
    public required TimeProvider Clock { get; init; }

    /// <summary>Logs.</summary>
    public required ILogger Logger { get; init; }

    /// <summary>The store in words: see <see cref="LambdaStore{TEvent}.Describe"/>.</summary>
    public required string Description { get; init; }

    /// <summary>Closes the store: first what takes events in, last the lock.</summary>
    public async ValueTask CloseAsync()
    {
        if (Scheduler is not null)
        {
            await Scheduler.DisposeAsync().ConfigureAwait(false);
        }

        await Rebuilds.DisposeAsync().ConfigureAwait(false);
        Batches.Dispose();
        try
        {
            await Log.DisposeAsync().ConfigureAwait(false);
        }
        finally
        {
            Progress.Stop(new ObjectDisposedException("LambdaStore", "The store was closed."));
            try
            {
                Speed.Dispose();
            }
            finally
            {
                foreach (ServedView<TEvent> view in Views)
                {
                    view.Close();
                }

                DuckDb.Dispose();
                FolderLock.Dispose();
            }
        }
    }
}
