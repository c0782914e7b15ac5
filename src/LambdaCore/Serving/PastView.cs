using LambdaCore.Aggregates;
using LambdaCore.Batch;
using LambdaCore.Speed;
using LambdaCore.Values;
using LambdaCore.Views;

namespace LambdaCore.Serving;

/// <summary>One view as of some moment of the log: each question is answered by the view's SQL over the events of that moment. Thread-safe.</summary>
internal sealed class PastView<TEvent, TKey, TResult, TRow>(
    ViewProgram<TEvent, TKey, TResult, TRow> program, RowMaker<TEvent, TKey, TResult, TRow> maker, ReceiptWriter receipts, BatchTable batch, PastLog past)
    : IViewReader<TKey, TResult>
    where TRow : struct, IState<TRow>
{
    /// <inheritdoc/>
    public string ResultText => program.ResultText;

    /// <inheritdoc/>
    public void Check(Reconciliation reconciliation) => throw new InvalidOperationException(
        $"View '{program.Plan.Name}' was asked for {reconciliation} as of a moment of the log: such an answer comes from the log alone, so there is nothing to reconcile. Leave Reconcile(...) out.");

    /// <inheritdoc/>
    public IViewReader<TKey, TResult> AsOf(PastLog past) => new PastView<TEvent, TKey, TResult, TRow>(program, maker, receipts, batch, past);

    /// <inheritdoc/>
    public async ValueTask<ViewEntry<TKey, TResult>?> GetAsync(TKey key, Consistency consistency, Reconciliation? reconciliation, CancellationToken cancellationToken)
    {
        ByteWriter writer = new();
        program.WriteKey(key, writer);
        byte[] bytes = writer.Written.ToArray();
        (PastReading reading, KeyTable<TRow> table) = await ReadAsync(KeyRestriction.To(program.Plan, bytes), cancellationToken).ConfigureAwait(false);
        RowReconciliation how = FromLog();
        KeyStates<TRow> states = StatesOf(table, bytes);
        if (!maker.TryMakeOne(ref how, key, ref states, out MadeRow<TResult> row))
        {
            return null;
        }

        long? askedUntil = (program.WindowStart ?? program.Sessions?.Start)?.Invoke(key) + 1;
        return receipts.EntryOf(program, key, in row, receipts.Write(in reading, contributed: true, askedUntil, row.SessionEnd ?? long.MinValue));
    }

    /// <inheritdoc/>
    public async ValueTask<ViewAnswer<TKey, TResult>> ExecuteAsync(ViewQuestion<TKey, TResult> question, CancellationToken cancellationToken)
    {
        if (question.Layers != AnswerSource.Merged)
        {
            throw new InvalidOperationException(
                $"View '{program.Plan.Name}' was asked for the layer {question.Layers} as of a moment of the log: such an answer comes from the log alone. Leave From(...) out.");
        }

        RowFilter<TKey> filter = RowFilter<TKey>.Of(program.Plan, program.Key, program.WindowStart, question.Where, question.Between);
        (PastReading reading, KeyTable<TRow> table) = await ReadAsync(filter.Restriction, cancellationToken).ConfigureAwait(false);
        return await Task.Run(() => Answer(question, filter, in reading, table, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    private ViewAnswer<TKey, TResult> Answer(
        ViewQuestion<TKey, TResult> question, RowFilter<TKey> filter, in PastReading reading, KeyTable<TRow> table, CancellationToken cancellationToken)
    {
        if (question.Consistency.Position > reading.End)
        {
            throw new InvalidOperationException(
                $"View '{program.Plan.Name}' was asked for an answer with all events before {question.Consistency.Position}, but as of a moment of the log that ends at {reading.End}. Leave WithConsistency(...) out, or choose a later moment.");
        }

        RowCollector<TEvent, TKey, TResult, TRow> rows = new(program, maker, FromLog(), filter, question);
        bool contributed = false;
        if (filter.Path.Keys is { } keys)
        {
            foreach (byte[] key in keys)
            {
                Add(key);
            }
        }
        else
        {
            for (SortedRows<TRow> sorted = new(table); sorted.HasRow && !rows.IsFull;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                ReadOnlySpan<byte> key = sorted.Key;
                if (sorted.TryTake(key, out _) && filter.Path.Range.Contains(key))
                {
                    Add(key);
                }
            }
        }

        Receipt receipt = receipts.Write(in reading, contributed, question.Between?.To, rows.LastSessionEnd);
        IEnumerable<ViewEntry<TKey, TResult>> entries = rows.Rows.Select(row => receipts.EntryOf(program, row.Key, in row.Row, receipt));
        entries = question.Order is null ? entries : entries.OrderBy(entry => entry, question.Order);
        return new ViewAnswer<TKey, TResult>([.. entries.Take(question.Take ?? int.MaxValue)], receipt);

        void Add(ReadOnlySpan<byte> key)
        {
            KeyStates<TRow> states = StatesOf(table, key);
            contributed |= states.Sources != AnswerSource.None && rows.Add(key, ref states) != AnswerSource.None;
        }
    }

    private async Task<(PastReading Reading, KeyTable<TRow> States)> ReadAsync(KeyRestriction restriction, CancellationToken cancellationToken)
    {
        KeyTable<TRow> states = new();
        PastReading reading = await batch.VisitAsync(
            past, restriction, (key, state) => StateBytes.MergeInto(ref states.GetOrAdd(key, XxHash64.Hash(key)), state), cancellationToken).ConfigureAwait(false);
        return (reading, states);
    }

    private static RowReconciliation FromLog() => new(null, AnswerSource.Log);

    private static KeyStates<TRow> StatesOf(KeyTable<TRow> table, ReadOnlySpan<byte> key)
    {
        KeyStates<TRow> states = default;
        if (table.Find(key, XxHash64.Hash(key)) is >= 0 and int row)
        {
            states.AddLog(in table.Row(row));
        }

        return states;
    }
}
