using System.Threading.Channels;
using LambdaCore.Batch;
using LambdaCore.Diagnostics;
using LambdaCore.Log;
using LambdaCore.Serving;

namespace LambdaCore.Rebuilds;

/// <summary>
/// Does the steps of all rebuilds of a store, one at a time, and rests between them. What fails is tried again later, while others go on.
/// </summary>
/// <typeparam name="TEvent">The event type.</typeparam>
internal sealed class RebuildWorker<TEvent> : IAsyncDisposable
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromMinutes(5);

    private readonly RebuildContext<TEvent> _context;
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly CancellationTokenSource _stop = new();
    private readonly ITimer _timer;
    private readonly Lock _lock = new();
    private RebuildJob<TEvent>[] _jobs = [];
    private Task _loop = Task.CompletedTask;
    private bool _isStarted;
    private bool _isStopped;

    /// <summary>Creates a worker without jobs.</summary>
    public RebuildWorker(RebuildContext<TEvent> context)
    {
        _context = context;
        _timer = context.Clock.CreateTimer(_ => Wake(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The rebuilds since the store was opened, the oldest first; of those that are over, the last of each view.</summary>
    public IReadOnlyList<RebuildJob<TEvent>> Jobs => Volatile.Read(ref _jobs);

    /// <summary>
    /// Goes on where an earlier opening was interrupted, and begins to compute the views that need it. What an order for another definition left behind is deleted.
    /// </summary>
    /// <remarks>While the store is opened, before anything else uses the views' tables.</remarks>
    public void Resume(IReadOnlyList<ServedView<TEvent>> views)
    {
        List<RebuildJob<TEvent>> jobs = [];
        foreach (ServedView<TEvent> view in views.OrderBy(v => v.Plan.RollUp?.Depth ?? 0))
        {
            RebuildFolder folder = view.Batch.RebuildFolder;
            RebuildOrder? order = folder.Order();
            if (order is null && folder.HasOrder)
            {
                LogMessages.RebuildOrderDiscarded(_context.Logger, view.Plan.Name);
            }

            RebuildKind kind = view.IsRebuilding ? RebuildKind.NewDefinition : RebuildKind.Reprocessing;
            if (order is null || order.Kind != kind || order.Fingerprint != view.Batch.Fingerprint || view.Batch.HasLayersOf(order.Id))
            {
                folder.End();
                order = null;
            }

            if (order is null && view.IsRebuilding)
            {
                order = OrderFor(view, RebuildKind.NewDefinition);
                folder.Begin(order);
            }

            if (order is not null)
            {
                jobs.Add(new RebuildJob<TEvent>(view, order, _context, Wake));
            }
        }

        lock (_lock)
        {
            Start([.. jobs]);
        }
    }

    /// <summary>Begins to compute a view anew.</summary>
    /// <param name="view">The view.</param>
    /// <param name="complete">Completes the order.</param>
    /// <exception cref="InvalidOperationException">There is a rebuild of the view already.</exception>
    /// <exception cref="ObjectDisposedException">The store was closed.</exception>
    /// <exception cref="StorageException">The order could not be kept.</exception>
    public RebuildJob<TEvent> Begin(ServedView<TEvent> view, Func<RebuildOrder, RebuildOrder> complete)
    {
        lock (_lock)
        {
            if (_isStopped)
            {
                throw new ObjectDisposedException("LambdaStore", "The store was closed, so no rebuild can begin. Open it again.");
            }

            if (_jobs.FirstOrDefault(j => j.View == view && !j.IsOver) is { } other)
            {
                throw new InvalidOperationException(
                    $"View '{view.Plan.Name}' is being computed anew already ({other.Status.Kind}, ordered at {other.Status.OrderedAt:O}). Wait for its end, or cancel it.");
            }

            RebuildOrder order = complete(OrderFor(view, RebuildKind.Reprocessing));
            view.Batch.RebuildFolder.Begin(order);
            RebuildJob<TEvent> job = new(view, order, _context, Wake);
            Start([.. _jobs.Where(j => j.View != view), job]);
            return job;
        }
    }

    /// <summary>Stops at once: a step that is at work is cancelled, and goes on when the store is opened again.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _isStopped = true;
        }

        await _stop.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        await _timer.DisposeAsync().ConfigureAwait(false);
        foreach (RebuildJob<TEvent> job in Jobs)
        {
            job.Dispose();
        }

        _stop.Dispose();
    }

    private RebuildOrder OrderFor(ServedView<TEvent> view, RebuildKind kind) =>
        new() { Id = Guid.NewGuid(), Kind = kind, Fingerprint = view.Batch.Fingerprint, OrderedAt = _context.Clock.GetUtcNow() };

    private void Start(RebuildJob<TEvent>[] jobs)
    {
        Volatile.Write(ref _jobs, jobs);
        if (jobs.Length > 0 && !_isStarted)
        {
            _isStarted = true;
            _loop = Task.Run(RunAsync);
        }

        Wake();
    }

    private void Wake() => _wake.Writer.TryWrite(true);

    private async Task RunAsync()
    {
        try
        {
            while (true)
            {
                RebuildJob<TEvent> job = await WaitForJobAsync().ConfigureAwait(false);
                long started = _context.Clock.GetTimestamp();
                await StepAsync(job).ConfigureAwait(false);
                TimeSpan rest = _context.Clock.GetElapsedTime(started) * ((1 - _context.Options.Share) / _context.Options.Share);
                if (rest > TimeSpan.Zero)
                {
                    await Task.Delay(rest, _context.Clock, _stop.Token).ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
        }
    }

    private async Task<RebuildJob<TEvent>> WaitForJobAsync()
    {
        while (true)
        {
            // In this order: what becomes possible while it is looked for wakes the loop once more.
            DateTimeOffset now = _context.Clock.GetUtcNow();
            RebuildJob<TEvent>[] able = [.. Jobs.Where(j => j.IsAble)];
            if (able.FirstOrDefault(j => !(j.Status.NextAttempt > now)) is { } job)
            {
                return job;
            }

            TimeSpan? wait = able.Min(j => j.Status.NextAttempt) - now;
            _timer.Change(wait ?? Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            await _wake.Reader.ReadAsync(_stop.Token).ConfigureAwait(false);
        }
    }

    private async Task StepAsync(RebuildJob<TEvent> job)
    {
        try
        {
            await Task.Run(() => job.StepAsync(_stop.Token), _stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!_stop.IsCancellationRequested)
        {
            // The job was cancelled, and whoever did so tidies up.
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            double seconds = Math.Min(LongestRetry.TotalSeconds, FirstRetry.TotalSeconds * Math.Pow(2, Math.Min(job.Status.ConsecutiveFailures, 20)));
            job.Failed(error, MayPass(error) ? _context.Clock.GetUtcNow() + TimeSpan.FromSeconds(seconds) : null);
        }
    }

    /// <summary>Whether an error may be gone at the next attempt, without the store being opened again.</summary>
    private static bool MayPass(Exception error) =>
        error is not (LogPoisonedException or LogCorruptException or ObjectDisposedException or LambdaCoreException { LastsUntilReopened: true });
}
