using LambdaCore.Batch;
using LambdaCore.Diagnostics;
using LambdaCore.Serving;
using LambdaCore.Tables;

namespace LambdaCore.Running;

/// <content>
/// Retention: first every view has a layer that ends at the new raw start, durably; only then do the segments leave the log, and the layers before it are archive layers from then on. A crash in
/// between leaves layers of events that are still there, like all others.
/// </content>
internal sealed partial class BatchRunner<TEvent>
{
    /// <summary>How long raw events stay.</summary>
    public required Retention Retention { private get; init; }

    /// <summary>Tells the names of the views that the store has, but was not opened with.</summary>
    public required Func<IReadOnlyList<string>> ClosedViews { private get; init; }

    /// <summary>Applies the retention.</summary>
    /// <exception cref="ObjectDisposedException">The store was closed before.</exception>
    public Task<RetentionRun> ApplyRetentionAsync(CancellationToken cancellationToken) =>
        AloneAsync(() => RetainAsync(cancellationToken), cancellationToken);

    /// <summary>Deletes the files of a view that the store was not opened with.</summary>
    public Task DropViewAsync(string viewName, Action delete, CancellationToken cancellationToken) =>
        AloneAsync(
            () =>
            {
                // As long as the log says that the view has an archive layer, what a crash leaves of it is not taken for whole.
                delete();
                log.MoveArchive(ViewFolder.NameOf(viewName), null);
                return Task.FromResult(true);
            },
            cancellationToken);

    private async Task<RetentionRun> RetainAsync(CancellationToken cancellationToken)
    {
        long started = clock.GetTimestamp();
        LogPosition start = log.RawStart;
        LogPosition end = log.RetentionEnd(Retention, CoveredEnd);
        if (end == start)
        {
            return new RetentionRun(start, 0, 0, 0, [], clock.GetElapsedTime(started));
        }

        // Whoever orders a view anew wants it anew from the first event on, and a view that has not followed a change of the log needs the events to do so.
        string[] waits = [.. ClosedViews(), .. views.Where(v => v.IsRebuilding || v.Snapshot.Revision != log.Revision || v.Batch.RebuildFolder.Order() is not null).Select(v => v.Plan.Name)];
        if (waits.Length > 0)
        {
            LogMessages.RetentionWaits(logger, string.Join(", ", waits));
            return new RetentionRun(start, 0, 0, 0, waits, clock.GetElapsedTime(started));
        }

        foreach (ServedView<TEvent> view in views)
        {
            cancellationToken.ThrowIfCancellationRequested();
            TakeOver(view);
            if (view.Batch.Archive(view.Snapshot.Batches, end, ProgressReporter.None, cancellationToken) is { } layers)
            {
                Hand(layers, view);
            }
        }

        IReadOnlyList<DeltaFile> removed = await log.RetainAsync(
            end,
            views.Where(v => v.Snapshot.Start < end).Select(v => KeyValuePair.Create(v.Batch.FolderName, v.Snapshot.Start)),
            cancellationToken).ConfigureAwait(false);
        return new RetentionRun(end, end.Value - start.Value, removed.Count, removed.Sum(f => f.Size), [], clock.GetElapsedTime(started));
    }

    /// <summary>
    /// Serves what a view's table has, if that is not what is served: a commit whose fate was unknown has changed it. What the table lacks is computed.
    /// </summary>
    private void TakeOver(ServedView<TEvent> view)
    {
        if (view.Batch.Has(view.Snapshot.Batches))
        {
            return;
        }

        List<BatchView> layers = [.. view.Batch.Load(log.SealedEnd)];
        LogPosition end = layers.Count == 0 ? log.RawStart : layers[^1].Range.End;
        try
        {
            if (end < view.Snapshot.End)
            {
                layers.Add(view.Batch.Compute(layers, new LogRange(end, view.Snapshot.End), ProgressReporter.None, CancellationToken.None));
            }
        }
        catch
        {
            layers.ForEach(layer => layer.Release());
            throw;
        }

        Hand(layers, view);
    }

    /// <summary>The layers of a view that no run computes anew.</summary>
    private BatchView[] ArchivesOf(ServedView<TEvent> view) => [.. view.Snapshot.Batches.Where(l => l.Range.Start < log.RawStart)];
}
