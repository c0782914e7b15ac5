using LambdaCore.Aggregates;
using LambdaCore.Batch;
using LambdaCore.Speed;
using LambdaCore.Values;
using LambdaCore.Views;

namespace LambdaCore.Serving;

/// <summary>
/// One view of an open store: answers questions by merging, per key, the states of its layers. Thread-safe.
/// </summary>
internal sealed class ServedView<TEvent, TKey, TResult, TRow> : ServedView<TEvent>, IViewExplainer<TEvent, TKey, TResult>
    where TRow : struct, IState<TRow>
{
    /// <summary>How often a question is answered anew since the log was changed meanwhile.</summary>
    private const int MostAttempts = 20;

    [ThreadStatic]
    private static ByteWriter? _keyBuffer;

    private readonly ViewProgram<TEvent, TKey, TResult, TRow> _program;
    private readonly ServingContext<TEvent> _context;
    private readonly SpeedView<TEvent, TRow> _speed;
    private LogPosition _speedStart;
    private readonly ReceiptWriter _receipts;
    private readonly DriftAudit<TEvent, TKey, TResult, TRow> _audit;
    private readonly RowMaker<TEvent, TKey, TResult, TRow> _maker;
    private readonly Reconciler _reconciler;

    /// <summary>
    /// Creates a view with its first layers and its part of the speed layer. If that begins after they end, what lies between is computed from the
    /// log whenever it is asked for, until they go on to where it begins.
    /// </summary>
    /// <param name="program">The definition, compiled.</param>
    /// <param name="batch">Where batch views are computed and kept.</param>
    /// <param name="snapshot">The first layers.</param>
    /// <param name="speedStart">Where the speed layer's part begins: where they end, or later, at the end of the sealed events.</param>
    /// <param name="context">What all views share.</param>
    /// <param name="reconciliation">How layers become one answer, unless a question chooses.</param>
    public ServedView(
        ViewProgram<TEvent, TKey, TResult, TRow> program, BatchTable batch, ServingSnapshot snapshot, LogPosition speedStart, ServingContext<TEvent> context, Reconciliation reconciliation)
        : base(program.Plan, batch, snapshot)
    {
        _program = program;
        _context = context;
        _speedStart = speedStart;
        _speed = context.Speed.AddView<TRow>(program.Filter, program.WriteEventKey, program.Fold, speedStart, program.WriteEventKeys);
        _audit = new DriftAudit<TEvent, TKey, TResult, TRow>(program, _speed);
        WindowAssigner? windows = EventTimeWindows.Of(program.Plan, context.EventTimeColumn);
        bool hasSessions = EventTimeWindows.HasSessions(program.Plan, context.EventTimeColumn);
        _maker = new RowMaker<TEvent, TKey, TResult, TRow>(program, windows);
        _reconciler = new Reconciler(reconciliation, windows is not null || hasSessions, context.Progress, end => context.SealedTally(end).Watermark, context.LastBatchFailed, context.Clock);
        _receipts = new ReceiptWriter(program.Plan, windows, hasSessions, context.Progress, context.SealedTally, context.AmendedEnd, context.Clock);
    }

    /// <inheritdoc/>
    public string ResultText => _program.ResultText;

    /// <inheritdoc/>
    public override LogPosition SpeedStart => SpeedStartAfter(Snapshot);

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
    protected override void Exclusively(Action change) => _context.Speed.Exclusive(() =>
    {
        change();
        return true;
    });

    /// <inheritdoc/>
    protected override void DropSpeedBefore(LogPosition position) => _speed.DropBefore(position);

    /// <inheritdoc/>
    public override void JoinSpeedGenerations() => _speed.JoinOld();

    /// <inheritdoc/>
    public override void ReadFromLog(LogPosition end)
    {
        Exclusively(() => _speedStart = LogPosition.Max(_speedStart, end));
        DropSpeedBefore(end);
    }

    /// <inheritdoc/>
    public override DriftFindings Audit(BatchView batch, CancellationToken cancellationToken) => _audit.Run(batch, cancellationToken);

    /// <inheritdoc/>
    public override ViewComparison Compare(IReadOnlyList<LookupFile> old, IReadOnlyList<LookupFile> current, LogPosition end, CancellationToken cancellationToken) =>
        new ViewComparer<TEvent, TKey, TResult, TRow>(_program).Run(old, current, end, cancellationToken);

    /// <inheritdoc/>
    public void Check(Reconciliation reconciliation) => _maker.Check(reconciliation);

    /// <inheritdoc/>
    public ValueTask<ViewEntry<TKey, TResult>?> GetAsync(TKey key, Consistency consistency, Reconciliation? reconciliation, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ValueTask ready = _context.WaitAsync(consistency, cancellationToken);
        if (ready.IsCompletedSuccessfully && !ReadsLog)
        {
            try
            {
                return new(Get(key, consistency, reconciliation, cancellationToken));
            }
            catch (LookupDamagedException damage)
            {
                return RepairAsync(damage, () => Get(key, consistency, reconciliation, cancellationToken));
            }
        }

        return WaitAsync(ready);

        async ValueTask<ViewEntry<TKey, TResult>?> WaitAsync(ValueTask ready)
        {
            await ready.ConfigureAwait(false);
            return await AnswerAsync(() => Get(key, consistency, reconciliation, cancellationToken), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<ViewAnswer<TKey, TResult>> ExecuteAsync(ViewQuestion<TKey, TResult> question, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (question.WaitsForRebuild)
        {
            await Rebuilt.WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        await _context.WaitAsync(question.Consistency, cancellationToken).ConfigureAwait(false);
        return await AnswerAsync(() => Execute(question, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public IViewReader<TKey, TResult> AsOf(PastLog past) => new PastView<TEvent, TKey, TResult, TRow>(_program, _maker, _receipts, Batch, HoldLayers, past);

    /// <inheritdoc/>
    public async ValueTask<KeyExplanation<TEvent, TKey, TResult>> ExplainAsync(TKey key, CancellationToken cancellationToken)
    {
        await _context.WaitAsync(Consistency.Latest, cancellationToken).ConfigureAwait(false);
        (ViewEntry<TKey, TResult>? entry, Receipt? receipt, long? sessionEnd) = await AnswerAsync(
            () => Get(key, Consistency.Latest, Reconciliation.Merge, isReceiptNeeded: true, cancellationToken), cancellationToken).ConfigureAwait(false);
        return KeyEvents.Of(_program, key, entry, receipt!, sessionEnd);
    }

    /// <summary>Whether some of what may be asked for is in the log only.</summary>
    private bool ReadsLog => Snapshot.End < _speedStart;

    private LogPosition SpeedStartAfter(ServingSnapshot snapshot) => LogPosition.Max(snapshot.End, _speedStart);

    /// <summary>Answers, elsewhere than on the calling thread if the log has to be read.</summary>
    private async ValueTask<TAnswer> AnswerAsync<TAnswer>(Func<TAnswer> answer, CancellationToken cancellationToken)
    {
        try
        {
            return ReadsLog ? await Task.Run(() => AnswerFromLog(answer), cancellationToken).ConfigureAwait(false) : answer();
        }
        catch (LookupDamagedException damage)
        {
            return await RepairAsync(damage, answer).ConfigureAwait(false);
        }
    }

    /// <summary>Answers anew where the log was changed between the moment at which the layers were captured and that at which it was read.</summary>
    private static TAnswer AnswerFromLog<TAnswer>(Func<TAnswer> answer)
    {
        for (int left = MostAttempts; ; left--)
        {
            try
            {
                return answer();
            }
            catch (LogChangedException) when (left > 1)
            {
                // What is captured next is of the new revision.
            }
        }
    }

    /// <summary>Computes damaged layers anew, one after another as they show, until there is an answer; but not more of them than there are.</summary>
    private async ValueTask<TAnswer> RepairAsync<TAnswer>(LookupDamagedException damage, Func<TAnswer> answer)
    {
        for (int left = Snapshot.Batches.Count; ; left--)
        {
            await _context.Repair(this, damage).ConfigureAwait(false);
            try
            {
                return AnswerFromLog(answer);
            }
            catch (LookupDamagedException another) when (left > 1)
            {
                damage = another;
            }
        }
    }

    private ViewAnswer<TKey, TResult> Execute(ViewQuestion<TKey, TResult> question, CancellationToken cancellationToken)
    {
        RowFilter<TKey> filter = RowFilter<TKey>.Of(Plan, _program.Key, _program.WindowStart, question.Where, question.Between);
        RowCollector<TEvent, TKey, TResult, TRow> rows;
        LayerReading reading;
        ServingSnapshot latest;
        RowReconciliation how;
        do
        {
            latest = Snapshot;
            how = _reconciler.Choose(question.Reconciliation, question.Layers, question.Consistency, latest);
            rows = new RowCollector<TEvent, TKey, TResult, TRow>(_program, _maker, how, filter, question);
            reading = filter.Path.Keys is { } keys
                ? LookUp(keys, filter.Restriction, question.Consistency, rows, cancellationToken)
                : Scan(filter, question, rows, cancellationToken);
        }
        while (how.Reason is not null && reading.Snapshot != latest); // A batch came in between, of which the reason may not be true.

        Receipt receipt = _receipts.Write(reading, in rows.How, question.Between?.To, rows.LastSessionEnd);
        IEnumerable<ViewEntry<TKey, TResult>> entries = rows.Rows.Select(row => EntryOf(row.Key, in row.Row, receipt));
        if (question.Order is not null)
        {
            entries = entries.OrderBy(entry => entry, question.Order);
        }

        return new ViewAnswer<TKey, TResult>([.. entries.Take(question.Take ?? int.MaxValue)], receipt);
    }

    private ViewEntry<TKey, TResult>? Get(TKey key, Consistency consistency, Reconciliation? reconciliation, CancellationToken cancellationToken) =>
        Get(key, consistency, reconciliation, isReceiptNeeded: false, cancellationToken).Entry;

    private (ViewEntry<TKey, TResult>? Entry, Receipt? Receipt, long? SessionEnd) Get(
        TKey key, Consistency consistency, Reconciliation? reconciliation, bool isReceiptNeeded, CancellationToken cancellationToken)
    {
        ByteWriter buffer = _keyBuffer ??= new ByteWriter();
        buffer.Clear();
        _program.WriteKey(key, buffer);
        ReadOnlySpan<byte> bytes = buffer.Written;
        ulong hash = XxHash64.Hash(bytes);
        KeyStates<TRow> states = default;
        LayerReading reading;
        RowReconciliation how;
        using (ReadScope scope = Enter(out reading))
        {
            how = _reconciler.Choose(reconciliation, AnswerSource.Merged, consistency, reading.Snapshot);
            _reconciler.Settle(ref how, consistency, reading.Snapshot);
            if (how.Layers.HasFlag(AnswerSource.Speed))
            {
                FindSpeed(bytes, hash, in reading, ref states);
            }

            reading.Snapshot.Acquire();
        }

        try
        {
            FindBatch(bytes, hash, in reading, ref states);
        }
        finally
        {
            reading.Snapshot.Release();
        }

        if (how.Layers.HasFlag(AnswerSource.Speed) && !reading.InLog.IsEmpty)
        {
            FindInLog(bytes, hash, ReadLog(in reading, KeyRestriction.To(Plan, bytes), cancellationToken), ref states);
        }

        bool isThere = _maker.TryMakeOne(ref how, key, ref states, out MadeRow<TResult> row);
        if (!isThere && !isReceiptNeeded)
        {
            return (null, null, null);
        }

        reading.Contributed = row.Sources;
        long? askedUntil = (_program.WindowStart ?? _program.Sessions?.Start)?.Invoke(key) + 1;
        Receipt receipt = _receipts.Write(reading, in how, askedUntil, row.SessionEnd ?? long.MinValue);
        return (isThere ? EntryOf(key, in row, receipt) : null, receipt, row.SessionEnd);
    }

    private ViewEntry<TKey, TResult> EntryOf(TKey key, in MadeRow<TResult> row, Receipt receipt) => _receipts.EntryOf(_program, key, in row, receipt);

    private LayerReading LookUp(
        IReadOnlyList<byte[]> keys, KeyRestriction restriction, Consistency consistency, RowCollector<TEvent, TKey, TResult, TRow> rows, CancellationToken cancellationToken)
    {
        KeyStates<TRow>[] states = new KeyStates<TRow>[keys.Count];
        ulong[] hashes = [.. keys.Select(k => XxHash64.Hash(k))];
        LayerReading reading;
        using (ReadScope scope = Enter(out reading))
        {
            _reconciler.Settle(ref rows.How, consistency, reading.Snapshot);
            if (rows.How.Layers.HasFlag(AnswerSource.Speed))
            {
                for (int i = 0; i < keys.Count; i++)
                {
                    FindSpeed(keys[i], hashes[i], in reading, ref states[i]);
                }
            }

            reading.Snapshot.Acquire();
        }

        try
        {
            KeyTable<TRow> fromLog = rows.How.Layers.HasFlag(AnswerSource.Speed) ? ReadLog(in reading, restriction, cancellationToken) : new();
            for (int i = 0; i < keys.Count; i++)
            {
                FindInLog(keys[i], hashes[i], fromLog, ref states[i]);
                if (rows.How.Layers.HasFlag(AnswerSource.Batch))
                {
                    FindBatch(keys[i], hashes[i], in reading, ref states[i]);
                }

                if (states[i].Sources != AnswerSource.None)
                {
                    reading.Contributed |= rows.Add(keys[i], ref states[i]);
                }
            }
        }
        finally
        {
            reading.Snapshot.Release();
        }

        return reading;
    }

    /// <summary>
    /// Merges the sorted rows of the batch views with the sorted rows of the speed layer and of the log, all restricted to the range of keys.
    /// </summary>
    private LayerReading Scan(
        RowFilter<TKey> filter, ViewQuestion<TKey, TResult> question, RowCollector<TEvent, TKey, TResult, TRow> rows, CancellationToken cancellationToken)
    {
        LayerReading reading = new() { Snapshot = ServingSnapshot.Empty };
        KeyTable<TRow> recent = new();
        KeyRange range = filter.Path.Range;
        bool readsSpeed = rows.How.Layers.HasFlag(AnswerSource.Speed);
        try
        {
            LogPosition position = _speed.Scan(
                () =>
                {
                    LayerReading captured = Capture();
                    captured.Snapshot.Acquire();
                    reading = captured;
                    _reconciler.Settle(ref rows.How, question.Consistency, reading.Snapshot);
                    return reading.SpeedStart;
                },
                readsSpeed ? range : KeyRange.None,
                (ReadOnlySpan<byte> key, ulong hash, in TRow row) =>
                {
                    if (rows.MayWant(key))
                    {
                        recent.GetOrAdd(key, hash).Merge(in row);
                    }
                });
            reading.Position = position;
            SortedRows<TRow> ofSpeed = new(recent);
            SortedRows<TRow> ofLog = new(readsSpeed ? ReadLog(in reading, filter.Restriction, cancellationToken) : new());
            LayerCursor stored = new(
                rows.How.Layers.HasFlag(AnswerSource.Batch) ? reading.Snapshot.Batches.Select(b => b.Lookup) : [], range.Low, range.High);
            bool more = !rows.IsFull && stored.MoveNext();
            while (!rows.IsFull && (more || ofSpeed.HasRow || ofLog.HasRow))
            {
                cancellationToken.ThrowIfCancellationRequested();
                ReadOnlySpan<byte> key = Least(more, stored, ofSpeed, ofLog);
                KeyStates<TRow> states = default;
                if (ofSpeed.TryTake(key, out states.Speed))
                {
                    states.Sources |= AnswerSource.Speed;
                }

                if (ofLog.TryTake(key, out TRow fromLog))
                {
                    states.AddLog(in fromLog);
                }

                bool isStored = more && stored.Key.SequenceEqual(key);
                for (int row = 0; isStored && row < stored.RowCount; row++)
                {
                    states.AddBatch(stored.File(row), stored.State(row));
                }

                reading.Contributed |= rows.Add(key, ref states);
                more = isStored ? stored.MoveNext() : more;
            }
        }
        finally
        {
            reading.Snapshot.Release();
        }

        return reading;
    }

    private static ReadOnlySpan<byte> Least(bool isStored, LayerCursor stored, SortedRows<TRow> ofSpeed, SortedRows<TRow> ofLog)
    {
        ReadOnlySpan<byte> least = isStored ? stored.Key : default;
        bool any = isStored;
        foreach (SortedRows<TRow> rows in (ReadOnlySpan<SortedRows<TRow>>)[ofSpeed, ofLog])
        {
            if (rows.HasRow && (!any || rows.Key.SequenceCompareTo(least) < 0))
            {
                least = rows.Key;
                any = true;
            }
        }

        return least;
    }

    /// <summary>Computes from the log what no layer holds. Keys that were not asked for may be there, with parts of their states.</summary>
    private KeyTable<TRow> ReadLog(in LayerReading reading, KeyRestriction restriction, CancellationToken cancellationToken)
    {
        KeyTable<TRow> states = new();
        if (!reading.InLog.IsEmpty)
        {
            long revision = Batch.Visit(
                reading.InLog, restriction, (key, state) => StateBytes.MergeInto(ref states.GetOrAdd(key, XxHash64.Hash(key)), state), cancellationToken);
            if (revision != reading.Revision)
            {
                throw new LogChangedException(Plan.Name, reading.Revision, revision);
            }
        }

        return states;
    }

    private static void FindInLog(ReadOnlySpan<byte> key, ulong hash, KeyTable<TRow> fromLog, ref KeyStates<TRow> states)
    {
        if (fromLog.Find(key, hash) is >= 0 and int row)
        {
            states.AddLog(in fromLog.Row(row));
        }
    }

    private void FindSpeed(ReadOnlySpan<byte> key, ulong hash, in LayerReading reading, ref KeyStates<TRow> states)
    {
        if (_speed.TryMerge(key, hash, reading.SpeedStart, ref states.Speed))
        {
            states.Sources |= AnswerSource.Speed;
        }
    }

    private static void FindBatch(ReadOnlySpan<byte> key, ulong hash, in LayerReading reading, ref KeyStates<TRow> states)
    {
        foreach (BatchView batch in reading.Snapshot.Batches)
        {
            if (batch.Lookup.TryGet(key, hash, out ReadOnlySpan<byte> state))
            {
                states.AddBatch(batch.Lookup, state);
            }
        }
    }

    /// <summary>The immutable layers now, held: to be released.</summary>
    private ServingSnapshot HoldLayers()
    {
        using ReadScope scope = Enter(out LayerReading reading);
        reading.Snapshot.Acquire();
        return reading.Snapshot;
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
    private LayerReading Capture()
    {
        ServingSnapshot snapshot = Snapshot;
        return new LayerReading
        {
            Snapshot = snapshot,
            Revision = snapshot.Batches.Count > 0 ? snapshot.Revision : Batch.LogRevision,
            SpeedStart = SpeedStartAfter(snapshot),
            Progress = _context.Progress.Capture(),
        };
    }
}
