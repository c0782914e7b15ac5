namespace LambdaCore.Benchmarks.Soak;

/// <summary>What was acknowledged and changed, in little memory: how many events each producer has, and the changes in their order.</summary>
internal sealed class SoakOracle
{
    private readonly List<SoakChange> _changes = [];
    private readonly long[] _acknowledged;
    private long _erased;
    private int _erasing;

    public SoakOracle(int producers) => _acknowledged = new long[producers];

    public int Producers => _acknowledged.Length;

    public long Total => _acknowledged.Sum();

    /// <summary>How many events of a producer were acknowledged.</summary>
    public long Of(int producer) => Volatile.Read(ref _acknowledged[producer]);

    public void Acknowledge(int producer, int count) => Volatile.Write(ref _acknowledged[producer], _acknowledged[producer] + count);

    /// <summary>Erased events, and whether some are being erased just now.</summary>
    public (long Erased, bool IsErasing) Erasures
    {
        get
        {
            bool erasing = Volatile.Read(ref _erasing) != 0;
            return (Volatile.Read(ref _erased), erasing);
        }
    }

    /// <summary>How many events a change should find.</summary>
    public long Expected(SoakChange change)
    {
        long count = 0;
        for (long number = change.From; number < change.To; number++)
        {
            count += _changes.Exists(c => c.IsErasure && c.Producer == change.Producer && c.From <= number && number < c.To) ? 0 : 1;
        }

        return count;
    }

    public void EraseBegins() => Volatile.Write(ref _erasing, 1);

    /// <summary>Records a change that was made.</summary>
    public void Made(SoakChange change, long events)
    {
        _changes.Add(change);
        if (change.IsErasure)
        {
            Volatile.Write(ref _erased, _erased + events);
            Volatile.Write(ref _erasing, 0);
        }
    }

    /// <summary>What each view should say. For the end, when nothing changes any more.</summary>
    public SoakTruth Fold()
    {
        SoakTruth truth = new();
        ILookup<int, SoakChange> changes = _changes.ToLookup(c => c.Producer);
        for (int producer = 0; producer < Producers; producer++)
        {
            // Changes reach short ranges, so most numbers meet none.
            SoakChange[] mine = [.. changes[producer]];
            HashSet<long> touched = [.. mine.SelectMany(c => Range(c.From / SoakTruth.Block, (c.To - 1) / SoakTruth.Block))];
            for (long number = 0; number < _acknowledged[producer]; number++)
            {
                SoakEvent e = SoakEvent.Of(producer, number);
                bool erased = false;
                if (touched.Contains(number / SoakTruth.Block))
                {
                    foreach (SoakChange change in mine.Where(c => c.From <= number && number < c.To))
                    {
                        erased |= change.IsErasure;
                        e = e with { Amount = e.Amount + change.Delta, Twin = e.Twin - change.Delta };
                    }
                }

                if (!erased)
                {
                    truth.Add(e);
                }
            }
        }

        return truth;
    }

    private static IEnumerable<long> Range(long first, long last)
    {
        for (long value = first; value <= last; value++)
        {
            yield return value;
        }
    }
}

/// <summary>A correction of a range of a producer's events, or their erasure.</summary>
internal sealed record SoakChange(int Producer, long From, long To, long Delta, bool IsErasure);

/// <summary>What the views should say.</summary>
internal sealed class SoakTruth
{
    public const long Block = 1024;

    public Dictionary<int, SoakTotals> ByProducer { get; } = [];

    public Dictionary<int, SoakTotals> ByUser { get; } = [];

    public Dictionary<SoakHour, SoakTotals> Hourly { get; } = [];

    public void Add(SoakEvent e)
    {
        Add(ByProducer, e.Producer, e);
        Add(ByUser, e.User, e);
        Add(Hourly, new SoakHour(new DateTimeOffset(e.At.Ticks - (e.At.Ticks % TimeSpan.TicksPerHour), TimeSpan.Zero), e.Kind), e);
    }

    private static void Add<TKey>(Dictionary<TKey, SoakTotals> view, TKey key, SoakEvent e)
        where TKey : notnull
    {
        SoakTotals totals = view.GetValueOrDefault(key, new SoakTotals(0, 0, 0, long.MinValue));
        view[key] = new SoakTotals(totals.Count + 1, totals.Amount + e.Amount, totals.Twin + e.Twin, Math.Max(totals.Last, e.Number));
    }
}
