using LambdaCore.Batch;
using LambdaCore.Log;
using LambdaCore.Serving;

namespace LambdaCore.Running;

/// <content>Changes of events that are in the log already, while no batch runs.</content>
internal sealed partial class BatchRunner<TEvent>
{
    /// <summary>
    /// Rewrites sealed events after a batch has covered them, so that the speed layer holds only events behind those that change; and lets every view follow, all in one
    /// moment.
    /// </summary>
    /// <param name="rewrite">Given the end of the events that every view's batch covers, prepares and commits a rewrite of events before it.</param>
    /// <param name="cancellationToken">Stops the batch. What comes after the commit comes to its end.</param>
    /// <returns>What became of each view. One that has failed answers for the revision before, until the next batch run.</returns>
    public Task<IReadOnlyList<ChangedView>> RewriteAsync(Func<LogPosition, Task<PreparedRewrite>> rewrite, CancellationToken cancellationToken) =>
        AfterBatchAsync(
            async end =>
            {
                long before = log.Revision;
                ReadUncoveredFromLog(end);
                using PreparedRewrite prepared = await rewrite(end).ConfigureAwait(false);
                return log.Revision == before ? [] : Follow((prepared, before));
            },
            cancellationToken);

    /// <summary>Says what a rewrite would make of the views' rows. Only within <see cref="AfterBatchAsync{T}(Func{LogPosition, T}, CancellationToken)"/>.</summary>
    public IReadOnlyList<ViewComparison> Preview(PreparedRewrite rewrite, CancellationToken cancellationToken) =>
        rewrite.Segments.Count == 0 ? [] : new ViewPreview<TEvent>(context, views, Repair).Of(rewrite, cancellationToken);

    /// <summary>Runs a batch, and then something that no other batch may come before.</summary>
    /// <param name="then">Given the end of the events that every view's batch covers.</param>
    /// <param name="cancellationToken">Stops the batch.</param>
    public Task<T> AfterBatchAsync<T>(Func<LogPosition, T> then, CancellationToken cancellationToken) =>
        AfterBatchAsync(end => Task.FromResult(then(end)), cancellationToken);

    private async Task<T> AfterBatchAsync<T>(Func<LogPosition, Task<T>> then, CancellationToken cancellationToken)
    {
        await _running.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ThrowIfClosing();
            return await Task.Run(
                async () =>
                {
                    // What is there when a change is asked for must not have gone before it is made.
                    BatchRun run = await RunReportingAsync(BatchMode.Incremental, progress: null, cancellationToken, retains: false).ConfigureAwait(false);
                    return await then(run.End).ConfigureAwait(false);
                },
                cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _running.Release();
        }
    }

    /// <summary>Lets views that are computed in the background read in the log what may change, as the speed layer would keep it as it was.</summary>
    private void ReadUncoveredFromLog(LogPosition end)
    {
        foreach (ServedView<TEvent> view in views.Where(v => v.Snapshot.End < end))
        {
            view.ReadFromLog(end);
        }
    }

    /// <summary>Lets the views follow a change that is made, whatever becomes of it.</summary>
    private IReadOnlyList<ChangedView> Follow((PreparedRewrite, long)? rewrite)
    {
        IReadOnlyList<HealedView> healed;
        try
        {
            healed = _healer.Heal(rewrite, TakeOver, ProgressReporter.None, CancellationToken.None);
        }
        catch (Exception error)
        {
            healed = [.. views.Where(v => v.Snapshot.Revision != log.Revision).Select(v => new HealedView(v.Plan.Name, 0, default, error))];
        }

        if (healed.FirstOrDefault(v => v.Error is not null) is { Error: { } first })
        {
            Health.Failed(first);
        }

        return [.. healed.Select(v => new ChangedView(v.View, v.Keys, v.Elapsed, v.Error?.Message))];
    }
}
