using LambdaCore.Values;
using LambdaCore.Views;

namespace LambdaCore.Tests.EndToEnd.Model;

/// <summary>A view of which it is known what it must answer, whatever its types.</summary>
internal abstract class ModelView
{
    /// <summary>The definition.</summary>
    public abstract ViewDefinition<AnyEvent> Definition { get; }

    /// <summary>The view's name.</summary>
    public string Name => Definition.Name;

    /// <summary>Asks a random question, and compares the answer with the oracles.</summary>
    /// <param name="moment">The store, and what is in it.</param>
    /// <param name="random">Decides what is asked.</param>
    /// <returns>What was asked.</returns>
    public abstract Task<string> CheckAsync(StoreMoment moment, Random random);

    /// <summary>Asks for everything, and compares the answer with the oracles.</summary>
    public abstract Task CheckAllAsync(StoreMoment moment);

    /// <summary>A view and, where there is one, an oracle written by hand.</summary>
    /// <param name="definition">The view.</param>
    /// <param name="byHand">Tells the rows that it must have.</param>
    /// <param name="alike">Whether a result, the second, is as good as the one by hand; null if they must be the same.</param>
    public static ModelView Of<TKey, TResult>(
        ViewDefinition<AnyEvent, TKey, TResult> definition, Func<IEnumerable<AnyEvent>, IEnumerable<(TKey Key, TResult Result)>>? byHand = null, Func<TResult, TResult, bool>? alike = null) =>
        new ModelView<TKey, TResult>(definition, byHand, alike ?? ((expected, actual) => Values.Same(expected, actual, 1e-6)));

    /// <summary>Event time as the store has it.</summary>
    public static long EventTime(AnyEvent e) => UnixTime.FromDateTimeOffset(e.At);
}

/// <summary>A store at rest, and what is in it.</summary>
/// <param name="Store">The store.</param>
/// <param name="Events">The events that were acknowledged, in order.</param>
/// <param name="BatchEnds">Where each view's batch view ends, by the view's name; none where it is not known.</param>
/// <param name="Source">Makes events and times like those in the store.</param>
internal sealed record StoreMoment(
    LambdaStore<AnyEvent> Store, IReadOnlyList<AnyEvent> Events, IReadOnlyDictionary<string, long> BatchEnds, AnyEventSource Source);

