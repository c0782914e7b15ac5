using LambdaCore.Batch;
using LambdaCore.Diagnostics;
using LambdaCore.Log;
using LambdaCore.Serving;
using Microsoft.Extensions.Logging;

namespace LambdaCore.Running;

/// <summary>A view that was to follow the log to its new revision.</summary>
/// <param name="View">The view's name.</param>
/// <param name="Keys">How many keys were computed anew, in all its layers.</param>
/// <param name="Elapsed">How long it took.</param>
/// <param name="Error">What went wrong, so that it answers as before; null if nothing did.</param>
internal readonly record struct HealedView(string View, long Keys, TimeSpan Elapsed, Exception? Error);

/// <summary>
/// Brings views whose batch layers are of an older revision of the log's content up to the one now, and layers that are damaged back. First the new layers of
/// all views are written, then each view's are committed, then all views swap theirs in one moment. Not thread-safe: whoever calls it runs no batch meanwhile.
/// </summary>
/// <typeparam name="TEvent">The event type.</typeparam>
/// <param name="log">The log.</param>
/// <param name="context">What batch views share.</param>
/// <param name="views">All views.</param>
/// <param name="logger">Logs.</param>
internal sealed class ViewHealer<TEvent>(EventLog<TEvent> log, BatchContext context, IReadOnlyList<ServedView<TEvent>> views, ILogger logger)
{
    /// <summary>Brings all views up to the log's revision.</summary>
    /// <param name="rewrite">The rewrite that made this revision of the one before, and that one; null if it is not at hand.</param>
    /// <param name="takeOver">Serves what a view's table has, healed, where that is not what is served: a commit whose fate was unknown has changed it.</param>
    /// <param name="progress">Is told how far it is.</param>
    /// <param name="cancellationToken">Stops it before the first commit; nothing is changed then.</param>
    /// <returns>What became of each view that was not at that revision.</returns>
    public IReadOnlyList<HealedView> Heal(
        (PreparedRewrite Rewrite, long Before)? rewrite, Action<ServedView<TEvent>> takeOver, ProgressReporter progress, CancellationToken cancellationToken)
    {
        ServedView<TEvent>[] stale = [.. views.Where(v => v.Snapshot.Revision != log.Revision)];
        if (stale.Length == 0)
        {
            return [];
        }

        using RevisionChanges changes = ChangesFor(stale);
        if (rewrite is { } known)
        {
            changes.Know(known.Before, known.Rewrite);
        }

        Dictionary<ServedView<TEvent>, HealedView> healed = stale.ToDictionary(v => v, v => new HealedView(v.Plan.Name, 0, default, null));
        List<(ServedView<TEvent> View, PatchedLayers Patched)> patched = [];
        try
        {
            foreach (ServedView<TEvent> view in stale)
            {
                Try(view, () =>
                {
                    if (view.Batch.Has(view.Snapshot.Batches))
                    {
                        patched.Add((view, view.Batch.Patch(view.Snapshot.Batches, [], changes, progress, cancellationToken)));
                    }
                    else
                    {
                        takeOver(view);
                    }
                });
            }

            List<(ServedView<TEvent> View, IReadOnlyList<BatchView> Layers)> published = [];
            foreach ((ServedView<TEvent> view, PatchedLayers layers) in patched)
            {
                Try(view, () => published.Add((view, view.Batch.Publish(layers, progress))));
                healed[view] = healed[view] with { Keys = layers.Keys };
            }

            Swap(published);
        }
        finally
        {
            patched.ForEach(p => p.Patched.Dispose());
        }

        return [.. stale.Select(v => healed[v])];

        void Try(ServedView<TEvent> view, Action heal)
        {
            long started = context.Clock.GetTimestamp();
            try
            {
                heal();
                healed[view] = healed[view] with { Elapsed = healed[view].Elapsed + context.Clock.GetElapsedTime(started) };
            }
            catch (Exception error) when (error is not OperationCanceledException)
            {
                LogMessages.BatchViewNotHealed(logger, error, view.Plan.Name, view.Snapshot.Revision, log.Revision);
                healed[view] = healed[view] with { Error = error };
            }
        }
    }

    /// <summary>Computes a damaged layer anew, and brings the others, which the view's table still has, up to the log's revision if they are not.</summary>
    public void Repair(ServedView<TEvent> view, BatchView damaged, LookupDamagedException damage)
    {
        LogMessages.BatchLayerDiscarded(logger, view.Plan.Name, damaged.Range.ToString(), damage);
        using RevisionChanges changes = ChangesFor([view]);
        using PatchedLayers patched = view.Batch.Patch(
            [.. view.Snapshot.Batches.Where(l => l != damaged)], [damaged.Range], changes, ProgressReporter.None, CancellationToken.None);
        Swap([(view, view.Batch.Publish(patched, ProgressReporter.None))]);
    }

    /// <summary>Hands layers to their views, and closes those that a view does not take.</summary>
    private static void Swap(List<(ServedView<TEvent> View, IReadOnlyList<BatchView> Layers)> published)
    {
        BatchView[] served = [.. published.SelectMany(p => p.View.Snapshot.Batches)];
        try
        {
            ServedView<TEvent>.ReplaceAll(published);
        }
        finally
        {
            foreach ((ServedView<TEvent> view, IReadOnlyList<BatchView> layers) in published)
            {
                foreach (BatchView layer in layers.Except(served).Except(view.Snapshot.Batches))
                {
                    layer.Release();
                }
            }
        }
    }

    private RevisionChanges ChangesFor(IEnumerable<ServedView<TEvent>> healed) =>
        new(context, [.. healed.SelectMany(v => v.Plan.ColumnsRead(context.EventTimeColumn)).Distinct()]);
}
