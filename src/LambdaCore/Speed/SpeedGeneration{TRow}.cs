using System.Runtime.CompilerServices;
using LambdaCore.Aggregates;
using LambdaCore.Log;
using LambdaCore.Values;

namespace LambdaCore.Speed;

/// <inheritdoc/>
/// <typeparam name="TRow">The states of one key.</typeparam>
internal sealed class SpeedGeneration<TRow> : SpeedGeneration
    where TRow : struct, IState<TRow>
{
    private const int SampledRows = 16;
    private const int FoldsPerSample = 1 << 14;

    private readonly TablePool<TRow> _pool;

    /// <summary>The states, or what has come to them since, that are larger than what the spill store takes.</summary>
    private readonly KeyTable<TRow> _large = new();
    private FrozenTable[] _frozen = []; // Replaced, never changed: flushing looks at it without a lock.
    private readonly ByteWriter _sample = new();
    private long _spilledKeys;
    private long _heapBytesPerRow;
    private int _foldsUntilSample;

    /// <summary>Creates an empty generation.</summary>
    public SpeedGeneration(uint number, LogPosition start, TablePool<TRow> pool)
        : base(number, start)
    {
        _pool = pool;
        Active = pool.Take();
    }

    /// <summary>The table that folds go into.</summary>
    public KeyTable<TRow> Active { get; private set; }

    /// <inheritdoc/>
    public override long Keys => Active.Count + _large.Count + _frozen.Sum(frozen => frozen.Table.Count - frozen.Moved) + _spilledKeys;

    /// <inheritdoc/>
    public override long TableBytes => BytesOf(Active) + BytesOf(_large) + _frozen.Sum(frozen => BytesOf(frozen.Table));

    /// <inheritdoc/>
    public override bool HasFrozen => _frozen.Length > 0;

    /// <summary>About how many bytes the active table takes, with what its states refer to.</summary>
    /// <param name="folds">How many events were folded since the last call.</param>
    public long MeasureActive(int folds)
    {
        if (RuntimeHelpers.IsReferenceOrContainsReferences<TRow>())
        {
            _foldsUntilSample -= folds;
            if (_foldsUntilSample <= 0 && Active.Count > 0)
            {
                _foldsUntilSample = FoldsPerSample;
                _heapBytesPerRow = SampleRows();
            }
        }

        return BytesOf(Active);
    }

    /// <inheritdoc/>
    public override bool Freeze()
    {
        if (Active.Count == 0)
        {
            return false;
        }

        _frozen = [.. _frozen, new FrozenTable(Active)];
        Active = _pool.Take();
        return true;
    }

    /// <summary>Takes over the states of the generation that follows, unless some of them were spilled. Only under the layer's gate and write lock; nothing is folded into either any more.</summary>
    /// <param name="next">The generation that follows; it is empty afterwards.</param>
    /// <param name="tables">How many frozen tables have come to this one.</param>
    /// <returns>Whether it was taken over.</returns>
    public bool TryAbsorb(SpeedGeneration<TRow> next, out int tables)
    {
        tables = 0;
        if (next.SpillStart is not null)
        {
            return false;
        }

        // In the order of the events, for the states that depend on it.
        int before = _frozen.Length;
        Freeze();
        next.Freeze();
        _frozen = [.. _frozen, .. next._frozen];
        tables = _frozen.Length - before;
        next.Drop();
        return true;
    }

    /// <inheritdoc/>
    public override void Drop()
    {
        _frozen = [];
        _large.Clear();
        Active = new KeyTable<TRow>();
    }

    /// <summary>Merges the states of a key into a row.</summary>
    /// <returns>Whether there were any.</returns>
    public bool TryMerge(ReadOnlySpan<byte> key, ulong hash, SpillStore? spill, ref TRow row)
    {
        bool found = false;
        int number;
        foreach (KeyTable<TRow> table in (ReadOnlySpan<KeyTable<TRow>>)[Active, _large])
        {
            number = table.Find(key, hash);
            if (number >= 0)
            {
                row.Merge(in table.Row(number));
                found = true;
            }
        }

        foreach (FrozenTable frozen in _frozen)
        {
            number = frozen.Table.Find(key, hash);
            if (number >= frozen.Moved)
            {
                row.Merge(in frozen.Table.Row(number));
                found = true;
            }
        }

        return (SpillStart is not null && spill!.TryMerge(Number, key, ref row)) || found;
    }

    /// <summary>What a scan needs, to be taken under the read lock and used while nothing is moved or dropped.</summary>
    /// <param name="range">The keys that matter.</param>
    /// <param name="isCurrent">Whether folds still go into the active table, so that it has to be copied.</param>
    /// <param name="spill">The spill store.</param>
    public SpeedSnapshot<TRow> Capture(KeyRange range, bool isCurrent, SpillStore? spill)
    {
        var tables = new List<(KeyTable<TRow> Table, int FirstRow)>(_frozen.Length + 1);
        foreach (FrozenTable frozen in _frozen)
        {
            tables.Add((frozen.Table, frozen.Moved));
        }

        tables.Add((_large, 0));
        tables.Add((isCurrent ? Copy(Active, range) : Active, 0));
        return new SpeedSnapshot<TRow>(tables, Number, SpillStart ?? 0, SpillStart is null ? 0 : spill!.TailAddress);
    }

    /// <inheritdoc/>
    public override void PrepareFlush(SpillStore spill, FlushBatch batch, int keys)
    {
        batch.Clear(keys);
        FrozenTable frozen = _frozen[0];
        SpillSession session = spill.Rent();
        for (int number = frozen.Moved; number < frozen.Table.Count && !batch.IsFull; number++)
        {
            ReadOnlySpan<byte> key = frozen.Table.Key(number);
            if (_large.Find(key, frozen.Table.Hash(number)) >= 0)
            {
                batch.Begin(key);
                batch.Withhold();
                continue;
            }

            TRow merged = default;
            long address = 0;
            int room = 0;
            if (SpillStart is not null)
            {
                address = session.Read(Number, key, out ByteReader state, out room);
                if (address != 0)
                {
                    spill.ThrowIfFaulted();
                    merged = TRow.Read(ref state);
                }
            }

            ByteWriter writer = batch.Begin(key);
            if (address == 0)
            {
                frozen.Table.Row(number).Write(writer);
            }
            else
            {
                merged.Merge(in frozen.Table.Row(number));
                merged.Write(writer);
            }

            batch.End(address, room, spill.LargestRecord);
        }

        spill.Return(session);
        spill.ThrowIfFaulted();
    }

    /// <inheritdoc/>
    public override bool CommitFlush(SpillStore spill, FlushBatch batch)
    {
        SpillStart ??= spill.TailAddress;
        batch.WriteTo(spill, Number);
        _spilledKeys += batch.NewKeys;
        FrozenTable frozen = _frozen[0];
        foreach (int number in batch.Withheld)
        {
            int row = frozen.Moved + number;
            _large.GetOrAdd(frozen.Table.Key(row), frozen.Table.Hash(row)).Merge(in frozen.Table.Row(row));
        }

        frozen.Moved += batch.Count;
        if (frozen.Moved < frozen.Table.Count)
        {
            return false;
        }

        _frozen = _frozen[1..];
        _pool.Return(frozen.Table);
        return true;
    }

    private static KeyTable<TRow> Copy(KeyTable<TRow> table, KeyRange range)
    {
        var copy = new KeyTable<TRow>();
        for (int number = 0; number < table.Count; number++)
        {
            ReadOnlySpan<byte> key = table.Key(number);
            if (range.Contains(key))
            {
                // States may refer to memory that folds write to, so merging, not assigning.
                copy.GetOrAdd(key, table.Hash(number)).Merge(in table.Row(number));
            }
        }

        return copy;
    }

    private long BytesOf(KeyTable<TRow> table) => table.Bytes + (table.Count * _heapBytesPerRow);

    private long SampleRows()
    {
        _sample.Clear();
        int step = Math.Max(1, Active.Count / SampledRows);
        int rows = 0;
        for (int number = 0; number < Active.Count; number += step, rows++)
        {
            Active.Row(number).Write(_sample);
        }

        return _sample.Length / rows;
    }

    private sealed class FrozenTable(KeyTable<TRow> table)
    {
        public KeyTable<TRow> Table { get; } = table;

        /// <summary>How many rows, from the first, count in the spill store and no longer here.</summary>
        public int Moved { get; set; }
    }
}