/// <summary>A view with its types.</summary>
internal sealed class ModelView<TKey, TResult>(
    ViewDefinition<AnyEvent, TKey, TResult> definition, Func<IEnumerable<AnyEvent>, IEnumerable<(TKey Key, TResult Result)>>? byHand, Func<TResult, TResult, bool> alike) : ModelView
{
    private readonly FoldOracle<AnyEvent, TKey, TResult> _oracle = FoldOracle<AnyEvent, TKey, TResult>.Of(definition, EventTime);

    public override ViewDefinition<AnyEvent> Definition => definition;

    /// <summary>The windows, if they are of event time.</summary>
    private WindowAssigner? WindowOfEventTime => definition.Plan.WindowKey is { } key && key.Scalar.Text.Contains($"\"{nameof(AnyEvent.At)}\"", StringComparison.Ordinal) ? key.Window : null;

    public override async Task<string> CheckAsync(StoreMoment moment, Random random)
    {
        if (random.Next(3) == 0)
        {
            return await CheckGetAsync(moment, random);
        }

        RandomQuestion<TKey, TResult> question = new(random, moment, definition, _oracle);
        await CheckAsync(moment, question);
        return question.ToString();
    }

    public override async Task CheckAllAsync(StoreMoment moment)
    {
        RandomQuestion<TKey, TResult> everything = new(moment, definition);
        IReadOnlyList<ViewEntry<TKey, TResult>>? rows = await CheckAsync(moment, everything);
        if (byHand is not null && rows is not null)
        {
            CompareWithHand(rows, byHand(moment.Events));
        }
    }

    private async Task<string> CheckGetAsync(StoreMoment moment, Random random)
    {
        IReadOnlyList<ExpectedRow<TKey, TResult>> rows = _oracle.Rows(moment.Events, WholeOf(moment));
        TKey key = rows.Count > 0 && random.Next(3) > 0 ? rows[random.Next(rows.Count)].Key : _oracle.KeyOf(moment.Source.Next());
        byte[] bytes = _oracle.Encode(key);
        string asked = $"{Name}: get {Values.Show(key)}";
        ExpectedRow<TKey, TResult>? expected = rows.FirstOrDefault(r => r.Bytes.AsSpan().SequenceEqual(bytes));
        ViewEntry<TKey, TResult>? entry;
        try
        {
            entry = await moment.Store.GetAsync(definition, key, random.Next(2) == 0 ? Consistency.Latest : Consistency.Applied);
        }
        catch (OverflowException) when (expected is { Overflows: true })
        {
            return asked;
        }

        Model.Check(!(expected?.Overflows ?? false), $"{asked}: reading must overflow, but gave {Values.Show(entry is null ? null : entry.Result)}");
        Model.Check(expected is null == entry is null, $"{asked}: expected {Values.Show(expected is null ? null : expected.Result)}, got {Values.Show(entry is null ? null : entry.Result)}");
        if (expected is not null)
        {
            Model.Check(Values.Same(key, entry!.Key), $"{asked}: the key came back as {Values.Show(entry.Key)}");
            Model.Check(Values.Same(expected.Result, entry.Result, expected.Tolerance), $"{asked}: expected {Values.Show(expected.Result)}, got {Values.Show(entry.Result)}");
            if (definition.Plan.SessionKey is { } session)
            {
                ReceiptCheck.CheckComplete(asked, entry.Receipt, DateTimeOffset.MinValue, session, [expected.Session!], isPart: false);
            }

            ReceiptCheck.Check(asked, entry.Receipt, moment, Name, AnswerSource.Merged, ContributionTo(moment, entry.Receipt, AnswerSource.Merged, r => r.Bytes.AsSpan().SequenceEqual(bytes)));
        }

        return asked;
    }

    private async Task<IReadOnlyList<ViewEntry<TKey, TResult>>?> CheckAsync(StoreMoment moment, RandomQuestion<TKey, TResult> question)
    {
        ViewAnswer<TKey, TResult> answer;
        try
        {
            answer = await question.AskAsync(moment.Store);
        }
        catch (OverflowException)
        {
            // Where an error tells no position, some row of the whole must overflow in some layer.
            Model.Check(MayOverflow(moment, question), $"{question}: reading overflowed, but no row does.");
            return null;
        }

        ReceiptCheck.Check(
            question.ToString(), answer.Receipt, moment, Name, question.Layers,
            question.Take is null ? ContributionTo(moment, answer.Receipt, question.Layers, question.Accepts) : null);
        if (question.Between is { } between)
        {
            if (definition.Plan.SessionKey is { } session)
            {
                IEnumerable<ExpectedSession> found = _oracle.Rows(moment.Events, answer.Receipt.Range).Where(question.AcceptsKey).Select(r => r.Session!);
                ReceiptCheck.CheckComplete(question.ToString(), answer.Receipt, between.End, session, found, isPart: question.Take is not null);
            }
            else
            {
                ReceiptCheck.CheckComplete(question.ToString(), answer.Receipt, between.End, WindowOfEventTime);
            }
        }

        List<ExpectedRow<TKey, TResult>> expected = [.. question.InOrder(_oracle.Rows(moment.Events, answer.Receipt.Range).Where(question.Accepts))];
        List<ExpectedRow<TKey, TResult>> taken = [.. expected.Take(question.Take ?? int.MaxValue)];
        Model.Check(!taken.Any(r => r.Overflows), $"{question}: reading must overflow, but did not");
        Model.Check(taken.Count == answer.Rows.Count, $"{question}: expected {taken.Count} rows, got {answer.Rows.Count}.\nExpected {Values.Show(taken.Select(r => r.Key))}\ngot      {Values.Show(answer.Rows.Select(r => r.Key))}");
        for (int i = 0; i < taken.Count; i++)
        {
            ViewEntry<TKey, TResult> row = answer.Rows[i];
            Model.Check(Values.Same(taken[i].Key, row.Key), $"{question}: row {i} should have key {Values.Show(taken[i].Key)}, has {Values.Show(row.Key)}");
            Model.Check(Values.Same(taken[i].Result, row.Result, taken[i].Tolerance), $"{question}: row {i} of key {Values.Show(row.Key)} should be {Values.Show(taken[i].Result)}, is {Values.Show(row.Result)}");
            Model.Check(ReferenceEquals(row.Receipt, answer.Receipt), $"{question}: row {i} has another receipt");
        }

        if (!question.IsOrdered)
        {
            Model.Check(answer.Rows.Zip(answer.Rows.Skip(1)).All(p => Values.Compare(p.First.Key, p.Second.Key) < 0), $"{question}: keys do not ascend: {Values.Show(answer.Rows.Select(r => r.Key))}");
        }

        return answer.Rows;
    }

    private bool MayOverflow(StoreMoment moment, RandomQuestion<TKey, TResult> question)
    {
        // The answer's layers are not known without a receipt, so every batch end that there may be is tried.
        IEnumerable<LogRange> ranges = question.Layers == AnswerSource.Merged
            ? [WholeOf(moment)]
            : Enumerable.Range(0, moment.Events.Count + 1).Select(i => question.Layers == AnswerSource.Batch
                ? new LogRange(default, new LogPosition(i))
                : new LogRange(new LogPosition(i), new LogPosition(moment.Events.Count)));
        return ranges.Any(range => _oracle.Rows(moment.Events, range).Any(r => r.Overflows && question.Accepts(r)));
    }

    /// <summary>The layers that hold anything of what was asked for.</summary>
    private AnswerSource ContributionTo(StoreMoment moment, Receipt receipt, AnswerSource layers, Func<ExpectedRow<TKey, TResult>, bool> accepts)
    {
        ExpectedRow<TKey, TResult>[] accepted = [.. _oracle.Rows(moment.Events, receipt.Range).Where(accepts)];
        HashSet<string> keys = [.. accepted.Select(r => Convert.ToHexString(r.Bytes))];
        ILookup<string, ExpectedSession> sessions = accepted.Select(r => r.Session).OfType<ExpectedSession>().ToLookup(s => s.Owner);
        bool Holds(LogPosition start, LogPosition end) => _oracle.Rows(moment.Events, new LogRange(start, end)).Any(r => r.Session is { } part
            ? sessions[part.Owner].Any(s => s.First <= part.First && part.Last <= s.Last)
            : keys.Contains(Convert.ToHexString(r.Bytes)));
        return (layers.HasFlag(AnswerSource.Batch) && Holds(LogPosition.Zero, receipt.BatchEnd) ? AnswerSource.Batch : AnswerSource.None)
            | (layers.HasFlag(AnswerSource.Speed) && Holds(receipt.BatchEnd, new LogPosition(moment.Events.Count)) ? AnswerSource.Speed : AnswerSource.None);
    }

    private void CompareWithHand(IReadOnlyList<ViewEntry<TKey, TResult>> rows, IEnumerable<(TKey Key, TResult Result)> byHand)
    {
        List<(TKey Key, TResult Result)> expected = [.. byHand.OrderBy(r => r.Key, Comparer<TKey>.Create((a, b) => Values.Compare(a, b)))];
        Model.Check(expected.Count == rows.Count, $"{Name}: by hand there are {expected.Count} rows, the store has {rows.Count}");
        for (int i = 0; i < rows.Count; i++)
        {
            Model.Check(Values.Same(expected[i].Key, rows[i].Key), $"{Name}: by hand row {i} has key {Values.Show(expected[i].Key)}, in the store {Values.Show(rows[i].Key)}");
            Model.Check(alike(expected[i].Result, rows[i].Result), $"{Name}: by hand key {Values.Show(expected[i].Key)} has {Values.Show(expected[i].Result)}, in the store {Values.Show(rows[i].Result)}");
        }
    }

    private static LogRange WholeOf(StoreMoment moment) => new(default, new LogPosition(moment.Events.Count));
}
