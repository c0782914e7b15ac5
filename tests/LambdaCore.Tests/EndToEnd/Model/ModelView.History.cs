namespace LambdaCore.Tests.EndToEnd.Model;

/// <content>Questions about the past, and about where a row comes from.</content>
internal sealed partial class ModelView<TKey, TResult>
{
    public override async Task<string> CheckPastAsync(HistoricalStore<AnyEvent> past, StoreMoment moment, IReadOnlyList<AnyEvent?> events, int end, Random random)
    {
        // As after a batch that ended there.
        IReadOnlyList<ExpectedRow<TKey, TResult>> rows = _oracle.Rows(events, new LogRange(default, new LogPosition(end)), i => moment.Times.Counts(i, end));
        if (random.Next(3) == 0)
        {
            TKey key = rows.Count > 0 && random.Next(3) > 0 ? rows[random.Next(rows.Count)].Key : _oracle.KeyOf(moment.Source.Next());
            string asked = $"{Name}: get {Values.Show(key)} as of {end}";
            ExpectedRow<TKey, TResult>? expected = rows.FirstOrDefault(r => r.Bytes.AsSpan().SequenceEqual(_oracle.Encode(key)));
            try
            {
                ViewEntry<TKey, TResult>? entry = await past.GetAsync(definition, key);
                Model.Check(!(expected?.Overflows ?? false), $"{asked}: reading must overflow, but gave {Values.Show(entry is null ? null : entry.Result)}");
                Model.Check(expected is null == entry is null, $"{asked}: expected {Values.Show(expected is null ? null : expected.Result)}, got {Values.Show(entry is null ? null : entry.Result)}");
                if (entry is not null)
                {
                    CheckRow(asked, expected! with { Source = SourceOf(moment, entry) }, entry);
                    CheckRowComplete(asked, expected!, entry);
                    CheckPastReceipt(asked, entry.Receipt, moment, events, end);
                }
            }
            catch (OverflowException) when (expected is { Overflows: true })
            {
            }

            return asked;
        }

        RandomQuestion<TKey, TResult> question = new(random, moment, definition, _oracle);
        await CheckPastAsync(past, moment, events, end, rows, question);
        return $"{question} as of {end}";
    }

    public override async Task<string> CheckExplanationAsync(StoreMoment moment, Random random)
    {
        IReadOnlyList<AnyEvent?> events = moment.Events;
        IReadOnlyList<ExpectedRow<TKey, TResult>> whole = _oracle.Rows(events, WholeOf(moment), moment.CountedWith(WholeOf(moment).End));
        TKey key = whole.Count > 0 && random.Next(5) > 0 ? whole[random.Next(whole.Count)].Key : _oracle.KeyOf(moment.Source.Next());
        byte[] bytes = _oracle.Encode(key);
        string asked = $"{Name}: explain {Values.Show(key)}";
        ViewExplanation<AnyEvent, TKey, TResult> explained;
        try
        {
            explained = await moment.Store.ExplainAsync(definition, key);
        }
        catch (OverflowException)
        {
            return $"{asked}, which overflows";
        }

        Receipt receipt = explained.Receipt;
        Dictionary<int, ExplainedEvent<AnyEvent>> listed = [];
        int last = -1;
        await foreach (ExplainedEvent<AnyEvent> e in explained.Events)
        {
            int at = (int)e.Position.Value;
            Model.Check(at > last && at < receipt.Position.Value, $"{asked}: the event at {at} came after the one at {last}, {receipt}");
            last = at;
            listed.Add(at, e);
            Model.Check(events[at] is { } kept && StoreModel.Encode(kept).AsSpan().SequenceEqual(StoreModel.Encode(e.Event)), $"{asked}: the event at {at} is {events[at]}, but came as {e.Event}");
            Model.Check(e.IngestedAt == moment.Times.IngestedAt(at), $"{asked}: the event at {at} was appended at {moment.Times.IngestedAt(at):O}, but says {e.IngestedAt:O}");
            bool waits = !moment.CountedWith(receipt.BatchEnd)(at);
            AnswerSource source = at < receipt.BatchEnd.Value ? AnswerSource.Batch : waits ? AnswerSource.None : at < moment.LogAnsweredUpTo(Name) ? AnswerSource.Log : AnswerSource.Speed;
            Model.Check(e.Source == source, $"{asked}: the event at {at} counts in {source}, but is said to in {e.Source}, {receipt}");
        }

        ExpectedRow<TKey, TResult>[] Rows(Func<int, bool> counts) =>
            [.. _oracle.Rows(events, receipt.Range, counts).Where(r => r.Bytes.AsSpan().SequenceEqual(bytes))];
        ExpectedRow<TKey, TResult>[] fold = Rows(i => listed.TryGetValue(i, out ExplainedEvent<AnyEvent>? e) && e.Source != AnswerSource.None);
        Model.Check(fold.Length == (explained.Row is null ? 0 : 1), $"{asked}: {listed.Count} events have {fold.Length} rows, but the answer was {explained.Row}");
        if (explained.Row is { } row)
        {
            Model.Check(Values.Same(fold[0].Result, row.Result, fold[0].Tolerance), $"{asked}: the events fold to {Values.Show(fold[0].Result)}, but the row is {Values.Show(row.Result)}");
            Model.Check(row.Receipt == receipt, $"{asked}: two receipts");
        }

        // Nothing of the key is left among the others; events that wait belong to no session.
        Func<int, bool> counted = moment.CountedWith(definition.Plan.SessionKey is null ? WholeOf(moment).End : receipt.BatchEnd);
        Model.Check(Rows(i => counted(i) && !listed.ContainsKey(i)).Length == 0, $"{asked}: {listed.Count} events are told, but there are more");
        return asked;
    }

