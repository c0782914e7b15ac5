using LambdaCore.DuckDb;

namespace LambdaCore.Batch;

/// <summary>
/// Tells the caller of a batch run how far it is: at the beginning of each phase, and then at most every <see cref="Interval"/>. What the caller's code
/// throws is not the run's business. Thread-safe; the caller's code runs on one thread at a time.
/// </summary>
internal sealed class ProgressReporter
{
    /// <summary>The least time between two reports of one phase.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly IProgress<BatchProgress>? _progress;
    private readonly TimeProvider _clock;
    private readonly Lock _reporting = new();
    private string? _view;
    private BatchPhase _phase;
    private long _rows;
    private long _totalRows;
    private long _bytes;
    private long _lastReport;
    private long _events;
    private long _eventsDone;
    private long _computingSince;

    /// <summary>Creates a reporter.</summary>
    /// <param name="progress">The caller's; null if nobody wants to know.</param>
    /// <param name="clock">Tells the time.</param>
    public ProgressReporter(IProgress<BatchProgress>? progress, TimeProvider clock)
    {
        _progress = progress;
        _clock = clock;
    }

    /// <summary>Nobody wants to know.</summary>
    public static ProgressReporter None { get; } = new(null, TimeProvider.System);

    /// <summary>Bytes written so far.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Says how many events will be computed, counted once for each view that they are computed for; the time from here on counts.</summary>
    public void Expect(long events)
    {
        lock (_reporting)
        {
            _events = events;
            _computingSince = _clock.GetTimestamp();
        }
    }

    /// <summary>Begins a phase.</summary>
    public void Begin(string? view, BatchPhase phase, long totalRows)
    {
        lock (_reporting)
        {
            (_view, _phase, _rows, _totalRows) = (view, phase, 0, totalRows);
            Report();
        }
    }

    /// <summary>Counts what was done.</summary>
    public void Advance(long rows, long bytes)
    {
        lock (_reporting)
        {
            _rows += rows;
            Interlocked.Add(ref _bytes, bytes);
            if (_phase == BatchPhase.Computing)
            {
                _eventsDone += rows;
            }

            ReportNowAndThen(running: 0);
        }
    }

    /// <summary>Follows the statements of a connection until the result is disposed: together they are to do a number of rows, which are counted afterwards.</summary>
    public IDisposable Follow(DuckDbConnection connection, long rows)
    {
        if (_progress is not null)
        {
            connection.TrackProgress();
        }

        return new Following(this, connection, rows);
    }

    private void ReportNowAndThen(long running)
    {
        if (_clock.GetElapsedTime(_lastReport) >= Interval)
        {
            Report(running);
        }
    }

    private void Report(long running = 0)
    {
        _lastReport = _clock.GetTimestamp();
        try
        {
            _progress?.Report(new BatchProgress(_view, _phase, _rows + running, _totalRows, Bytes, Remaining(_eventsDone + running)));
        }
        catch (Exception)
        {
            // The batch is more than its display.
        }
    }

    private TimeSpan? Remaining(long eventsDone) => _phase == BatchPhase.Computing && eventsDone > 0
        ? _clock.GetElapsedTime(_computingSince) * (Math.Max(0, _events - eventsDone) / (double)eventsDone)
        : null;

    private sealed class Following : IDisposable
    {
        private readonly ProgressReporter _reporter;
        private readonly DuckDbConnection _connection;
        private readonly long _rows;
        private readonly ITimer? _timer;
        private bool _isOver;

        public Following(ProgressReporter reporter, DuckDbConnection connection, long rows)
        {
            _reporter = reporter;
            _connection = connection;
            _rows = rows;
            _timer = reporter._progress is null ? null : reporter._clock.CreateTimer(_ => Look(), null, Interval, Interval);
        }

        public void Dispose()
        {
            _timer?.Dispose();
            lock (_reporter._reporting)
            {
                // A look that has begun is over now, and none begins: the connection may go.
                _isOver = true;
            }
        }

        private void Look()
        {
            lock (_reporter._reporting)
            {
                if (!_isOver && _connection.Progress is { } share)
                {
                    _reporter.ReportNowAndThen((long)(share * _rows));
                }
            }
        }
    }
}
