using LambdaCore.Aggregates;
using LambdaCore.Batch;
using LambdaCore.Speed;
using LambdaCore.Values;
using LambdaCore.Views;

namespace LambdaCore.Serving;

/// <summary>
/// One view of an open store: answers questions by merging, per key, the states of its layers. Thread-safe.
/// </summary>
internal sealed class ServedView<TEvent, TKey, TResult, TRow> : ServedView<TEvent>, IViewReader<TKey, TResult>
    where TRow : struct, IState<TRow>
{
    [ThreadStatic]
    private static ByteWriter? _keyBuffer;

    private readonly ViewProgram<TEvent, TKey, TResult, TRow> _program;
    private readonly ServingContext<TEvent> _context;
    private readonly SpeedView<TEvent, TRow> _speed;
    private readonly ReceiptWriter _receipts;

    /// <summary>Creates a view with its first layers, and its part of the speed layer, which begins where they end.</summary>
    public ServedView(
        ViewProgram<TEvent, TKey, TResult, TRow> program, BatchTable batch, ServingSnapshot snapshot, ServingContext<TEvent> context)
        : base(program.Plan, batch, snapshot)
    {
        _program = program;
        _context = context;
        _speed = context.Speed.AddView<TRow>(program.Filter, program.WriteEventKey, program.Fold, snapshot.End);
        _receipts = new ReceiptWriter(program.Plan, context.EventTimeColumn, context.Progress, context.SealedWatermark, context.Clock);
    }

    /// <inheritdoc/>
    public string ResultText => _program.ResultText;

    /// <inheritdoc/>
    public override unsafe void LoadSpeed(Action<VisitStates> visitAll) =>
        visitAll((key, state) =>
        {
            fixed (byte* start = state)
            {
                ByteReader reader = new(start, state.Length);
                _speed.Load(key, XxHash64.Hash(key), ref reader);
            }
        });

    /// <inheritdoc/>
    public override void Replace(BatchView view)
    {
        ServingSnapshot next = new([view]);
        ServingSnapshot old = _context.Speed.Exclusive(() => Replaced(next));
        _speed.DropBefore(next.End);
        old.Release();
    }

    /// <inheritdoc/>
    public ValueTask<ViewEntry<TKey, TResult>?> GetAsync(TKey key, Consistency consistency, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ValueTask ready = _context.WaitAsync(consistency, cancellationToken);
        if (ready.IsCompletedSuccessfully)
        {
            try
            {
                return new(Get(key));
            }
            catch (LookupDamagedException damage)
            {
                return RepairAsync(damage);
            }
        }

        return WaitAsync(ready);

        async ValueTask<ViewEntry<TKey, TResult>?> WaitAsync(ValueTask ready)
        {
            await ready.ConfigureAwait(false);
            try
            {
                return Get(key);
            }
            catch (LookupDamagedException damage)
            {
                return await RepairAsync(damage).ConfigureAwait(false);
            }
        }

        async ValueTask<ViewEntry<TKey, TResult>?> RepairAsync(LookupDamagedException damage)
        {
            await _context.Repair(this, damage).ConfigureAwait(false);
            return Get(key);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<ViewAnswer<TKey, TResult>> ExecuteAsync(ViewQuestion<TKey, TResult> question, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await _context.WaitAsync(question.Consistency, cancellationToken).ConfigureAwait(false);
        try
        {
            return Execute(question, cancellationToken);
        }
        catch (LookupDamagedException damage)
        {
            await _context.Repair(this, damage).ConfigureAwait(false);
            return Execute(question, cancellationToken);
        }
    }

    private ViewAnswer<TKey, TResult> Execute(ViewQuestion<TKey, TResult> question, CancellationToken cancellationToken)
    {
        RowFilter<TKey> filter = RowFilter<TKey>.Of(Plan, _program.Key, _program.WindowStart, question.Where, question.Between);
        RowCollector<TEvent, TKey, TResult, TRow> rows = new(_program, filter, question.Having);
        LayerReading reading = filter.Path.Keys is { } keys
            ? LookUp(keys, question.Layers, rows)
            : Scan(filter.Path.Range, question, rows, cancellationToken);
        Receipt receipt = _receipts.Write(reading, question.Layers, question.Between?.End);
        IEnumerable<ViewEntry<TKey, TResult>> entries = rows.Rows.Select(row => new ViewEntry<TKey, TResult>(row.Key, row.Result, receipt));
        if (question.Order is not null)
        {
            entries = entries.OrderBy(entry => entry, question.Order);
        }

        return new ViewAnswer<TKey, TResult>([.. entries.Take(question.Take ?? int.MaxValue)], receipt);
    }

    private ViewEntry<TKey, TResult>? Get(TKey key)
    {
        ByteWriter buffer = _keyBuffer ??= new ByteWriter();
        buffer.Clear();
        _program.WriteKey(key, buffer);
        ReadOnlySpan<byte> bytes = buffer.Written;
        ulong hash = XxHash64.Hash(bytes);
        TRow row = default;
        LayerReading reading;
        using (ReadScope scope = Enter(out reading))
        {
            if (_speed.TryMerge(bytes, hash, reading.Snapshot.End, ref row))
            {
                reading.Contributed |= AnswerSource.Speed;
            }

            reading.Snapshot.Acquire();
        }

        try
        {
            MergeBatches(bytes, hash, ref row, ref reading);
        }
        finally
        {
            reading.Snapshot.Release();
        }

        if (reading.Contributed == AnswerSource.None)
        {
            return null;
        }

        long? askedUntil = _program.WindowStart?.Invoke(key) + 1;
        return new ViewEntry<TKey, TResult>(key, _program.Project(key, in row), _receipts.Write(reading, AnswerSource.Merged, askedUntil));
    }

    private LayerReading LookUp(IReadOnlyList<byte[]> keys, AnswerSource layers, RowCollector<TEvent, TKey, TResult, TRow> rows)
    {
        TRow[] merged = new TRow[keys.Count];
        bool[] found = new bool[keys.Count];
        ulong[] hashes = [.. keys.Select(k => XxHash64.Hash(k))];
        LayerReading reading;
        using (ReadScope scope = Enter(out reading))
        {
            if (layers.HasFlag(AnswerSource.Speed))
            {
                for (int i = 0; i < keys.Count; i++)
                {
                    found[i] = _speed.TryMerge(keys[i], hashes[i], reading.Snapshot.End, ref merged[i]);
                }
            }

            reading.Snapshot.Acquire();
        }

        AnswerSource contributed = AnswerSource.None;
        try
        {
            for (int i = 0; i < keys.Count; i++)
            {
                reading.Contributed = found[i] ? AnswerSource.Speed : AnswerSource.None;
                if (layers.HasFlag(AnswerSource.Batch))
                {
                    MergeBatches(keys[i], hashes[i], ref merged[i], ref reading);
                }

                if (reading.Contributed != AnswerSource.None && rows.Add(keys[i], in merged[i]))
                {
                    contributed |= reading.Contributed;
                }
            }
        }
        finally
        {
            reading.Snapshot.Release();
        }

        reading.Contributed = contributed;
        return reading;
    }

    /// <summary>
    /// Merges the sorted rows of the batch views with the sorted rows of the speed layer, both restricted to the range of keys.
    /// </summary>
    private LayerReading Scan(
        KeyRange range, ViewQuestion<TKey, TResult> question, RowCollector<TEvent, TKey, TResult, TRow> rows, CancellationToken cancellationToken)
    {
        int limit = question.Order is null ? question.Take ?? int.MaxValue : int.MaxValue;
        LayerReading reading = new() { Snapshot = ServingSnapshot.Empty };
        AnswerSource contributed = AnswerSource.None;
        KeyTable<TRow> recent = new();
        try
        {
            LogPosition position = _speed.Scan(
                () =>
                {
                    reading = Capture();
                    reading.Snapshot.Acquire();
                    return reading.Snapshot.End;
                },
                question.Layers.HasFlag(AnswerSource.Speed) ? range : KeyRange.None,
                (ReadOnlySpan<byte> key, ulong hash, in TRow row) => recent.GetOrAdd(key, hash).Merge(in row));
            reading.Position = position;
            int[] order = SortedByKey(recent);
            int next = 0;
            if (question.Layers.HasFlag(AnswerSource.Batch))
            {
                foreach (BatchView batch in reading.Snapshot.Batches)
                {
                    LookupFile.Enumerator stored = batch.Lookup.Scan(range.Low, range.High);
                    while (rows.Rows.Count < limit && stored.MoveNext())
                    {
                        cancellationToken.ThrowIfCancellationRequested();
                        int comparison = 1;
                        while (next < order.Length && (comparison = recent.Key(order[next]).SequenceCompareTo(stored.Key)) < 0)
                        {
                            contributed |= EmitRecent(order[next++]);
                        }

                        TRow row = Read(stored.State);
                        AnswerSource sources = AnswerSource.Batch;
                        if (next < order.Length && comparison == 0)
                        {
                            row.Merge(in recent.Row(order[next++]));
                            sources = AnswerSource.Merged;
                        }

                        if (rows.Add(stored.Key, in row))
                        {
                            contributed |= sources;
                        }
                    }
                }
            }

            while (rows.Rows.Count < limit && next < order.Length)
            {
                contributed |= EmitRecent(order[next++]);
            }
        }
        finally
        {
            reading.Snapshot.Release();
        }

        reading.Contributed = contributed;
        return reading;

        AnswerSource EmitRecent(int number) =>
            rows.Add(recent.Key(number), in recent.Row(number)) ? AnswerSource.Speed : AnswerSource.None;
    }

    private static int[] SortedByKey(KeyTable<TRow> table)
    {
        int[] order = new int[table.Count];
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        Array.Sort(order, (a, b) => table.Key(a).SequenceCompareTo(table.Key(b)));
        return order;
    }

    private static void MergeBatches(ReadOnlySpan<byte> key, ulong hash, ref TRow row, ref LayerReading reading)
    {
        foreach (BatchView batch in reading.Snapshot.Batches)
        {
            if (batch.Lookup.TryGet(key, hash, out ReadOnlySpan<byte> state))
            {
                TRow stored = Read(state);
                row.Merge(in stored);
                reading.Contributed |= AnswerSource.Batch;
            }
        }
    }

    private static unsafe TRow Read(ReadOnlySpan<byte> state)
    {
        fixed (byte* start = state)
        {
            ByteReader reader = new(start, state.Length);
            return TRow.Read(ref reader);
        }
    }

    /// <summary>Begins a moment at which the speed layer stands still, and captures the layers that belong to it.</summary>
    private ReadScope Enter(out LayerReading reading)
    {
        ReadScope scope = _context.Speed.EnterRead();
        reading = Capture();
        reading.Position = scope.Position;
        return scope;
    }

    /// <summary>
    /// Captures the immutable layers, within a moment of the speed layer, where nobody can swap them. Whoever reads them after that moment
    /// acquires them before its end.
    /// </summary>
    private LayerReading Capture() => new() { Snapshot = Snapshot, Watermark = _context.Progress.Watermark };
}
