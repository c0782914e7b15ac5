using LambdaCore.Batch;
using LambdaCore.Log;
using LambdaCore.Serving;

namespace LambdaCore;

/// <content>Changes of events that are in the log already, while no batch runs.</content>
internal sealed partial class BatchRunner<TEvent>
{
    /// <summary>Rewrites sealed events after a batch has covered them, and computes the views anew.</summary>
    /// <param name="rewrite">Given the end of the events that every view's batch covers, prepares and commits a rewrite of events before it.</param>
    /// <param name="cancellationToken">Stops the batch.</param>
    /// <returns>What became of each view.</returns>
    public Task<IReadOnlyList<ChangedView>> RewriteAsync(Func<LogPosition, Task<PreparedRewrite>> rewrite, CancellationToken cancellationToken) =>
        AfterBatchAsync(
            async end =>
            {
                using PreparedRewrite prepared = await rewrite(end).ConfigureAwait(false);
                return prepared.Events == 0 ? [] : (IReadOnlyList<ChangedView>)[.. views.Select(ComputeAnew)];
            },
            cancellationToken);

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
                    BatchRun run = await RunReportingAsync(BatchMode.Incremental, progress: null, cancellationToken).ConfigureAwait(false);
                    return await then(run.End).ConfigureAwait(false);
                },
                cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _running.Release();
        }
    }

    private ChangedView ComputeAnew(ServedView<TEvent> view)
    {
        long started = clock.GetTimestamp();
        BatchView[] archives = ArchivesOf(view);
        BatchView whole = view.Batch.Compute(archives, new LogRange(log.RawStart, view.Snapshot.End), ProgressReporter.None, CancellationToken.None);
        Hand(whole, view, () => view.Replace([.. archives, whole]));
        return new ChangedView(view.Plan.Name, whole.Keys, clock.GetElapsedTime(started));
    }
}
