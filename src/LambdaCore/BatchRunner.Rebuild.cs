using LambdaCore.Batch;
using LambdaCore.Log;
using LambdaCore.Serving;

namespace LambdaCore;

/// <content>Rebuilds: what was computed beside the views takes its place between two batch runs.</content>
internal sealed partial class BatchRunner<TEvent>
{
    /// <summary>Completes the new layers of a view by what has come meanwhile, and swaps all layers of the view for them, as the only thing that changes layers.</summary>
    /// <param name="view">The view.</param>
    /// <param name="rebuild">The new layers.</param>
    /// <param name="cancellationToken">Stops it; the view answers as before then.</param>
    /// <returns>False if events were rewritten since they were computed, so that there is more to compute first.</returns>
    /// <exception cref="ObjectDisposedException">The store is being closed.</exception>
    public Task<bool> SwapAsync(ServedView<TEvent> view, RebuildComputation rebuild, CancellationToken cancellationToken) =>
        AloneAsync(async () =>
        {
            LogPosition end = await log.SealAsync(speed.OpenGeneration, cancellationToken).ConfigureAwait(false);
            if (rebuild.DropStale(end))
            {
                return false;
            }

            rebuild.Extend(end, cancellationToken);
            if (rebuild.Prepared.Count > 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                Hand([.. ArchivesOf(view), .. view.Batch.Publish(rebuild)], view);
            }

            return true;
        }, cancellationToken);

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
