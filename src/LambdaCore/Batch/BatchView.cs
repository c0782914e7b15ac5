using LambdaCore.Tables;

namespace LambdaCore.Batch;

/// <summary>
/// One layer of a view's batch: its states over a range of the log, immutable, in a mapped lookup file. It lives as long as
/// somebody holds it: who takes it from a list of layers must <see cref="TryAcquire"/> it. Thread-safe.
/// </summary>
internal sealed class BatchView
{
    private readonly LookupFile _lookup;
    private readonly DeltaFile _file;
    private int _holders = 1;

    /// <summary>Creates a view with one holder.</summary>
    /// <param name="lookup">The states; closed with the view.</param>
    /// <param name="range">The events that the states are the fold of.</param>
    /// <param name="keys">The number of rows of the Parquet file.</param>
    /// <param name="file">The Parquet file of the same states.</param>
    public BatchView(LookupFile lookup, LogRange range, long keys, DeltaFile file)
    {
        Keys = keys;
        _lookup = lookup;
        _file = file;
        Range = range;
    }

    /// <summary>The events that the states are the fold of.</summary>
    public LogRange Range { get; }

    /// <summary>When the states were computed, or merged.</summary>
    public DateTimeOffset ComputedAt => _file.ModificationTime;

    /// <summary>The states.</summary>
    public LookupFile Lookup => _lookup;

    /// <summary>The Parquet file's name in its table.</summary>
    public string FileName => _file.Path;

    /// <summary>The number of rows of the Parquet file: one per key, and where keys have sessions, one per session.</summary>
    public long Keys { get; }

    /// <summary>The length of both files.</summary>
    public long Bytes => _file.Size + _lookup.Length;

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
