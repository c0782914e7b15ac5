using LambdaCore.Batch;
using LambdaCore.Diagnostics;
using LambdaCore.Log;
using LambdaCore.Running;
using LambdaCore.Serving;
using Microsoft.Extensions.Logging;

namespace LambdaCore.Rebuilds;

/// <summary>
/// One rebuild of a view, in steps: parts of the events are computed, then merged, then what has come meanwhile is added and all layers of the view are
/// swapped. Each step can be tried again.
/// </summary>
/// <remarks>Thread-safe.</remarks>
/// <typeparam name="TEvent">The event type.</typeparam>
internal sealed class RebuildJob<TEvent> : IRebuildJob, IDisposable
{
    private readonly ServedView<TEvent> _view;
    private readonly RebuildOrder _order;
    private readonly RebuildContext<TEvent> _context;
    private readonly SemaphoreSlim _working = new(1);
    private readonly CancellationTokenSource _cancelled = new();
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private readonly Action _changed;
    private RebuildComputation? _computation;
    private volatile RebuildStatus _status;
    private volatile bool _maySwap;
    private volatile bool _swapped;
    private ViewComparison? _comparison;
    private TaskCompletionSource _settled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private LogPosition? _goal;
    private long? _since;
    private long _eventsBefore;

    /// <summary>Creates a job for an order that is kept on disk.</summary>
    /// <param name="view">The view.</param>
    /// <param name="order">The order.</param>
    /// <param name="context">What all jobs of a store share.</param>
    /// <param name="changed">Called when a step may have become possible.</param>
    public RebuildJob(ServedView<TEvent> view, RebuildOrder order, RebuildContext<TEvent> context, Action changed)
    {
        _view = view;
        _order = order;
        _context = context;
        _changed = changed;
        _maySwap = !order.SwapsByHand;
        Handle = new ViewRebuild(this);
        _status = new RebuildStatus
        {
            View = view.Plan.Name,
            Id = order.Id,
            Kind = order.Kind,
            Reason = order.Reason,
            By = order.By,
            OrderedAt = order.OrderedAt,
            From = order.From,
            To = order.To,
            IsPaused = context.IsHeld,
        };

        if (order.Kind == RebuildKind.NewDefinition)
        {
            view.Rebuilt = Completion;
        }

        // Who does not look must not hear of it from the finalizer.
        _ = _completion.Task.ContinueWith(t => t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        LogMessages.RebuildBegun(context.Logger, view.Plan.Name, order.Kind.ToString(), order.Id, order.Reason);
    }

    /// <summary>The view.</summary>
    public ServedView<TEvent> View => _view;

    /// <summary>What users see of it.</summary>
    public ViewRebuild Handle { get; }

    /// <inheritdoc/>
    public RebuildStatus Status => _status;

    /// <inheritdoc/>
    public Task Completion => _completion.Task;

    /// <summary>Whether it has come to an end, at least until the store is opened again.</summary>
    public bool IsOver => _status.Phase is RebuildPhase.Done or RebuildPhase.Cancelled or RebuildPhase.Stopped;

    /// <summary>Whether a step is possible, but for the time at which it is tried again.</summary>
    public bool IsAble => !IsOver && !_cancelled.IsCancellationRequested && !_status.IsPaused && (_status.Phase != RebuildPhase.Ready || _maySwap);

    /// <inheritdoc/>
    public void Pause(bool pauses)
    {
        Change(s => s with { IsPaused = pauses });
        _changed();
    }

    /// <inheritdoc/>
    public void AllowSwap()
    {
        _maySwap = true;
        _changed();
    }

    /// <inheritdoc/>
    public async Task CancelAsync()
    {
        if (_order.Kind == RebuildKind.NewDefinition && !IsOver)
        {
            throw new InvalidOperationException(
                $"The rebuild of view '{_view.Plan.Name}' cannot be cancelled: its definition is new, so there are no other layers. Pause it, or open the store without the view.");
        }

        await _cancelled.CancelAsync().ConfigureAwait(false);
        await _working.WaitAsync().ConfigureAwait(false);
        try
        {
            if (!IsOver)
            {
                Open().End();
                Change(s => s with { Phase = RebuildPhase.Cancelled, Remaining = null, NextAttempt = null });
                _completion.TrySetCanceled();
            }
        }
        finally
        {
            _working.Release();
        }

        _changed();
    }

    /// <inheritdoc/>
    public async Task<ViewComparison> CompareAsync(CancellationToken cancellationToken)
    {
        if (_order.Kind == RebuildKind.NewDefinition)
        {
            throw new InvalidOperationException($"The definition of view '{_view.Plan.Name}' is new, so there are no old layers to compare with.");
        }

        while (true)
        {
            await Settled().WaitAsync(cancellationToken).ConfigureAwait(false);
            await _working.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                if (IsOver)
                {
                    return _comparison ?? throw new InvalidOperationException($"The rebuild of view '{_view.Plan.Name}' has ended ({_status.Phase}), and its layers were not compared.");
                }

                if (_status.Phase == RebuildPhase.Ready && await TryCompareAsync(Open(), cancellationToken).ConfigureAwait(false) is { } comparison)
                {
                    return comparison;
                }

                // Events were rewritten meanwhile, so it is to be computed anew in part.
                Change(s => s with { Phase = RebuildPhase.Waiting });
            }
            finally
            {
                _working.Release();
            }

            _changed();
        }
    }

