using LambdaCore.Batch;
using LambdaCore.Diagnostics;
using LambdaCore.Log;
using LambdaCore.Serving;
using LambdaCore.Speed;
using Microsoft.Extensions.Logging;

namespace LambdaCore;

/// <summary>
/// Runs batches, one at a time: the speed layer begins a new generation at the end of a group, the log is sealed up to there, and each
/// view's batch view is computed and swapped in. Until its swap a view answers as before, and if something fails it goes on so.
/// </summary>
/// <typeparam name="TEvent">The event type.</typeparam>
internal sealed class BatchRunner<TEvent>(
    EventLog<TEvent> log, SpeedLayer<TEvent> speed, IReadOnlyList<ServedView<TEvent>> views, TimeProvider clock, ILogger logger) : IDisposable
{
    private readonly SemaphoreSlim _running = new(1);
    private volatile bool _closing;

    /// <summary>Whether the last run that came to an end failed; one that was cancelled does not count, nor does one of an earlier opening.</summary>
    public bool LastRunFailed => Health.Status.ConsecutiveFailures > 0;

    /// <summary>Called with each run that succeeded and the timestamp of its beginning, before another can begin.</summary>
    public event Action<BatchRun, long>? Succeeded;

    /// <summary>How runs have fared.</summary>
    public BatchHealth Health { get; } = new(clock);

    /// <summary>The end of the events that every view's batch views cover; where there are no views, the end of the master dataset.</summary>
    public LogPosition CoveredEnd
    {
        get
        {
            LogPosition covered = views.Count == 0 ? log.SealedEnd : views[0].Snapshot.End;
            for (int i = 1; i < views.Count; i++)
            {
                covered = LogPosition.Min(covered, views[i].Snapshot.End);
            }

            return covered;
        }
    }

    /// <summary>When the views' batch views were last computed, the oldest of them; null if one has none yet.</summary>
    public DateTimeOffset? ComputedAt =>
        views.Count == 0 || views.Any(v => v.Snapshot.Batches.Count == 0) ? null : views.Min(v => v.Snapshot.Batches[^1].ComputedAt);

    /// <summary>Recomputes every view from the master dataset, up to the events applied so far.</summary>
    /// <exception cref="ObjectDisposedException">The store was closed before the run began.</exception>
    public async Task<BatchRun> RunAsync(CancellationToken cancellationToken)
    {
        await _running.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ThrowIfClosing();
            return await Task.Run(() => RunReportingAsync(cancellationToken), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _running.Release();
        }
    }

    /// <summary>Sees to it that the batch views cover all events before a position: runs a batch, unless one has covered them when its turn comes.</summary>
    /// <exception cref="ObjectDisposedException">The store was closed before the run began.</exception>
    public async Task CoverAsync(LogPosition end, CancellationToken cancellationToken)
    {
        await _running.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ThrowIfClosing();
            if (CoveredEnd < end)
            {
                await Task.Run(() => RunReportingAsync(cancellationToken), cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            _running.Release();
        }
    }

    /// <summary>Computes one view's batch view anew, over the same events, because its file is damaged.</summary>
    /// <param name="view">The view.</param>
    /// <param name="damage">What a reader has found.</param>
    public async Task RepairAsync(ServedView<TEvent> view, Exception damage)
    {
        ServingSnapshot damaged = view.Snapshot;
        await _running.WaitAsync().ConfigureAwait(false);
        try
        {
            ThrowIfClosing();
            if (view.Snapshot == damaged)
            {
                LogMessages.BatchViewDiscarded(logger, view.Plan.Name, "its lookup file is damaged", damage);
                await Task.Run(() => Rebuild(view, log.Segments(new LogRange(LogPosition.Zero, damaged.End)), damaged.End, CancellationToken.None)).ConfigureAwait(false);
            }
        }
        finally
        {
            _running.Release();
        }
    }

    /// <summary>Waits for a run to end and lets no other begin: who waits for its turn is refused.</summary>
    public void Dispose()
    {
        // The semaphore itself stays: disposing it would leave those in its queue there for ever.
        _closing = true;
        _running.Wait();
        _running.Release();
    }

    private void ThrowIfClosing()
    {
        if (_closing)
        {
            throw new ObjectDisposedException("LambdaStore", "The store was closed before the batch began. Nothing was changed.");
        }
    }

    private async Task<BatchRun> RunReportingAsync(CancellationToken cancellationToken)
    {
        Health.Begun();
        long startedAt = clock.GetTimestamp();
        try
        {
            BatchRun run = await RunAloneAsync(cancellationToken).ConfigureAwait(false);
            Health.Succeeded(run);
            Succeeded?.Invoke(run, startedAt);
            return run;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            Health.Cancelled();
            throw;
        }
        catch (Exception error)
        {
            Health.Failed(error);
            throw;
        }
    }

    private async Task<BatchRun> RunAloneAsync(CancellationToken cancellationToken)
    {
        long started = clock.GetTimestamp();
        LogPosition end = speed.OpenGeneration();
        await log.SealAsync(end, cancellationToken).ConfigureAwait(false);
        MaterialisedSegments segments = log.Segments(new LogRange(LogPosition.Zero, end));
        List<BatchRunView> reports = [];
        foreach (ServedView<TEvent> view in views.Where(v => v.Snapshot.End < end))
        {
            cancellationToken.ThrowIfCancellationRequested();
            reports.Add(Rebuild(view, segments, end, cancellationToken));
        }

        return new BatchRun(end, reports, clock.GetElapsedTime(started));
    }

    private static BatchRunView Rebuild(ServedView<TEvent> view, MaterialisedSegments segments, LogPosition end, CancellationToken cancellationToken)
    {
        (BatchView built, BatchRunView report) = view.Batch.Build(segments, new LogRange(LogPosition.Zero, end), cancellationToken);
        view.Replace([built]);
        return report;
    }
}
