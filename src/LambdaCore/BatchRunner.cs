using LambdaCore.Batch;
using LambdaCore.Log;
using LambdaCore.Serving;
using LambdaCore.Speed;

namespace LambdaCore;

/// <summary>
/// Runs batches, one at a time: the speed layer begins a new generation at the end of a group, the log is sealed up to there, and each
/// view's batch view is computed and swapped in. Until its swap a view answers as before, and if something fails it goes on so.
/// </summary>
/// <typeparam name="TEvent">The event type.</typeparam>
internal sealed class BatchRunner<TEvent>(
    EventLog<TEvent> log, SpeedLayer<TEvent> speed, IReadOnlyList<ServedView<TEvent>> views, TimeProvider clock) : IDisposable
{
    private readonly SemaphoreSlim _running = new(1);

    /// <summary>Recomputes every view from the master dataset, up to the events applied so far.</summary>
    public async Task<BatchRun> RunAsync(CancellationToken cancellationToken)
    {
        await _running.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await Task.Run(() => RunAloneAsync(cancellationToken), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _running.Release();
        }
    }

    /// <summary>Waits for a run to end and lets no other begin.</summary>
    public void Dispose()
    {
        _running.Wait();
        _running.Dispose();
    }

    private async Task<BatchRun> RunAloneAsync(CancellationToken cancellationToken)
    {
        long started = clock.GetTimestamp();
        LogPosition end = speed.OpenGeneration();
        await log.SealAsync(end, cancellationToken).ConfigureAwait(false);
        LogRange range = new(LogPosition.Zero, end);
        IReadOnlyList<string> segments = log.Materialise(range);
        LogPosition segmentsEnd = log.EndOfSegments(range);
        List<BatchRunView> reports = [];
        foreach (ServedView<TEvent> view in views.Where(v => v.Snapshot.End < end))
        {
            cancellationToken.ThrowIfCancellationRequested();
            (BatchView built, BatchRunView report) = view.Batch.Build(segments, segmentsEnd, end, cancellationToken);
            view.Replace(built);
            reports.Add(report);
        }

        return new BatchRun(end, reports, clock.GetElapsedTime(started));
    }
}