    private async Task CheckPastAsync(
        HistoricalStore<AnyEvent> past, StoreMoment moment, IReadOnlyList<AnyEvent?> events, int end, IReadOnlyList<ExpectedRow<TKey, TResult>> rows, RandomQuestion<TKey, TResult> question)
    {
        ViewAnswer<TKey, TResult> answer;
        try
        {
            answer = await question.AskAsync(past);
        }
        catch (OverflowException)
        {
            Model.Check(rows.Any(r => r.Overflows && question.Accepts(r)), $"{question} as of {end}: reading overflowed, but no row does");
            return;
        }

        List<ExpectedRow<TKey, TResult>> expected = [.. question.InOrder(rows.Where(question.Accepts)).Take(question.Take ?? int.MaxValue)];
        Model.Check(!expected.Any(r => r.Overflows), $"{question} as of {end}: reading must overflow, but did not");
        Model.Check(expected.Count == answer.Rows.Count, $"{question} as of {end}: expected {expected.Count} rows, got {answer.Rows.Count}.\nExpected {Values.Show(expected.Select(r => r.Key))}\ngot      {Values.Show(answer.Rows.Select(r => r.Key))}");
        foreach ((ExpectedRow<TKey, TResult> row, ViewEntry<TKey, TResult> entry) in expected.Zip(answer.Rows))
        {
            Model.Check(Values.Same(row.Key, entry.Key), $"{question} as of {end}: a row should have key {Values.Show(row.Key)}, has {Values.Show(entry.Key)}");
            CheckRow($"{question} as of {end}", row with { Source = SourceOf(moment, entry) }, entry);
            CheckRowComplete($"{question} as of {end}", row, entry);
        }

        CheckPastReceipt($"{question} as of {end}", answer.Receipt, moment, events, end);
    }

    /// <summary>The log, or also archive layers where events have gone.</summary>
    private static AnswerSource SourceOf(StoreMoment moment, ViewEntry<TKey, TResult> entry)
    {
        AnswerSource possible = moment.Store.RawStart == LogPosition.Zero ? AnswerSource.Log : AnswerSource.Log | AnswerSource.Batch;
        return possible == AnswerSource.Log || entry.Source == AnswerSource.None ? AnswerSource.Log : entry.Source & possible;
    }

    private static void CheckPastReceipt(string asked, Receipt receipt, StoreMoment moment, IReadOnlyList<AnyEvent?> events, int end)
    {
        int position = (int)receipt.Position.Value;
        Model.Check(
            position <= end && Enumerable.Range(position, end - position).All(i => events[i] is null || !moment.Times.Counts(i, end)),
            $"{asked}: the answer ends at {position}, but events count up to {end}");
        Model.Check(receipt.Range == new LogRange(default, receipt.Position) && receipt.BatchEnd == receipt.Position, $"{asked}: the receipt says {receipt}");
        LogPosition rawStart = receipt.Position == LogPosition.Zero ? LogPosition.Zero : moment.Store.RawStart;
        Model.Check(
            receipt.Layers[^1] is { Source: AnswerSource.Log } log && log.Range == new LogRange(rawStart, receipt.Position)
                && receipt.Layers.SkipLast(1).All(l => l.Source == AnswerSource.Batch && l.Range.End <= rawStart),
            $"{asked}: the layers are {string.Join(", ", receipt.Layers)}");
        Model.Check(receipt.Reconciliation is null && receipt.Late == default, $"{asked}: the receipt says {receipt}");
        DateTimeOffset? watermark = moment.Times.TimeOfWatermarkAt(position);
        Model.Check(receipt.Watermark is null || receipt.Watermark <= watermark, $"{asked}: the watermark is {receipt.Watermark:O}, but was {watermark:O}");
    }
}
