using LambdaCore.Batch;
using LambdaCore.Log;
using LambdaCore.Serving;

namespace LambdaCore.Running;

/// <content>Rebuilds: what was computed beside the views takes its place between two batch runs.</content>
internal sealed partial class BatchRunner<TEvent>
{
    /// <summary>Completes the new layers of a view by what has come meanwhile, and swaps all layers of the view for them, as the only thing that changes layers.</summary>
    /// <param name="view">The view.</param>
    /// <param name="rebuild">The new layers.</param>
    /// <param name="cancellationToken">Stops it; the view answers as before then.</param>
    /// <returns>The layers before and after; null if events were rewritten since the new ones were computed, so that there is more to compute first.</returns>
    /// <exception cref="ObjectDisposedException">The store is being closed.</exception>
    public Task<SwappedLayers?> SwapAsync(ServedView<TEvent> view, RebuildComputation rebuild, CancellationToken cancellationToken) =>
        AloneAsync(async () =>
        {
            ServingSnapshot? old = await CatchUpAloneAsync(view, rebuild, cancellationToken).ConfigureAwait(false);
            if (old is null)
            {
                return null;
            }

            LogPosition end = rebuild.PreparedEnd;
            try
            {
                if (rebuild.Prepared.Count > 0)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    Hand([.. ArchivesOf(view), .. view.Batch.Publish(rebuild)], view);
                }

                return new SwappedLayers(end, old, view.Hold());
            }
            catch
            {
                old.Release();
                throw;
            }
        }, cancellationToken);

    /// <summary>Brings the layers of a view that serve, and those that are to take their place, up to the same position, so that they can be compared.</summary>
    /// <returns>The layers that serve, held for the caller; null if events were rewritten since the new ones were computed.</returns>
    public Task<ServingSnapshot?> CatchUpAsync(ServedView<TEvent> view, RebuildComputation rebuild, CancellationToken cancellationToken) =>
        AloneAsync(() => CatchUpAloneAsync(view, rebuild, cancellationToken), cancellationToken);

    private async Task<ServingSnapshot?> CatchUpAloneAsync(ServedView<TEvent> view, RebuildComputation rebuild, CancellationToken cancellationToken)
    {
        LogPosition end = await log.SealAsync(speed.OpenGeneration, cancellationToken).ConfigureAwait(false);
        TakeOver(view);
        if (rebuild.DropStale(end) || (rebuild.Prepared.Count == 0 && rebuild.ComputedEnd > rebuild.Start))
        {
            return null;
        }

        if (rebuild.Order.Kind == RebuildKind.Reprocessing && view.Snapshot.Revision != log.Revision)
        {
            // A failure is the next batch run's to report; the new layers do not depend on the old ones.
            _ = _healer.Heal(rewrite: null, TakeOver, ProgressReporter.None, cancellationToken);
        }

        if (rebuild.Order.Kind == RebuildKind.Reprocessing && view.Snapshot.Revision == log.Revision)
        {
            using RollUpSources<TEvent> sources = new(views, log.Revision);
            _ = Run(view, BatchMode.Incremental, end, sources, ProgressReporter.None, cancellationToken);
        }

        rebuild.Extend(end, cancellationToken);
        return view.Hold();
    }

    /// <summary>Does something while no batch run is at work.</summary>
    /// <exception cref="ObjectDisposedException">The store is being closed.</exception>
    public async Task<T> AloneAsync<T>(Func<Task<T>> work, CancellationToken cancellationToken)
    {
        await _running.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ThrowIfClosing();
            return await Task.Run(work, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _running.Release();
        }
    }

    /// <summary>Hands all layers to a view, and closes those new ones that the view does not take.</summary>
    private static void Hand(IReadOnlyList<BatchView> layers, ServedView<TEvent> view)
    {
        IReadOnlyList<BatchView> before = view.Snapshot.Batches;
        try
        {
            view.Replace(layers);
        }
        finally
        {
            foreach (BatchView layer in layers.Except(view.Snapshot.Batches).Except(before))
            {
                layer.Release();
            }
        }
    }
}

/// <summary>The layers of a view before and after a swap, over the same events; held until this is disposed.</summary>
/// <param name="End">Where both end.</param>
/// <param name="Old">Before.</param>
/// <param name="New">After.</param>
internal sealed record SwappedLayers(LogPosition End, ServingSnapshot Old, ServingSnapshot New) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose()
    {
        Old.Release();
        New.Release();
    }
}
