namespace LambdaCore.Tests.EndToEnd;

/// <summary>A clock that stands still until it is told to go on. Thread-safe. Timers fire on the thread that tells it to, each at its own time.</summary>
internal sealed class SimulatedClock : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<Alarm> _alarms = [];
    private DateTimeOffset _now;
    private long _looks;

    /// <summary>Creates a clock.</summary>
    /// <param name="start">The time at first; by default some day of 2026.</param>
    public SimulatedClock(DateTimeOffset? start = null) => _now = start ?? new DateTimeOffset(2026, 6, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>How much longer everything seems to have taken each time somebody looks at the stopwatch. Timers do not notice.</summary>
    public TimeSpan PerLook { get; init; }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>When the next timer fires; null if none is set.</summary>
    public DateTimeOffset? NextTimer
    {
        get
        {
            lock (_lock)
            {
                return _alarms.Min(alarm => alarm.Due);
            }
        }
    }

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
        {
            return _now;
        }
    }

    public override long GetTimestamp() => GetUtcNow().UtcTicks + (PerLook.Ticks * Interlocked.Increment(ref _looks));

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        Alarm alarm = new(this, () => callback(state));
        alarm.Change(dueTime, period);
        return alarm;
    }

    /// <summary>Whether a timer is set for a moment, to the millisecond, which is as exact as those of a task are.</summary>
    public bool HasTimerAt(DateTimeOffset? moment)
    {
        lock (_lock)
        {
            return moment is not null && _alarms.Exists(alarm => (alarm.Due - moment)?.Duration() <= TimeSpan.FromMilliseconds(1));
        }
    }

    /// <summary>Lets time pass, hour by hour, until something has come to its end.</summary>
    public async Task AdvanceUntilAsync(Task end)
    {
        while (!end.IsCompleted)
        {
            Advance(TimeSpan.FromHours(1));
            await Task.Yield();
            await Task.WhenAny(end, Task.Delay(1));
        }

        await end;
    }

    /// <summary>Lets time pass.</summary>
    public void Advance(TimeSpan time)
    {
        DateTimeOffset end = GetUtcNow() + time;
        while (Next(end) is { } alarm)
        {
            alarm.Fire();
        }
    }

    private Alarm? Next(DateTimeOffset end)
    {
        lock (_lock)
        {
            Alarm? next = _alarms.Where(alarm => alarm.Due <= end).MinBy(alarm => alarm.Due);
            _now = next?.Due is { } due && due > _now ? due : next is null ? end : _now;
            next?.Pass();
            return next;
        }
    }

    private sealed class Alarm(SimulatedClock clock, Action fire) : ITimer
    {
        private TimeSpan _period;

        /// <summary>When it fires next.</summary>
        public DateTimeOffset? Due { get; private set; }

        public void Fire() => fire();

        /// <summary>Goes on to the next time, under the clock's lock.</summary>
        public void Pass() => Due = _period > TimeSpan.Zero ? Due + _period : null;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._lock)
            {
                _period = period;
                Due = dueTime < TimeSpan.Zero ? null : clock._now + dueTime;
                clock._alarms.Remove(this);
                if (Due is not null)
                {
                    clock._alarms.Add(this);
                }
            }

            return true;
        }

        public void Dispose()
        {
            lock (clock._lock)
            {
                clock._alarms.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }
    }
}
