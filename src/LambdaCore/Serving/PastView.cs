using LambdaCore.Aggregates;
using LambdaCore.Batch;
using LambdaCore.Speed;
using LambdaCore.Values;
using LambdaCore.Views;

namespace LambdaCore.Serving;

/// <summary>
/// One view as of some moment of the log: each question is answered by the view's SQL over the events of that moment, and by archive layers over those that retention
/// has removed. Thread-safe.
/// </summary>
/// <param name="program">The view.</param>
/// <param name="maker">Makes rows.</param>
/// <param name="receipts">Writes receipts.</param>
/// <param name="batch">Computes states.</param>
/// <param name="holdLayers">Gives the view's batch layers of now, held.</param>
/// <param name="past">The moment.</param>
internal sealed class PastView<TEvent, TKey, TResult, TRow>(
    ViewProgram<TEvent, TKey, TResult, TRow> program, RowMaker<TEvent, TKey, TResult, TRow> maker, ReceiptWriter receipts, BatchTable batch, Func<ServingSnapshot> holdLayers, PastLog past)
    : IViewReader<TKey, TResult>
    where TRow : struct, IState<TRow>
{
    /// <inheritdoc/>
    public string ResultText => program.ResultText;

    /// <inheritdoc/>
    public void Check(Reconciliation reconciliation) => throw new InvalidOperationException(
        $"View '{program.Plan.Name}' was asked for {reconciliation} as of a moment of the log: such an answer comes from the log alone, so there is nothing to reconcile. Leave Reconcile(...) out.");

    /// <inheritdoc/>
    public IViewReader<TKey, TResult> AsOf(PastLog past) => new PastView<TEvent, TKey, TResult, TRow>(program, maker, receipts, batch, holdLayers, past);

    /// <inheritdoc/>
    public async ValueTask<ViewEntry<TKey, TResult>?> GetAsync(TKey key, Consistency consistency, Reconciliation? reconciliation, CancellationToken cancellationToken)
    {
        ByteWriter writer = new();
        program.WriteKey(key, writer);
        byte[] bytes = writer.Written.ToArray();
        using PastStates<TRow> past = await ReadAsync(KeyRestriction.To(program.Plan, bytes), cancellationToken).ConfigureAwait(false);
        return Of(past, () => Find(past, key, bytes));
    }

    private ViewEntry<TKey, TResult>? Find(PastStates<TRow> past, TKey key, byte[] bytes)
    {
        RowReconciliation how = FromLog();
        KeyStates<TRow> states = past.Find(bytes);
        if (!maker.TryMakeOne(ref how, key, ref states, out MadeRow<TResult> row))
        {
            return null;
        }

        long? askedUntil = (program.WindowStart ?? program.Sessions?.Start)?.Invoke(key) + 1;
        return receipts.EntryOf(program, key, in row, receipts.Write(past.Reading, past.Archive, past.Start, row.Sources, askedUntil, row.SessionEnd ?? long.MinValue));
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
        using PastStates<TRow> states = await ReadAsync(filter.Restriction, cancellationToken).ConfigureAwait(false);
        return await Task.Run(() => Of(states, () => Answer(question, filter, states, cancellationToken)), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Answers; layers that turn out to be damaged are archives, which cannot be computed again.</summary>
    private TAnswer Of<TAnswer>(PastStates<TRow> past, Func<TAnswer> answer)
    {
        try
        {
            return answer();
        }
        catch (LookupDamagedException damage) when (past.Archive.FirstOrDefault(l => l.Lookup.Path == damage.Path) is { } layer)
        {
            throw batch.ArchiveDamaged(layer.Range, damage.Path, damage);
        }
    }

    private ViewAnswer<TKey, TResult> Answer(
        ViewQuestion<TKey, TResult> question, RowFilter<TKey> filter, PastStates<TRow> past, CancellationToken cancellationToken)
    {
        PastReading reading = past.Reading;
        if (question.Consistency.Position > reading.End)
        {
            throw new InvalidOperationException(
                $"View '{program.Plan.Name}' was asked for an answer with all events before {question.Consistency.Position}, but as of a moment of the log that ends at {reading.End}. Leave WithConsistency(...) out, or choose a later moment.");
        }

        RowCollector<TEvent, TKey, TResult, TRow> rows = new(program, maker, FromLog(), filter, question);
        AnswerSource contributed = AnswerSource.None;
        if (filter.Path.Keys is { } keys)
        {
            foreach (byte[] key in keys)
            {
                KeyStates<TRow> states = past.Find(key);
                contributed |= states.Sources == AnswerSource.None ? AnswerSource.None : rows.Add(key, ref states);
            }
        }
        else
        {
            past.Scan(filter.Path.Range, (ReadOnlySpan<byte> key, ref KeyStates<TRow> states) =>
            {
                cancellationToken.ThrowIfCancellationRequested();
                contributed |= rows.Add(key, ref states);
                return !rows.IsFull;
            });
        }

        Receipt receipt = receipts.Write(in reading, past.Archive, past.Start, contributed, question.Between?.To, rows.LastSessionEnd);
        IEnumerable<ViewEntry<TKey, TResult>> entries = rows.Rows.Select(row => receipts.EntryOf(program, row.Key, in row.Row, receipt));
        entries = question.Order is null ? entries : entries.OrderBy(entry => entry, question.Order);
        return new ViewAnswer<TKey, TResult>([.. entries.Take(question.Take ?? int.MaxValue)], receipt);
    }

    private async Task<PastStates<TRow>> ReadAsync(KeyRestriction restriction, CancellationToken cancellationToken)
    {
        while (true)
        {
            KeyTable<TRow> states = new();
            PastReading reading = await batch.VisitAsync(
                past, restriction, (key, state) => StateBytes.MergeInto(ref states.GetOrAdd(key, XxHash64.Hash(key)), state), cancellationToken).ConfigureAwait(false);
            ServingSnapshot layers = holdLayers();
            if (PastStates<TRow>.Of(in reading, states, layers) is { } all)
            {
                return all;
            }

            layers.Release();
            if (batch.RawStart == reading.Start)
            {
                throw new LambdaCoreException($"View '{program.Plan.Name}' has no archive layer that ends at {reading.Start}, where raw events begin. Open the store again.");
            }

            // Retention has removed more meanwhile.
        }
    }

    private static RowReconciliation FromLog() => new(null, AnswerSource.Log);
}
