using LambdaCore.Aggregates;
using LambdaCore.Log;
using LambdaCore.Values;
using LambdaCore.Views;

namespace LambdaCore.Speed;

/// <summary>The speed layer's part of one view: its states from a position on, in generations without gap or overlap.</summary>
/// <remarks>Reading is for any thread, loading and folding for the layer's consumer.</remarks>
/// <typeparam name="TEvent">The event type.</typeparam>
/// <typeparam name="TRow">The states of one key.</typeparam>
internal sealed class SpeedView<TEvent, TRow> : SpeedView<TEvent>
    where TRow : struct, IState<TRow>
{
    private readonly SpeedLayer<TEvent> _layer;
    private readonly Func<TEvent, bool>? _filter;
    private readonly Action<TEvent, ByteWriter> _writeKey;
    private readonly Action<TEvent, EventKeys>? _writeKeys;
    private readonly FoldEvent<TEvent, TRow> _fold;
    private readonly TablePool<TRow> _pool;
    private readonly ByteWriter _keys = new();
    private readonly EventKeys _eventKeys = new();
    private volatile SpeedGeneration<TRow>[] _generations; // Replaced, never changed.
    private Prepared[] _prepared = new Prepared[64];
    private int _preparedCount;
    private int _next;

    /// <summary>Creates a view that has seen nothing before a position.</summary>
    internal SpeedView(
        SpeedLayer<TEvent> layer, Func<TEvent, bool>? filter, Action<TEvent, ByteWriter> writeKey, Action<TEvent, EventKeys>? writeKeys,
        FoldEvent<TEvent, TRow> fold, LogPosition start)
    {
        _layer = layer;
        _filter = filter;
        _writeKey = writeKey;
        _writeKeys = writeKeys;
        _fold = fold;
        _pool = new TablePool<TRow>(8 * layer.Options.FlushKeys);
        _generations = [new SpeedGeneration<TRow>(layer.NextGenerationNumber(), start, _pool)];
    }

    /// <inheritdoc/>
    public override IReadOnlyList<SpeedGeneration> Generations => _generations;

    /// <inheritdoc/>
    protected override SpeedLayer<TEvent> Layer => _layer;

    private SpeedGeneration<TRow> Current => _generations[^1];

    /// <summary>Merges the states of a key, from a position on, into a row. Only within a <see cref="ReadScope"/>.</summary>
    /// <param name="key">The encoded key.</param>
    /// <param name="hash">Its <see cref="XxHash64"/>.</param>
    /// <param name="from">Where the layer before ends.</param>
    /// <param name="row">The row; unchanged if there are none.</param>
    /// <returns>Whether there were any.</returns>
    /// <exception cref="LambdaCoreException">No generation starts there: a gap or an overlap. Or the disk failed.</exception>
    public bool TryMerge(ReadOnlySpan<byte> key, ulong hash, LogPosition from, ref TRow row)
    {
        bool found = false;
        for (int i = IndexOf(from); i < _generations.Length; i++)
        {
            found |= _generations[i].TryMerge(key, hash, _layer.Spill, ref row);
        }

        return found;
    }

    /// <summary>Visits the states of all keys of a range, from a position on, as they are at one moment.</summary>
    /// <param name="from">Called at that moment, while the layer stands still: where the layer before ends. Whatever else belongs to the same
    /// moment, such as the list of layers, is to be taken there.</param>
    /// <param name="range">The keys that matter.</param>
    /// <param name="visit">Called for each state.</param>
    /// <returns>The end of the events that the states cover.</returns>
    /// <exception cref="LambdaCoreException">No generation starts there: a gap or an overlap. Or the disk failed.</exception>
    public LogPosition Scan(Func<LogPosition> from, KeyRange range, SpeedVisitor<TRow> visit)
    {
        _layer.Gate.EnterReadLock();
        try
        {
            LogPosition position;
            var snapshots = new List<SpeedSnapshot<TRow>>();
            using (ReadScope scope = _layer.EnterRead())
            {
                position = scope.Position;
                for (int i = IndexOf(from()); i < _generations.Length; i++)
                {
                    snapshots.Add(_generations[i].Capture(range, i == _generations.Length - 1, _layer.Spill));
                }
            }

            foreach (SpeedSnapshot<TRow> snapshot in snapshots)
            {
                snapshot.Scan(range, _layer.Spill, visit);
            }

            return position;
        }
        finally
        {
            _layer.Gate.ExitReadLock();
        }
    }

    /// <summary>Holds the states of the events of a range in the place where they are. Keep it short, since what has grown full cannot be moved out meanwhile.</summary>
    /// <param name="range">A range that generations begin and end with; nothing is added to it any more.</param>
    /// <exception cref="LambdaCoreException">There are no such generations.</exception>
    public FrozenStates<TRow> Hold(LogRange range)
    {
        _layer.Gate.EnterReadLock();
        try
        {
            using ReadScope scope = _layer.EnterRead();
            SpeedGeneration<TRow>[] generations = _generations[IndexOf(range.Start)..IndexOf(range.End)];
            return new FrozenStates<TRow>(_layer.Gate, _layer.Spill, Array.ConvertAll(generations, g => g.Capture(KeyRange.All, isCurrent: false, _layer.Spill)));
        }
        catch
        {
            _layer.Gate.ExitReadLock();
            throw;
        }
    }

    /// <summary>Merges the state of a key that was computed elsewhere, for events from the view's start up to the layer's end.</summary>
    /// <param name="key">The encoded key.</param>
    /// <param name="hash">Its <see cref="XxHash64"/>.</param>
    /// <param name="state">The bytes of its states.</param>
    public void Load(ReadOnlySpan<byte> key, ulong hash, ref ByteReader state)
    {
        TRow loaded = TRow.Read(ref state);
        _layer.EnterWrite();
        try
        {
            Current.Active.GetOrAdd(key, hash).Merge(in loaded);
            _layer.FreezeFull(folds: 1);
        }
        finally
        {
            _layer.ExitWrite();
        }

        _layer.MoveFrozen(folds: 1);
    }

    /// <inheritdoc/>
    public override bool Prepare(ReadOnlySpan<TEvent> events, LogPosition first, ReadOnlySpan<int> skipped)
    {
        _next = (int)Math.Clamp(Current.Start.Value - first.Value, 0, events.Length);
        PrepareNext(events, skipped);
        return _next == events.Length;
    }

    /// <inheritdoc/>
    public override void Fold(ReadOnlySpan<TEvent> events, ReadOnlySpan<long> eventTimes, LogPosition first, ReadOnlySpan<int> skipped)
    {
        FoldPrepared(events, eventTimes, first);
        while (_next < events.Length)
        {
            _layer.MakeRoom(_preparedCount);
            PrepareNext(events, skipped);
            FoldPrepared(events, eventTimes, first);
        }
    }

    /// <inheritdoc/>
    public override SpeedGeneration? FreezeIfFull(int folds)
    {
        SpeedGeneration<TRow> current = Current;
        bool full = current.Active.Count >= _layer.Options.FlushKeys || current.MeasureActive(folds) >= _layer.FlushBytes;
        return full && current.Freeze() ? current : null;
    }

    /// <inheritdoc/>
    public override void OpenGeneration(LogPosition start)
    {
        if (Current.Start < start)
        {
            _generations = [.. _generations, new SpeedGeneration<TRow>(_layer.NextGenerationNumber(), start, _pool)];
        }
    }

    /// <inheritdoc/>
    public override IReadOnlyList<SpeedGeneration> JoinOldUnderLock()
    {
        List<SpeedGeneration<TRow>> left = [_generations[0]];
        List<SpeedGeneration> grown = [];
        foreach (SpeedGeneration<TRow> next in _generations.Skip(1))
        {
            if (next != _generations[^1] && next != _generations[^2] && left[^1].TryAbsorb(next, out int tables))
            {
                grown.AddRange(Enumerable.Repeat(left[^1], tables));
            }
            else
            {
                left.Add(next);
            }
        }

        _generations = [.. left];
        return grown;
    }

    /// <inheritdoc/>
    public override bool Forget(LogPosition position)
    {
        int dropped = 0;
        while (dropped + 1 < _generations.Length && _generations[dropped + 1].Start <= position)
        {
            _generations[dropped].Drop();
            dropped++;
        }

        _generations = _generations[dropped..];
        return dropped > 0;
    }

    private void FoldPrepared(ReadOnlySpan<TEvent> events, ReadOnlySpan<long> eventTimes, LogPosition first)
    {
        KeyTable<TRow> table = Current.Active;
        ReadOnlySpan<Prepared> prepared = _prepared.AsSpan(0, _preparedCount);
        ReadOnlySpan<byte> keys = _keys.Written;
        for (int i = 0; i < prepared.Length; i++)
        {
            Prepared next = prepared[i];
            int keyEnd = i + 1 < prepared.Length ? prepared[i + 1].KeyStart : keys.Length;
            ref TRow row = ref table.GetOrAdd(keys[next.KeyStart..keyEnd], next.Hash);
            _fold(events[next.Event], new EventStamp(eventTimes[next.Event], first.Value + next.Event), ref row);
        }
    }

    // Not always all that is left: where an event writes many keys, those of a large group would not fit into memory, or into a buffer.
    private void PrepareNext(ReadOnlySpan<TEvent> events, ReadOnlySpan<int> skipped)
    {
        _keys.Clear();
        _preparedCount = 0;
        int enough = _layer.Options.PreparedKeyBytes;
        for (; _next < events.Length && _keys.Length < enough; _next++)
        {
            while (!skipped.IsEmpty && skipped[0] < _next)
            {
                skipped = skipped[1..];
            }

            if (!skipped.IsEmpty && skipped[0] == _next)
            {
                continue;
            }

            TEvent item = events[_next];
            if (_filter is not null && !_filter(item))
            {
                continue;
            }

            if (_writeKeys is null)
            {
                int start = _keys.Length;
                _writeKey(item, _keys);
                AddPrepared(start, _next);
            }
            else
            {
                PrepareSeveral(item, _next);
            }
        }
    }

    private void PrepareSeveral(TEvent item, int index)
    {
        _eventKeys.Clear();
        _writeKeys!(item, _eventKeys);
        for (int key = 0; key < _eventKeys.Count; key++)
        {
            int start = _keys.Length;
            _keys.WriteRaw(_eventKeys[key]);
            AddPrepared(start, index);
        }
    }

    private void AddPrepared(int keyStart, int index)
    {
        if (_preparedCount == _prepared.Length)
        {
            Array.Resize(ref _prepared, 2 * _preparedCount);
        }

        _prepared[_preparedCount++] = new Prepared(XxHash64.Hash(_keys.Written[keyStart..]), keyStart, index);
    }

    private int IndexOf(LogPosition from)
    {
        for (int i = 0; i < _generations.Length; i++)
        {
            if (_generations[i].Start == from)
            {
                return i;
            }
        }

        throw new LambdaCoreException(
            $"States were asked for from position {from} on, but the speed layer has them from {string.Join(", ", _generations.Select(generation => generation.Start))}: there would be a gap or an overlap. Open the store again to rebuild the speed layer.");
    }

    /// <param name="Hash">The key's hash.</param>
    /// <param name="KeyStart">Where the key starts in the buffer of keys.</param>
    /// <param name="Event">Which event of the group.</param>
    private readonly record struct Prepared(ulong Hash, int KeyStart, int Event);
}
