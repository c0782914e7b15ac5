using LambdaCore.Values;

namespace LambdaCore.Serving;

/// <summary>
/// How far the speed layer has come, for those who wait for it and for receipts. One thread advances it; any thread may read and
/// wait.
/// </summary>
internal sealed class Progress
{
    private readonly Lock _lock = new();
    private readonly List<(long Position, TaskCompletionSource Reached)> _waiting = [];
    private long _position;
    private EventTimes _announced;
    private EventTimes _applied;
    private long _lastIngestedAt;
    private Exception? _stopped;

    /// <summary>Begins at a position.</summary>
    /// <param name="position">The end of the events that were applied.</param>
    /// <param name="tally">What their times came to.</param>
    /// <param name="lastIngestedAt">When the newest of them was appended, in microseconds since the Unix epoch; <see cref="long.MinValue"/> for none.</param>
    public Progress(LogPosition position, EventTimeTally tally, long lastIngestedAt)
    {
        _position = position.Value;
        _announced = _applied = new EventTimes(position, tally);
        _lastIngestedAt = lastIngestedAt;
    }

    /// <summary>The end of the events that were applied.</summary>
    public LogPosition Position => new(Volatile.Read(ref _position));

    /// <summary>What the times of the events came to that were applied, or of those up to a group before.</summary>
    public EventTimes Applied => Volatile.Read(ref _applied);

    /// <summary>When the newest applied event was appended, in microseconds since the Unix epoch; <see cref="long.MinValue"/> for none.</summary>
    public long LastIngestedAt => Volatile.Read(ref _lastIngestedAt);

    /// <summary>How many wait.</summary>
    public int Waiting
    {
        get
        {
            lock (_lock)
            {
                return _waiting.Count;
            }
        }
    }

    /// <summary>Captures what <see cref="MomentOfProgress.TallyAt"/> needs. Only where the speed layer stands still.</summary>
    public MomentOfProgress Capture()
    {
        // In this order: what is not announced any more when the other is read has been applied by then.
        EventTimes announced = Volatile.Read(ref _announced);
        return new MomentOfProgress(announced, Volatile.Read(ref _applied));
    }

    /// <summary>Says what the times up to the end of a group come to, before it is applied.</summary>
    public void Announce(LogPosition end, EventTimeTally tally) => Volatile.Write(ref _announced, new EventTimes(end, tally));

    /// <summary>Reports that the group that was announced was applied.</summary>
    public void Advance(LogPosition position, long ingestedAt)
    {
        Volatile.Write(ref _applied, _announced);
        Volatile.Write(ref _lastIngestedAt, ingestedAt);
        lock (_lock)
        {
            Volatile.Write(ref _position, position.Value);
            Wake(waiting => waiting.Position <= position.Value, reached => reached.TrySetResult());
        }
    }

    /// <summary>Reports that nothing more will be applied.</summary>
    public void Stop(Exception reason)
    {
        lock (_lock)
        {
            _stopped = reason;
            Wake(_ => true, reached => reached.TrySetException(reason));
        }
    }

    /// <summary>Waits until the events before a position were applied.</summary>
    public ValueTask WaitAsync(LogPosition position, CancellationToken cancellationToken)
    {
        if (position <= Position)
        {
            return default;
        }

        TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (position <= Position)
            {
                return default;
            }

            if (_stopped is not null)
            {
                return ValueTask.FromException(_stopped);
            }

            _waiting.Add((position.Value, reached));
        }

        return new ValueTask(WaitAsync(reached, cancellationToken));
    }

    private async Task WaitAsync(TaskCompletionSource reached, CancellationToken cancellationToken)
    {
        try
        {
            await reached.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            lock (_lock)
            {
                _waiting.RemoveAll(waiting => waiting.Reached == reached);
            }

            throw;
        }
    }

    private void Wake(Predicate<(long Position, TaskCompletionSource Reached)> which, Action<TaskCompletionSource> how)
    {
        if (_waiting.Count == 0)
        {
            return;
        }

        foreach ((long Position, TaskCompletionSource Reached) waiting in _waiting.FindAll(which))
        {
            how(waiting.Reached);
        }

        _waiting.RemoveAll(which);
    }
}
