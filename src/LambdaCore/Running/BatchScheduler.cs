using System.Threading.Channels;
using LambdaCore.Diagnostics;
using LambdaCore.Log;
using LambdaCore.Serving;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;

namespace LambdaCore.Running;

/// <summary>
/// Runs batches by a schedule. One loop waits until a run is due and then tries until everything that was there at that moment is
/// covered, by a run of its own or of somebody else's.
/// </summary>
/// <typeparam name="TEvent">The event type.</typeparam>
internal sealed class BatchScheduler<TEvent> : IAsyncDisposable
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromMinutes(5);

    /// <summary>Timers take no longer times than some weeks.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    private readonly BatchSchedule _schedule;
    private readonly BatchRunner<TEvent> _batches;
    private readonly EventLog<TEvent> _log;
    private readonly Progress _progress;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly ResiliencePipeline _retry;
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly CancellationTokenSource _stop = new();
    private readonly ITimer _timer;
    private volatile Wanted? _wanted;
    private long _intervalStart;
    private Task _loop = Task.CompletedTask;

    /// <summary>Creates a scheduler; <see cref="Start"/> starts it.</summary>
    /// <param name="schedule">When batches run.</param>
    /// <param name="variation">Numbers from 0 to 1 that vary the time until a batch is tried again; null for random ones.</param>
    /// <param name="clock">Tells the time.</param>
    /// <param name="batches">Runs the batches.</param>
    /// <param name="log">Tells the size of what is not covered.</param>
    /// <param name="progress">Tells the end of what a run would cover.</param>
    /// <param name="logger">Logs.</param>
    public BatchScheduler(BatchSchedule schedule, Func<double>? variation, TimeProvider clock, BatchRunner<TEvent> batches, EventLog<TEvent> log, Progress progress, ILogger logger)
    {
        _schedule = schedule;
        _batches = batches;
        _log = log;
        _progress = progress;
        _clock = clock;
        _logger = logger;
        _retry = RetryWith(variation);
        _timer = _clock.CreateTimer(_ => Wake(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Begins to run batches.</summary>
    public void Start()
    {
        TimeSpan age = _batches.ComputedAt is { } at ? _clock.GetUtcNow() - at : TimeSpan.Zero;
        _intervalStart = _clock.GetTimestamp() - TicksOf(age > TimeSpan.Zero ? age : TimeSpan.Zero);
        _batches.Succeeded += OnSucceeded;
        _loop = Task.Run(RunAsync);
    }

    /// <summary>Reports that a group of events was applied. For the thread that applies them, so it costs nearly nothing.</summary>
    public void OnApplied()
    {
        if (HasGrown(_progress.Position, _batches.CoveredEnd))
        {
            Wake();
        }
    }

    /// <summary>Stops at once: a wait ends, and a run that the schedule began is cancelled.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        await _timer.DisposeAsync().ConfigureAwait(false);
        _batches.Succeeded -= OnSucceeded;
        _stop.Dispose();
    }

    private void Wake() => _wake.Writer.TryWrite(true);

    private async Task RunAsync()
    {
        try
        {
            while (true)
            {
                LogPosition due = await WaitUntilDueAsync().ConfigureAwait(false);
                await CoverAsync(due).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            _batches.Health.Waits(null);
        }
        catch (Exception error)
        {
            _batches.Health.ScheduleStopped();
            LogMessages.ScheduleStopped(_logger, error, _schedule.ToString());
        }
    }

    private async Task<LogPosition> WaitUntilDueAsync()
    {
        while (true)
        {
            LogPosition position = _progress.Position;
            LogPosition covered = _batches.CoveredEnd;
            TimeSpan? left = IntervalLeft();
            if (position > covered && (left == TimeSpan.Zero || HasGrown(position, covered)))
            {
                _batches.Health.Waits(null);
                return position;
            }

            if (left == TimeSpan.Zero)
            {
                // Nothing is new: on to the next interval.
                Volatile.Write(ref _intervalStart, _clock.GetTimestamp());
                left = _schedule.Interval;
            }

            _batches.Health.Waits(_clock.GetUtcNow() + left);
            _timer.Change(left is not { } wait ? Timeout.InfiniteTimeSpan : wait < LongestWait ? wait : LongestWait, Timeout.InfiniteTimeSpan);
            await _wake.Reader.ReadAsync(_stop.Token).ConfigureAwait(false);
        }
    }

    private bool HasGrown(LogPosition position, LogPosition covered) =>
        (_schedule.Events is { } events && position.Value - covered.Value >= events)
        || (_schedule.Bytes is { } bytes && _log.BytesAfter(covered) >= bytes);

    private TimeSpan? IntervalLeft()
    {
        if (_schedule.Interval is not { } interval)
        {
            return null;
        }

        TimeSpan elapsed = _clock.GetElapsedTime(Volatile.Read(ref _intervalStart));
        return elapsed < interval ? interval - elapsed : TimeSpan.Zero;
    }

    /// <summary>Runs a batch until one succeeds, or until somebody else's has covered the same.</summary>
    private async Task CoverAsync(LogPosition end)
    {
        Wanted wanted = new(end);
        _wanted = wanted;
        using CancellationTokenSource enough = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        Task attempts = _retry.ExecuteAsync(TryAsync, enough.Token).AsTask();

        // Somebody else's run ends the wait for the next attempt; an attempt that is at work by then finds nothing to do.
        await Task.WhenAny(attempts, wanted.Covered.Task).ConfigureAwait(false);
        await enough.CancelAsync().ConfigureAwait(false);
        try
        {
            await attempts.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (wanted.Covered.Task.IsCompleted)
        {
        }

        async ValueTask TryAsync(CancellationToken cancellationToken)
        {
            _batches.Health.Waits(null);
            await _batches.CoverAsync(end, cancellationToken).ConfigureAwait(false);
        }
    }

    private void OnSucceeded(BatchRun run, long startedAt)
    {
        Volatile.Write(ref _intervalStart, startedAt);
        if (_wanted is { } wanted && wanted.End <= run.End)
        {
            wanted.Covered.TrySetResult();
        }

        Wake();
    }

    private ResiliencePipeline RetryWith(Func<double>? variation)
    {
        RetryStrategyOptions retry = new()
        {
            MaxRetryAttempts = int.MaxValue,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Delay = FirstRetry,
            MaxDelay = LongestRetry,
            ShouldHandle = attempt => new ValueTask<bool>(
                attempt.Outcome.Exception is { } error && !attempt.Context.CancellationToken.IsCancellationRequested && MayPass(error)),
            OnRetry = attempt =>
            {
                LogMessages.ScheduledBatchFailed(_logger, attempt.Outcome.Exception, _batches.Health.Status.ConsecutiveFailures, attempt.RetryDelay);
                _batches.Health.Waits(_clock.GetUtcNow() + attempt.RetryDelay);
                return default;
            },
        };
        if (variation is not null)
        {
            retry.Randomizer = variation;
        }

        return new ResiliencePipelineBuilder { TimeProvider = _clock }.AddRetry(retry).Build();
    }

    /// <summary>Whether an error may be gone at the next attempt, without the store being opened again.</summary>
    private static bool MayPass(Exception error) =>
        error is not (LogPoisonedException or LogCorruptException or ObjectDisposedException or LambdaCoreException { LastsUntilReopened: true });

    private long TicksOf(TimeSpan time) => (long)(time.TotalSeconds * _clock.TimestampFrequency);

    /// <summary>What a run is to cover.</summary>
    private sealed record Wanted(LogPosition End)
    {
        /// <summary>Completes when a run has covered it.</summary>
        public TaskCompletionSource Covered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