    /// <summary>Does the next step.</summary>
    /// <exception cref="OperationCanceledException">The step was stopped.</exception>
    public async Task StepAsync(CancellationToken stop)
    {
        using CancellationTokenSource both = CancellationTokenSource.CreateLinkedTokenSource(stop, _cancelled.Token);
        await _working.WaitAsync(both.Token).ConfigureAwait(false);
        try
        {
            if (IsAble)
            {
                await StepAloneAsync(Open(), both.Token).ConfigureAwait(false);
                Change(s => s with { ConsecutiveFailures = 0, NextAttempt = null });
            }
        }
        finally
        {
            _working.Release();
        }
    }

    /// <summary>Deletes what was computed of events that were rewritten since, as the next step would. A step that is at work comes to its end first.</summary>
    public async Task DropStaleAsync(CancellationToken cancellationToken)
    {
        await _working.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!IsOver)
            {
                RebuildComputation computation = Open();
                _ = computation.DropStale(TargetOf(computation));
            }
        }
        finally
        {
            _working.Release();
        }
    }

    /// <summary>A step has failed.</summary>
    /// <param name="error">How.</param>
    /// <param name="nextAttempt">When it is tried again; null if that cannot help.</param>
    public void Failed(Exception error, DateTimeOffset? nextAttempt)
    {
        LogMessages.RebuildFailed(_context.Logger, error, _view.Plan.Name, _status.ConsecutiveFailures + 1, nextAttempt - _context.Clock.GetUtcNow());
        Change(s => s with
        {
            LastFailure = error,
            ConsecutiveFailures = s.ConsecutiveFailures + 1,
            NextAttempt = nextAttempt,
            Phase = nextAttempt is null ? RebuildPhase.Stopped : s.Phase,
        });
        if (nextAttempt is null)
        {
            _completion.TrySetException(error);
        }
    }

    /// <summary>Closes the files, when no step begins any more. The rebuild goes on when the store is opened again.</summary>
    public void Dispose()
    {
        _working.Wait();
        _computation?.Dispose();
        _computation = null;
        _working.Release();
        _completion.TrySetException(new ObjectDisposedException("LambdaStore", "The store was closed. What the rebuild has computed stays; it goes on when the store is opened again."));
    }

    private RebuildComputation Open() => _computation ??= _view.Batch.Rebuild(_order);

    private async Task StepAloneAsync(RebuildComputation computation, CancellationToken cancellationToken)
    {
        if (_swapped || (_order.Kind == RebuildKind.NewDefinition && _view.Snapshot.Batches.Count > 0))
        {
            // Somebody else has computed the view meanwhile; or only tidying up is left.
            Finish(computation);
            return;
        }

        LogPosition target = TargetOf(computation);
        _ = computation.DropStale(target);
        if (ComputesNext(computation, target))
        {
            Report(computation, target, RebuildPhase.Computing);
            computation.ComputeNext(target, _context.Options.StepEvents, cancellationToken);
            Report(computation, target, RebuildPhase.Computing);
            return;
        }

        if (computation.Prepared.Count == 0 && computation.ComputedEnd > computation.Start)
        {
            Report(computation, target, RebuildPhase.Merging);
            await MergeAsync(computation, cancellationToken).ConfigureAwait(false);
        }
        else if (!_maySwap)
        {
            Change(s => s with { Phase = RebuildPhase.Ready });
        }
        else
        {
            Change(s => s with { Phase = RebuildPhase.Swapping });
            await SwapAsync(computation, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Where the events end that are computed in steps. Rows of other windows come from the layers that serve, so what they cover is enough.</summary>
    private LogPosition TargetOf(RebuildComputation computation) => computation.IsOfWindows ? _view.Snapshot.End : _context.Log.SealedEnd;

    /// <summary>Whether there is a step to compute: to the first goal, and on while the swap would have to compute more than a step.</summary>
    private bool ComputesNext(RebuildComputation computation, LogPosition target)
    {
        _goal ??= target;
        if (computation.Prepared.Count > 0)
        {
            // For long the new layers may have waited.
            bool isOld = target.Value - computation.PreparedEnd.Value >= _context.Options.StepEvents && _maySwap;
            if (!isOld)
            {
                return false;
            }

            computation.Discard();
        }

        LogPosition computed = computation.ComputedEnd;
        return computed < target && (computed == computation.Start || computed < _goal || computation.IsOfWindows || target.Value - computed.Value >= _context.Options.StepEvents);
    }

    private async Task MergeAsync(RebuildComputation computation, CancellationToken cancellationToken)
    {
        if (!computation.IsOfWindows)
        {
            computation.Merge([], cancellationToken);
            return;
        }

        ServingSnapshot serving = _view.Hold();
        try
        {
            if (serving.Revision != _context.Log.Revision)
            {
                throw new LambdaCoreException($"View '{_view.Plan.Name}' has not followed the log to revision {_context.Log.Revision} yet, so its rows of other windows cannot be taken over. The next batch run brings it there.");
            }

            if (serving.End == computation.ComputedEnd)
            {
                computation.Merge([.. serving.Batches.Where(b => b.Range.Start >= computation.Start)], cancellationToken);
            }
        }
        catch (LookupDamagedException damage)
        {
            await _context.Batches.RepairAsync(_view, damage).ConfigureAwait(false);
        }
        finally
        {
            serving.Release();
        }
    }

    private async Task SwapAsync(RebuildComputation computation, CancellationToken cancellationToken)
    {
        using SwappedLayers? layers = await _context.Batches.SwapAsync(_view, computation, cancellationToken).ConfigureAwait(false);
        if (layers is null)
        {
            return;
        }

        _swapped = true;
        if (_order.Kind == RebuildKind.Reprocessing)
        {
            _comparison = _view.Compare([.. layers.Old.Batches.Select(b => b.Lookup)], [.. layers.New.Batches.Select(b => b.Lookup)], layers.End, cancellationToken);
        }

        Finish(computation);
    }

    private async Task<ViewComparison?> TryCompareAsync(RebuildComputation computation, CancellationToken cancellationToken)
    {
        ServingSnapshot? old = await _context.Batches.CatchUpAsync(_view, computation, cancellationToken).ConfigureAwait(false);
        if (old is null)
        {
            return null;
        }

        try
        {
            IEnumerable<LookupFile> current = old.Batches.Where(b => b.Range.End <= computation.Start).Select(b => b.Lookup).Concat(computation.Prepared.Select(l => l.Lookup));
            return await Task.Run(() => _view.Compare([.. old.Batches.Select(b => b.Lookup)], [.. current], old.End, cancellationToken), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            old.Release();
        }
    }

    private void Finish(RebuildComputation computation)
    {
        _view.IsRebuilding = false;
        computation.End();
        LogPosition end = _view.Snapshot.End;
        Change(s => s with { Phase = RebuildPhase.Done, Events = end.Value, TotalEvents = end.Value, Remaining = null, NextAttempt = null });
        LogMessages.RebuildDone(_context.Logger, _view.Plan.Name, _order.Kind.ToString(), _order.Id, end.Value, _context.Clock.GetUtcNow() - _order.OrderedAt);
        _completion.TrySetResult();
    }

    private void Report(RebuildComputation computation, LogPosition target, RebuildPhase phase)
    {
        long events = computation.Events;
        if (_since is not { } since)
        {
            since = _context.Clock.GetTimestamp();
            (_since, _eventsBefore) = (since, events);
        }

        long left = Math.Max(0, target.Value - events);
        TimeSpan? remaining = events > _eventsBefore ? _context.Clock.GetElapsedTime(since) * (left / (double)(events - _eventsBefore)) : null;
        Change(s => s with { Phase = phase, Events = events, TotalEvents = target.Value, Remaining = remaining });
    }

    /// <summary>Completes when the new layers wait to be swapped in, or when the rebuild is over.</summary>
    private Task Settled()
    {
        lock (_lock)
        {
            return _settled.Task;
        }
    }

    private void Change(Func<RebuildStatus, RebuildStatus> change)
    {
        lock (_lock)
        {
            _status = change(_status);
            bool isSettled = IsOver || _status.Phase == RebuildPhase.Ready;
            if (isSettled)
            {
                _settled.TrySetResult();
            }
            else if (_settled.Task.IsCompleted)
            {
                _settled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }
    }
}

/// <summary>What all rebuilds of a store share.</summary>
/// <param name="Batches">Runs batches, and swaps layers between them.</param>
/// <param name="Log">The log.</param>
/// <param name="Options">How rebuilds use the machine.</param>
/// <param name="IsHeld">Whether no rebuild begins before it is resumed.</param>
/// <param name="Clock">Tells the time.</param>
/// <param name="Logger">Logs.</param>
/// <typeparam name="TEvent">The event type.</typeparam>
internal sealed record RebuildContext<TEvent>(BatchRunner<TEvent> Batches, EventLog<TEvent> Log, RebuildOptions Options, bool IsHeld, TimeProvider Clock, ILogger Logger);
