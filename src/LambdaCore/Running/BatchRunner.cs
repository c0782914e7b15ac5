using System.Runtime.ExceptionServices;
using LambdaCore.Batch;
using LambdaCore.Diagnostics;
using LambdaCore.Log;
using LambdaCore.Serving;
using LambdaCore.Speed;
using Microsoft.Extensions.Logging;

namespace LambdaCore.Running;

/// <summary>
/// Runs batches, one at a time: the speed layer begins a new generation at the end of a group, the log is sealed up to there, and for each
/// view what is new is computed, swapped in, and merged with older layers where that is due. Until its swap a view answers as
/// before, and if something fails it goes on so.
/// </summary>
/// <typeparam name="TEvent">The event type.</typeparam>
internal sealed partial class BatchRunner<TEvent>(
    EventLog<TEvent> log, SpeedLayer<TEvent> speed, BatchContext context, IReadOnlyList<ServedView<TEvent>> views, DriftLog drift, TimeProvider clock, ILogger logger) : IDisposable
{
    private readonly SemaphoreSlim _running = new(1);
    private readonly ViewHealer<TEvent> _healer = new(log, context, views, logger);
    private volatile bool _closing;

    /// <summary>Whether the last run that came to an end failed; one that was cancelled does not count, nor does one of an earlier opening.</summary>
    public bool LastRunFailed => Health.Status.ConsecutiveFailures > 0;

    /// <summary>Called with each run that succeeded and the timestamp of its beginning, before another can begin.</summary>
    public event Action<BatchRun, long>? Succeeded;

    /// <summary>How runs have fared.</summary>
    public BatchHealth Health { get; } = new(clock);

    /// <summary>What comparisons of the layers have found.</summary>
    public DriftReport Drift => drift.Report;

    /// <summary>
    /// The end of the events that every view's batch views cover, but for views whose first layers are computed in the background; where there are no others, the end of the
    /// master dataset.
    /// </summary>
    public LogPosition CoveredEnd
    {
        get
        {
            LogPosition? covered = null;
            for (int i = 0; i < views.Count; i++)
            {
                if (!views[i].IsRebuilding && (covered is null || views[i].Snapshot.End < covered))
                {
                    covered = views[i].Snapshot.End;
                }
            }

            return covered ?? log.SealedEnd;
        }
    }

    /// <summary>When the views' batch views were last computed, the oldest of them; null if one has none yet.</summary>
    public DateTimeOffset? ComputedAt
    {
        get
        {
            ServedView<TEvent>[] served = [.. views.Where(v => !v.IsRebuilding)];
            return served.Length == 0 || served.Any(v => v.Snapshot.Batches.Count == 0) ? null : served.Min(v => v.Snapshot.Batches[^1].ComputedAt);
        }
    }

    /// <summary>Brings every view's batch up to the events applied so far.</summary>
    /// <param name="mode">Whether to compute what is new, or everything anew.</param>
    /// <param name="progress">Is told how far the run is; null if nobody wants to know.</param>
    /// <param name="cancellationToken">Stops the run.</param>
    /// <exception cref="ObjectDisposedException">The store was closed before the run began.</exception>
    public async Task<BatchRun> RunAsync(BatchMode mode, IProgress<BatchProgress>? progress, CancellationToken cancellationToken)
    {
        await _running.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ThrowIfClosing();
            return await Task.Run(() => RunReportingAsync(mode, progress, cancellationToken), cancellationToken).ConfigureAwait(false);
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
                await Task.Run(() => RunReportingAsync(BatchMode.Incremental, progress: null, cancellationToken), cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            _running.Release();
        }
    }

    /// <summary>Computes one layer of a view's batch anew, over the same events, because its file is damaged.</summary>
    /// <param name="view">The view.</param>
    /// <param name="damage">What a reader has found.</param>
    public async Task RepairAsync(ServedView<TEvent> view, LookupDamagedException damage)
    {
        await _running.WaitAsync().ConfigureAwait(false);
        try
        {
            ThrowIfClosing();
            await Task.Run(() => Repair(view, damage)).ConfigureAwait(false);
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

    private async Task<BatchRun> RunReportingAsync(BatchMode mode, IProgress<BatchProgress>? progress, CancellationToken cancellationToken, bool retains = true)
    {
        Health.Begun();
        long startedAt = clock.GetTimestamp();
        try
        {
            BatchRun run = await RunAloneAsync(mode, new ProgressReporter(progress, clock), cancellationToken).ConfigureAwait(false);
            run = run with { Amendments = await AmendAsync(run.End, cancellationToken).ConfigureAwait(false) };
            if (retains && Retention != Retention.Forever)
            {
                run = run with { Retention = await RetainAsync(cancellationToken).ConfigureAwait(false) };
            }

            await CompactAsync(cancellationToken).ConfigureAwait(false);
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

    private async Task<BatchRun> RunAloneAsync(BatchMode mode, ProgressReporter progress, CancellationToken cancellationToken)
    {
        long started = clock.GetTimestamp();
        JoinGenerations();
        LogPosition end = await log.SealAsync(
            () =>
            {
                LogPosition chosen = speed.OpenGeneration();
                progress.Begin(view: null, BatchPhase.Sealing, chosen.Value - log.SealedEnd.Value);
                return chosen;
            },
            cancellationToken).ConfigureAwait(false);
        if (mode == BatchMode.Full && log.RawStart > LogPosition.Zero)
        {
            LogMessages.FullBatchKeepsArchives(logger, log.RawStart.Value);
        }

        progress.Expect(views.Where(v => IsToRun(v, mode)).Sum(v => end.Value - StartOf(v, mode).Value));
        List<BatchRunView> reports = [];
        List<Exception> failures = [];
        if (mode == BatchMode.Incremental)
        {
            // What a run before could not do. Views that stay behind keep their layers: what is new is of another revision of the log.
            failures.AddRange(_healer.Heal(rewrite: null, TakeOver, progress, cancellationToken).Select(v => v.Error).OfType<Exception>());
        }

        using RollUpSources<TEvent> sources = new(views, log.Revision);
        foreach (ServedView<TEvent> view in sources.InOrder.Where(v => IsToRun(v, mode) && (mode == BatchMode.Full || v.Snapshot.Revision == log.Revision)))
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                if (Run(view, mode, end, sources, progress, cancellationToken) is { } report)
                {
                    reports.Add(report);
                }
            }
            catch (Exception error) when (error is not OperationCanceledException)
            {
                LogMessages.BatchViewFailed(logger, view.Plan.Name, error);
                failures.Add(error);
            }
        }

        if (failures is [Exception first, ..])
        {
            ExceptionDispatchInfo.Throw(first);
        }

        // In the order of the views, though roll-ups came last.
        IEnumerable<BatchRunView> inOrder = views.Join(reports, view => view.Plan.Name, report => report.Name, (_, report) => report);
        return new BatchRun(end, mode, [.. inOrder], clock.GetElapsedTime(started)) { RawStart = log.RawStart };
    }

    /// <summary>Lets the speed layer join what runs that failed have left, where the table has what is served: it might have a layer else that ends in between, and is to be served yet.</summary>
    private void JoinGenerations()
    {
        foreach (ServedView<TEvent> view in views)
        {
            try
            {
                if (view.Batch.Has(view.Snapshot.Batches))
                {
                    view.JoinSpeedGenerations();
                }
            }
            catch (StorageException)
            {
                // This run will meet the same disk, and say so.
            }
        }
    }

    /// <summary>Whether a run is about a view: if its first layers are computed in the background, only one that computes everything anew.</summary>
    private static bool IsToRun(ServedView<TEvent> view, BatchMode mode) => mode == BatchMode.Full || !view.IsRebuilding;

    /// <summary>Where the events begin that a run computes for a view.</summary>
    private LogPosition StartOf(ServedView<TEvent> view, BatchMode mode) => mode == BatchMode.Full ? log.RawStart : view.Snapshot.End;

    /// <summary>Brings one view's batch up to a position.</summary>
    /// <returns>What was done; null if there was nothing to do.</returns>
    private BatchRunView? Run(
        ServedView<TEvent> view, BatchMode mode, LogPosition end, RollUpSources<TEvent> sources, ProgressReporter progress, CancellationToken cancellationToken)
    {
        long started = clock.GetTimestamp();
        long bytesBefore = progress.Bytes;
        TakeOver(view);
        LogRange range = new(StartOf(view, mode), end);
        long keys = 0;
        if (!range.IsEmpty)
        {
            bool isNew = range.Start == view.Snapshot.End;
            IReadOnlyList<BatchView> kept = isNew ? view.Snapshot.Batches : ArchivesOf(view);
            BatchView computed = sources.Of(view, range) is { } source
                ? view.Batch.RollUp(kept, source, range, progress, cancellationToken)
                : view.Batch.Compute(kept, range, progress, cancellationToken);
            sources.Add(view, computed);
            keys = computed.Keys;
            Hand(computed, view, () =>
            {
                drift.Compare(view, computed, log.BatchOnlyIn(computed.Range) > 0, cancellationToken);
                if (isNew)
                {
                    view.Extend(computed);
                }
                else
                {
                    view.Replace([.. kept, computed]);
                }
            });
        }

        int merged = Merge(view, progress, cancellationToken);
        return range.IsEmpty && merged == 0
            ? null
            : new BatchRunView(
                view.Plan.Name, range, keys, progress.Bytes - bytesBefore, view.Snapshot.Batches.Count, merged, clock.GetElapsedTime(started))
            {
                Archive = view.Snapshot.Start < log.RawStart ? new LogRange(view.Snapshot.Start, log.RawStart) : default,
            };
    }

    /// <summary>Merges the last layers of a view, if they are out of proportion, and the last of its archive layers likewise.</summary>
    /// <returns>How many layers became one; 0 if none did.</returns>
    private int Merge(ServedView<TEvent> view, ProgressReporter progress, CancellationToken cancellationToken)
    {
        BatchView[] archives = ArchivesOf(view);
        BatchView[] others = [.. view.Snapshot.Batches.Skip(archives.Length)];
        return Merge(archives, others) + Merge(others, []);

        int Merge(BatchView[] layers, BatchView[] after)
        {
            int merged = MergePlan.LayersToMerge([.. layers.Select(l => l.Lookup.Count)]);
            if (merged > 0)
            {
                BatchView[] before = [.. view.Snapshot.Batches.TakeWhile(l => l != layers[^merged])];
                BatchView result = view.Batch.Merge([.. before, .. after], [.. layers.TakeLast(merged)], progress, cancellationToken);
                Hand(result, view, () => view.Replace([.. before, result, .. after]));
            }

            return merged;
        }
    }

    private void Repair(ServedView<TEvent> view, LookupDamagedException damage)
    {
        IReadOnlyList<BatchView> layers = view.Snapshot.Batches;
        if (layers.FirstOrDefault(l => l.Lookup.Path == damage.Path) is not { } damaged)
        {
            // Somebody else was here before.
            return;
        }

        if (damaged.Range.Start < log.RawStart)
        {
            throw view.Batch.ArchiveDamaged(damaged.Range, damage.Path, damage);
        }

        if (view.Batch.Has(layers.Where(l => l != damaged)))
        {
            _healer.Repair(view, damaged, damage);
        }
        else
        {
            TakeOver(view);
        }
    }

    /// <summary>Hands a new layer to its view, and closes it if the view does not take it.</summary>
    private static void Hand(BatchView layer, ServedView<TEvent> view, Action swap)
    {
        try
        {
            swap();
        }
        finally
        {
            if (!view.Snapshot.Batches.Contains(layer))
            {
                layer.Release();
            }
        }
    }
}
