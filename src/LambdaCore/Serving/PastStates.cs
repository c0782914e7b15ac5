using LambdaCore.Aggregates;
using LambdaCore.Batch;
using LambdaCore.Speed;
using LambdaCore.Values;

namespace LambdaCore.Serving;

/// <summary>Takes what is held for a key.</summary>
/// <returns>Whether to go on.</returns>
internal delegate bool VisitKey<TRow>(ReadOnlySpan<byte> key, ref KeyStates<TRow> states)
    where TRow : struct, IState<TRow>;

/// <summary>What was computed of the log as it was, and the archive layers over what has gone before. These stay open until this is disposed. Not thread-safe.</summary>
/// <typeparam name="TRow">The states of one key.</typeparam>
internal sealed class PastStates<TRow> : IDisposable
    where TRow : struct, IState<TRow>
{
    private readonly KeyTable<TRow> _fromLog;
    private readonly ServingSnapshot _layers;

    private PastStates(in PastReading reading, KeyTable<TRow> fromLog, ServingSnapshot layers, IReadOnlyList<BatchView> archive, LogPosition start)
    {
        Reading = reading;
        _fromLog = fromLog;
        _layers = layers;
        Archive = archive;
        Start = start;
    }

    /// <summary>What was read of the log.</summary>
    public PastReading Reading { get; }

    /// <summary>The archive layers, oldest first.</summary>
    public IReadOnlyList<BatchView> Archive { get; }

    /// <summary>The first event that counts.</summary>
    public LogPosition Start { get; }

    /// <summary>Puts both together.</summary>
    /// <param name="reading">What was read of the log.</param>
    /// <param name="fromLog">The states.</param>
    /// <param name="layers">The view's batch layers, held; they are let go with this.</param>
    /// <returns>Null if the layers do not meet what was read.</returns>
    public static PastStates<TRow>? Of(in PastReading reading, KeyTable<TRow> fromLog, ServingSnapshot layers)
    {
        if (reading.Start == LogPosition.Zero)
        {
            return new PastStates<TRow>(in reading, fromLog, layers, [], LogPosition.Zero);
        }

        LogPosition end = reading.Start;
        BatchView[] archive = [.. layers.Batches.TakeWhile(b => b.Range.End <= end)];
        return (archive.Length == 0 ? layers.Start : archive[^1].Range.End) == end
            ? new PastStates<TRow>(in reading, fromLog, layers, archive, layers.Start)
            : null;
    }

    /// <summary>What is held for a key.</summary>
    public KeyStates<TRow> Find(ReadOnlySpan<byte> key)
    {
        KeyStates<TRow> states = default;
        ulong hash = XxHash64.Hash(key);
        if (_fromLog.Find(key, hash) is >= 0 and int row)
        {
            states.AddLog(in _fromLog.Row(row));
        }

        foreach (BatchView layer in Archive)
        {
            if (layer.Lookup.TryGet(key, hash, out ReadOnlySpan<byte> state))
            {
                states.AddBatch(layer.Lookup, state);
            }
        }

        return states;
    }

    /// <summary>Visits what is held for the keys of a range, in order.</summary>
    public void Scan(KeyRange range, VisitKey<TRow> visit)
    {
        SortedRows<TRow> sorted = new(_fromLog);
        LayerCursor stored = new(Archive.Select(l => l.Lookup), range.Low, range.High);
        bool goesOn = true;
        for (bool more = stored.MoveNext(); goesOn && (more || sorted.HasRow);)
        {
            ReadOnlySpan<byte> key = !more || (sorted.HasRow && sorted.Key.SequenceCompareTo(stored.Key) < 0) ? sorted.Key : stored.Key;
            KeyStates<TRow> states = default;
            if (sorted.TryTake(key, out TRow fromLog))
            {
                states.AddLog(in fromLog);
            }

            bool isStored = more && stored.Key.SequenceEqual(key);
            for (int row = 0; isStored && row < stored.RowCount; row++)
            {
                states.AddBatch(stored.File(row), stored.State(row));
            }

            goesOn = !range.Contains(key) || visit(key, ref states);
            more = isStored ? stored.MoveNext() : more;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _layers.Release();
}
