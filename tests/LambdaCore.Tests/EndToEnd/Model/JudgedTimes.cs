using LambdaCore.Values;

namespace LambdaCore.Tests.EndToEnd.Model;

/// <summary>How a store treats the times of events, as long as it is open.</summary>
internal sealed record TimeOptions(TimeSpan Disorder, TimeSpan Grace, LatePolicy Policy, TimeSpan FutureBound)
{
    /// <summary>Whether it knows that events amend others.</summary>
    public bool Amends { get; init; }

    /// <summary>What a store does that is told nothing.</summary>
    public static TimeOptions Default { get; } = new(TimeSpan.Zero, TimeSpan.FromHours(24), LatePolicy.Include, TimeSpan.FromHours(1));

    /// <summary>Any that make a difference for events of <see cref="AnyEventSource"/>.</summary>
    public static TimeOptions Draw(Random random) => new(
        Choose(random, TimeSpan.Zero, TimeSpan.FromMicroseconds(1), TimeSpan.FromMinutes(40), TimeSpan.FromHours(5)),
        Choose(random, TimeSpan.Zero, TimeSpan.FromMinutes(10), TimeSpan.FromHours(3), TimeSpan.FromHours(24), TimeSpan.MaxValue - TimeSpan.FromTicks(7)),
        Choose(random, LatePolicy.Include, LatePolicy.BatchOnly, LatePolicy.Reject),
        Choose(random, TimeSpan.Zero, TimeSpan.FromMinutes(15), TimeSpan.FromHours(1), TimeSpan.FromHours(12), TimeSpan.MaxValue - TimeSpan.FromTicks(7)));

    private static T Choose<T>(Random random, params T[] values) => values[random.Next(values.Length)];
}

/// <summary>
/// What must become of each event for its time's sake, by the rules as they are told to users: a list and loops over it. All times in microseconds
/// since the Unix epoch.
/// </summary>
internal sealed class JudgedTimes
{
    private readonly List<Judged> _events = [];
    private readonly List<long?> _watermarks = [null];

    /// <summary>Times of events that were appended by now, to a store that was told nothing.</summary>
    public static JudgedTimes ByDefault(IEnumerable<AnyEvent> events)
    {
        JudgedTimes times = new();
        times.Add(events, TimeProvider.System.GetUtcNow(), TimeOptions.Default);
        return times;
    }

    /// <summary>Times of events that were appended one after another, at one time, under one set of options.</summary>
    public void Add(IEnumerable<AnyEvent> events, DateTimeOffset ingestedAt, TimeOptions options)
    {
        foreach (AnyEvent e in events)
        {
            long time = ModelView.EventTime(e);
            long? watermark = _watermarks[^1];
            bool isLate = time < watermark;
            bool isTooLate = isLate && watermark - time > Length(options.Grace);
            bool isHeldBack = time - UnixTime.FromDateTimeOffset(ingestedAt) > Length(options.FutureBound);
            long moves = Math.Max(time - Length(options.Disorder), UnixTime.FromDateTimeOffset(DateTimeOffset.MinValue));
            _events.Add(new Judged(time, isLate, isTooLate, isHeldBack, isTooLate ? options.Policy : null, watermark, UnixTime.FromDateTimeOffset(ingestedAt), e.Amends is not null && options.Amends));
            _watermarks.Add(isHeldBack || watermark > moves ? watermark : moves);
        }
    }

    /// <summary>Whether an event counts in a view whose batch ends at a position.</summary>
    public bool Counts(int position, long batchEnd) => _events[position].Fate switch
    {
        LatePolicy.Reject => false,
        // One that amends others comes to count when it is applied, wherever batches end.
        LatePolicy.BatchOnly => position < batchEnd || _events[position].IsAmending,
        _ => true,
    };

    /// <summary>Whether an event waits, since it amends others and was not rejected.</summary>
    public bool Waits(int position) => _events[position] is { IsAmending: true, Fate: not LatePolicy.Reject };

    /// <summary>The watermark of the events before a position.</summary>
    public long? WatermarkAt(int position) => _watermarks[position];

    /// <summary>The watermark of the events before a position, as a time.</summary>
    public DateTimeOffset? TimeOfWatermarkAt(int position) => WatermarkAt(position) is { } watermark ? UnixTime.ToDateTimeOffset(watermark) : null;

    /// <summary>What became of the late events of a range.</summary>
    public LateCounts Late(int start, int end)
    {
        List<Judged> late = [.. _events.Take(end).Skip(start).Where(e => e.IsLate)];
        int waiting = late.Count(e => e.Fate == LatePolicy.BatchOnly);
        int rejected = late.Count(e => e.Fate == LatePolicy.Reject);
        return new LateCounts(late.Count - waiting - rejected, waiting, rejected);
    }

    /// <summary>The positions of the rejected events.</summary>
    public IEnumerable<int> Rejected => Enumerable.Range(0, _events.Count).Where(i => _events[i].Fate == LatePolicy.Reject);

    /// <summary>When an event was appended.</summary>
    public DateTimeOffset IngestedAt(int position) => UnixTime.ToDateTimeOffset(_events[position].IngestedAt);

    /// <summary>How far behind the watermark an event was that is late.</summary>
    public TimeSpan Lateness(int position) => TimeSpan.FromMicroseconds(_events[position].WatermarkBefore!.Value - _events[position].Time);

    /// <summary>What a store must say of all events.</summary>
    /// <param name="batchEnd">Where the batch of the view ends that is furthest behind.</param>
    public EventTimeStatus Status(long batchEnd) => new()
    {
        Position = new LogPosition(_events.Count),
        Watermark = TimeOfWatermarkAt(_events.Count),
        HighestEventTime = _events.Where(e => !e.IsHeldBack).Select(e => (DateTimeOffset?)UnixTime.ToDateTimeOffset(e.Time)).Max(),
        Late = _events.Count(e => e.IsLate),
        TooLate = _events.Count(e => e.IsTooLate),
        Waiting = _events.Skip((int)batchEnd).Count(e => e.Fate == LatePolicy.BatchOnly),
        Rejected = _events.Count(e => e.Fate == LatePolicy.Reject),
        HeldBack = _events.Count(e => e.IsHeldBack),
    };

    /// <summary>The same times, with a future of their own.</summary>
    public JudgedTimes Copy()
    {
        JudgedTimes copy = new();
        copy._events.AddRange(_events);
        copy._watermarks.AddRange(_watermarks.Skip(1));
        return copy;
    }

    private static long Length(TimeSpan length) => length.Ticks / 10;

    private sealed record Judged(
        long Time, bool IsLate, bool IsTooLate, bool IsHeldBack, LatePolicy? Fate, long? WatermarkBefore, long IngestedAt, bool IsAmending);
}
