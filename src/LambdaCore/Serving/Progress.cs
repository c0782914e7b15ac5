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
    private long _watermark;
    private long _lastIngestedAt;
    private Exception? _stopped;

    /// <summary>Begins at a position.</summary>
    /// <param name="position">The end of the events that were applied.</param>
    /// <param name="watermark">The highest event time among them, in microseconds since the Unix epoch; <see cref="long.MinValue"/> for none.</param>
    /// <param name="lastIngestedAt">When the newest of them was appended, in microseconds since the Unix epoch; <see cref="long.MinValue"/> for none.</param>
    public Progress(LogPosition position, long watermark, long lastIngestedAt)
    {
        _position = position.Value;
        _watermark = watermark;
        _lastIngestedAt = lastIngestedAt;
    }

    /// <summary>The end of the events that were applied.</summary>
    public LogPosition Position => new(Volatile.Read(ref _position));

    /// <summary>The highest event time applied, in microseconds since the Unix epoch; <see cref="long.MinValue"/> for none. It may lag behind <see cref="Position"/>, never run ahead.</summary>
    public long Watermark => Volatile.Read(ref _watermark);

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

    /// <summary>Reports that a group was applied.</summary>
    public void Advance(LogPosition position, long maxEventTime, long ingestedAt)
    {
        Volatile.Write(ref _watermark, Math.Max(_watermark, maxEventTime));
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
