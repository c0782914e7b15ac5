using LambdaCore.Tables;

namespace LambdaCore;

/// <content>Retention of raw events, and views that are dropped.</content>
public sealed partial class LambdaStore<TEvent>
{
    /// <summary>
    /// The first position whose raw event the store may still have; zero until <see cref="Retention"/> removes events. Corrections, erasures, new definitions and full batches reach
    /// no event before it. Views that were there before count those events all the same; a view that is added later counts from here.
    /// </summary>
    public LogPosition RawStart => _parts.Log.RawStart;

    /// <summary>
    /// Applies <see cref="LambdaStoreOptions{TEvent}.Retention"/> now; each batch run does so as well. The oldest segments leave the master dataset in one commit,
    /// after every view has an archive layer with its states of them. Answers stay as they are.
    /// </summary>
    /// <remarks>
    /// Only segments whose events every view's batch covers. If a view still needs events that would go, nothing goes: see <see cref="RetentionRun.WaitsFor"/>. If it
    /// fails, nothing has gone, and the next call goes on.
    /// </remarks>
    /// <param name="cancellationToken">Stops it before the commit.</param>
    /// <returns>What was done.</returns>
    /// <exception cref="LogCorruptException">A segment is damaged; the message names it.</exception>
    /// <exception cref="StorageException">The disk failed.</exception>
    public Task<RetentionRun> ApplyRetentionAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfDisposed();
        return _parts.Batches.ApplyRetentionAsync(cancellationToken);
    }

    /// <summary>Deletes the files of a view that the store has, but was not opened with (<see cref="Describe"/> lists them).</summary>
    /// <remarks>
    /// The view can be added again: then it is computed anew from the raw events that are left, from <see cref="RawStart"/> on. What its archive layer knew of earlier events is lost.
    /// Does nothing if there is no such view.
    /// </remarks>
    /// <param name="name">The view's name.</param>
    /// <param name="cancellationToken">Stops waiting for a batch run.</param>
    /// <exception cref="ArgumentException">The store was opened with this view.</exception>
    /// <exception cref="StorageException">The disk failed. Call it again.</exception>
    public Task DropViewAsync(string name, CancellationToken cancellationToken = default)
    {
        ThrowIfDisposed();
        _ = ViewFolder.NameOf(name);
        return _parts.Views.Any(v => string.Equals(v.Plan.Name, name, StringComparison.OrdinalIgnoreCase))
            ? throw new ArgumentException($"The view '{name}' cannot be dropped, because the store was opened with it. Close the store and open it without the view.", nameof(name))
            : _parts.Batches.DropViewAsync(name, () => ViewFolder.Delete(_parts.Storage, name), cancellationToken);
    }
}
