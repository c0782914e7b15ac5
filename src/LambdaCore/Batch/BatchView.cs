namespace LambdaCore.Batch;

/// <summary>
/// The batch layer of one view: its states over a range of the log, immutable, in a mapped lookup file. It lives as long as
/// somebody holds it: who takes it from a list of layers must <see cref="TryAcquire"/> it. Thread-safe.
/// </summary>
internal sealed class BatchView
{
    private readonly LookupFile _lookup;
    private int _holders = 1;

    /// <summary>Creates a view with one holder.</summary>
    /// <param name="lookup">The states; closed with the view.</param>
    /// <param name="range">The events that the states are the fold of.</param>
    /// <param name="computedAt">When they were computed.</param>
    public BatchView(LookupFile lookup, LogRange range, DateTimeOffset computedAt)
    {
        _lookup = lookup;
        Range = range;
        ComputedAt = computedAt;
    }

    /// <summary>The events that the states are the fold of.</summary>
    public LogRange Range { get; }

    /// <summary>When the states were computed.</summary>
    public DateTimeOffset ComputedAt { get; }

    /// <summary>The states.</summary>
    public LookupFile Lookup => _lookup;

    /// <summary>Holds the view, unless its last holder has let it go.</summary>
    public bool TryAcquire()
    {
        int holders = Volatile.Read(ref _holders);
        while (holders > 0)
        {
            int seen = Interlocked.CompareExchange(ref _holders, holders + 1, holders);
            if (seen == holders)
            {
                return true;
            }

            holders = seen;
        }

        return false;
    }

    /// <summary>Lets the view go; with its last holder the file is closed.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _holders) == 0)
        {
            _lookup.Dispose();
        }
    }
}
