using LambdaCore.Views;

namespace LambdaCore.Batch;

/// <summary>
/// How many events of a large range are computed at once, so that the states of their keys fit in memory. DuckDB spills its own
/// states and its sorts, but not those that are computed by code: these are objects outside its limit.
/// </summary>
/// <remarks>
/// The memory for states by code is half the limit of a batch, in addition to DuckDB's. It is estimated first from the number of events
/// (<see cref="FirstBytesPerEvent"/> for each such aggregate, as if every event had a key of its own), then from what the pieces
/// before turned out to be: <see cref="BytesPerState"/> for each state and twice its encoded bytes. What DuckDB cannot
/// do for lack of memory is tried again in halves. Not thread-safe.
/// </remarks>
internal sealed class PieceSize
{
    /// <summary>Bytes of memory that an event is taken to cost in each aggregate by code, before there is anything to go by.</summary>
    public const int FirstBytesPerEvent = 512;

    /// <summary>Bytes of memory that a state by code costs besides what it holds.</summary>
    public const int BytesPerState = 128;

    private const long LeastEvents = 4096;
    private const int MostGrowth = 4;

    private readonly int _aggregatesByCode;
    private readonly long _stateMemoryBytes;
    private long _most = long.MaxValue;

    /// <summary>Begins a computation.</summary>
    /// <param name="plan">The view.</param>
    /// <param name="memoryBytes">The limit of a batch.</param>
    public PieceSize(ViewPlan plan, long memoryBytes)
    {
        _aggregatesByCode = plan.Aggregates.Count(a => a.Function.Code is not null);
        _stateMemoryBytes = memoryBytes / 2;
        Events = _aggregatesByCode == 0 ? long.MaxValue : Math.Max(LeastEvents, _stateMemoryBytes / (_aggregatesByCode * FirstBytesPerEvent));
    }

    /// <summary>How many events to compute at once.</summary>
    public long Events { get; private set; }

    /// <summary>Learns from a piece that was computed.</summary>
    /// <param name="events">How many events it had.</param>
    /// <param name="keys">How many keys.</param>
    /// <param name="stateBytes">The bytes of all their states.</param>
    public void Learn(long events, long keys, long stateBytes)
    {
        if (_aggregatesByCode > 0)
        {
            double perEvent = ((BytesPerState * (double)_aggregatesByCode * keys) + (2.0 * stateBytes)) / events;
            double fitting = Math.Min(_stateMemoryBytes / Math.Max(perEvent, 1e-9), MostGrowth * (double)Events);
            Events = Math.Min(_most, Math.Max(LeastEvents, (long)fitting));
        }
    }

    /// <summary>Goes on in halves of what was too much.</summary>
    /// <param name="events">How many events were too much.</param>
    /// <returns>False if they are so few that less would not help.</returns>
    public bool TryHalve(long events)
    {
        if (events <= LeastEvents)
        {
            return false;
        }

        Events = _most = Math.Max(LeastEvents, events / 2);
        return true;
    }
}
