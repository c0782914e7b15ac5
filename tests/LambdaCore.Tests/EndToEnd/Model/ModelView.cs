using LambdaCore.Values;
using LambdaCore.Views;

namespace LambdaCore.Tests.EndToEnd.Model;

/// <summary>A view of which it is known what it must answer, whatever its types.</summary>
internal abstract class ModelView
{
    /// <summary>The definition.</summary>
    public abstract ViewDefinition<AnyEvent> Definition { get; }

    /// <summary>Whether the key has windows or sessions of event time.</summary>
    public abstract bool IsOfEventTime { get; }

    /// <summary>The view's name.</summary>
    public string Name => Definition.Name;

    /// <summary>Asks a random question, and compares the answer with the oracles.</summary>
    /// <param name="moment">The store, and what is in it.</param>
    /// <param name="random">Decides what is asked.</param>
    /// <returns>What was asked.</returns>
    public abstract Task<string> CheckAsync(StoreMoment moment, Random random);

    /// <summary>Asks for everything, and compares the answer with the oracles.</summary>
    public abstract Task CheckAllAsync(StoreMoment moment);

    /// <summary>Begins to compute the view anew.</summary>
    public abstract Task<ViewRebuild> ReprocessAsync(LambdaStore<AnyEvent> store, DateTimeOffset? from, DateTimeOffset? to);

    /// <summary>Asks the past a random question, and compares the answer with a fold.</summary>
    /// <param name="past">The store as it was.</param>
    /// <param name="moment">The store, and what is in it.</param>
    /// <param name="events">The events as they were.</param>
    /// <param name="end">How many there were.</param>
    /// <param name="random">Decides what is asked.</param>
    /// <returns>What was asked.</returns>
    public abstract Task<string> CheckPastAsync(HistoricalStore<AnyEvent> past, StoreMoment moment, IReadOnlyList<AnyEvent?> events, int end, Random random);

    /// <summary>Asks which events a random row is made of, and folds them.</summary>
    /// <returns>What was asked.</returns>
    public abstract Task<string> CheckExplanationAsync(StoreMoment moment, Random random);

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
/// <param name="Log">The events that were acknowledged, in order, and what became of them.</param>
/// <param name="BatchEnds">Where each view's batch view ends, by the view's name; none where it is not known.</param>
/// <param name="Source">Makes events and times like those in the store.</param>
/// <param name="Times">What must have become of the events for their times' sake.</param>
internal sealed record StoreMoment(
    LambdaStore<AnyEvent> Store, ModelLog Log, IReadOnlyDictionary<string, long> BatchEnds, AnyEventSource Source, JudgedTimes Times)
{
    /// <summary>The events as they are now, by their positions; null where one was erased.</summary>
    public IReadOnlyList<AnyEvent?> Events => Log.Current;

    /// <summary>The events whose fold an answer must be: as they were at the revision of the log that it is of.</summary>
    public IReadOnlyList<AnyEvent?> EventsOf(Receipt receipt) => Log.At(receipt.Revision);

    /// <summary>Tells by their positions which events count in a view whose batch ends at a position.</summary>
    public Func<int, bool> CountedWith(LogPosition batchEnd) => position => Times.Counts(position, batchEnd.Value);

    /// <summary>The reconciliation that each view was added with, by the view's name; Merge where there is none.</summary>
    public IReadOnlyDictionary<string, Reconciliation> Reconciliations { get; init; } = new Dictionary<string, Reconciliation>();

    /// <summary>Up to where sealed events that no batch view covers are read in the log, by the view's name; none where they are in the speed layer.</summary>
    public IReadOnlyDictionary<string, long> ReadInLog { get; init; } = new Dictionary<string, long>();

    /// <summary>Up to where sealed events that no batch view covers are read in the log; zero where they are in the speed layer.</summary>
    public long LogAnsweredUpTo(string view) => ReadInLog.GetValueOrDefault(view);

    /// <summary>Whether the last batch run since the store was opened failed; null if that is not known.</summary>
    public bool? LastBatchFailed { get; init; }

    /// <summary>How often rows were made in which way.</summary>
    public Dictionary<string, int> Ways { get; init; } = [];

    /// <summary>The reconciliation that a view was added with.</summary>
    public Reconciliation ReconciliationOf(string view) => Reconciliations.GetValueOrDefault(view, Reconciliation.Merge);
}

/// <summary>A view with its types.</summary>
internal sealed partial class ModelView<TKey, TResult>(
    ViewDefinition<AnyEvent, TKey, TResult> definition, Func<IEnumerable<AnyEvent>, IEnumerable<(TKey Key, TResult Result)>>? byHand, Func<TResult, TResult, bool> alike) : ModelView
{
    private readonly FoldOracle<AnyEvent, TKey, TResult> _oracle = FoldOracle<AnyEvent, TKey, TResult>.Of(definition, EventTime);

    private ReconciliationOracle<TKey, TResult> Reconciled => new(definition, _oracle, WindowOfEventTime);

    public override ViewDefinition<AnyEvent> Definition => definition;

    public override bool IsOfEventTime => WindowOfEventTime is not null || definition.Plan.SessionKey is { Scalar: ColumnScalar { Property.Name: nameof(AnyEvent.At) } };

    /// <summary>The windows, if they are of event time.</summary>
    private WindowAssigner? WindowOfEventTime =>
        definition.Plan.WindowKey is { Scalar: CallScalar { Arguments: [ColumnScalar { Property.Name: nameof(AnyEvent.At) }] } } key ? key.Window : null;

    public override Task<ViewRebuild> ReprocessAsync(LambdaStore<AnyEvent> store, DateTimeOffset? from, DateTimeOffset? to) =>
        store.ReprocessAsync(definition, from, to, "a random sequence");

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
        if (await CheckAsync(moment, everything) is { } answer && byHand is not null)
        {
            Func<int, bool> counts = moment.CountedWith(answer.Receipt.BatchEnd);
            IReadOnlyList<AnyEvent?> events = moment.EventsOf(answer.Receipt);
            CompareWithHand(answer.Rows, byHand(events.Where((_, position) => counts(position)).OfType<AnyEvent>()));
        }
    }

    private async Task<string> CheckGetAsync(StoreMoment moment, Random random)
    {
        IReadOnlyList<ExpectedRow<TKey, TResult>> whole = _oracle.Rows(moment.Events, WholeOf(moment), moment.CountedWith(WholeOf(moment).End));
        TKey key = whole.Count > 0 && random.Next(3) > 0 ? whole[random.Next(whole.Count)].Key : _oracle.KeyOf(moment.Source.Next());
        Consistency consistency = random.Next(3) switch
        {
            0 => Consistency.Latest,
            1 => Consistency.Applied,
            _ => Consistency.AtLeast(new LogPosition(random.Next(moment.Events.Count + 1))),
        };
        Reconciliation? chosen = random.Next(2) == 0 ? null : RandomReconciliation.Of(random);
        byte[] bytes = _oracle.Encode(key);
        string asked = $"{Name}: get {Values.Show(key)} by {chosen} of {moment.ReconciliationOf(Name)} {consistency}";

        // A key without a row has no receipt, so the same is asked of no row at all.
        ViewQuery<TKey, TResult> query = moment.Store.Query(definition).WithConsistency(consistency).Where(_ => false);
        Receipt receipt = (await (chosen is null ? query : query.Reconcile(chosen)).ExecuteAsync()).Receipt;
        _ = Reconciled.Check(asked, receipt, moment, AnswerSource.Merged, chosen, consistency.Position);
        ExpectedRow<TKey, TResult>? expected = Reconciled.Rows(moment, receipt).Rows.FirstOrDefault(r => r.Bytes.AsSpan().SequenceEqual(bytes));
        ViewEntry<TKey, TResult>? entry;
        try
        {
            entry = await moment.Store.GetAsync(definition, key, consistency, chosen);
        }
        catch (OverflowException) when (expected is { Overflows: true })
        {
            return asked;
        }

        // A batch may have run by its schedule meanwhile.
        receipt = entry?.Receipt ?? (await (chosen is null ? query : query.Reconcile(chosen)).ExecuteAsync()).Receipt;
        expected = entry is null && expected is null ? null : Reconciled.Rows(moment, receipt).Rows.FirstOrDefault(r => r.Bytes.AsSpan().SequenceEqual(bytes));
        Model.Check(!(expected?.Overflows ?? false), $"{asked}: reading must overflow, but gave {Values.Show(entry is null ? null : entry.Result)}");
        Model.Check(expected is null == entry is null, $"{asked}: expected {Values.Show(expected is null ? null : expected.Result)}, got {Values.Show(entry is null ? null : entry.Result)}, {receipt}");
        if (expected is not null)
        {
            Model.Check(Values.Same(key, entry!.Key), $"{asked}: the key came back as {Values.Show(entry.Key)}");
            CheckRow(asked, expected, entry);
            CheckRowComplete(asked, expected, entry);
            if (definition.Plan.SessionKey is { } session)
            {
                ReceiptCheck.CheckComplete(asked, entry.Receipt, DateTimeOffset.MinValue, session, [expected.Session!], isPart: false);
            }

            AnswerSource layers = Reconciled.Check(asked, entry.Receipt, moment, AnswerSource.Merged, chosen, consistency.Position);
            ReceiptCheck.Check(asked, entry.Receipt, moment, Name, layers, expected.Source);
            ReconciliationOracle<TKey, TResult>.CheckCounts(asked, moment, entry.Receipt.Reconciliation, [expected], withheld: 0);
        }

        return asked;
    }

    private static void CheckRow(string asked, ExpectedRow<TKey, TResult> expected, ViewEntry<TKey, TResult> row)
    {
        Model.Check(ReconciliationOracle<TKey, TResult>.Same(expected, row.Result), $"{asked}: key {Values.Show(row.Key)} should be {Values.Show(expected.Result)}, is {Values.Show(row.Result)}, {row.Receipt}");
        Model.Check(row.Source == expected.Source, $"{asked}: key {Values.Show(row.Key)} should be made of {expected.Source}, is of {row.Source}, {row.Receipt}");
        Model.Check(Math.Abs(row.BatchWeight - expected.BatchWeight) < 1e-12, $"{asked}: key {Values.Show(row.Key)} should have a batch weight of {expected.BatchWeight}, has {row.BatchWeight}, {row.Receipt}");
    }

    private void CheckRowComplete(string asked, ExpectedRow<TKey, TResult> expected, ViewEntry<TKey, TResult> row)
    {
        bool? complete = Reconciled.EndOf(expected) is { } end
            ? row.Receipt.Watermark is { } watermark && UnixTime.FromDateTimeOffset(watermark) >= end
            : null;
        Model.Check(row.IsComplete == complete, $"{asked}: key {Values.Show(row.Key)} is said to be complete: {row.IsComplete}, but the watermark is {row.Receipt.Watermark:O}");
    }

    private async Task<ViewAnswer<TKey, TResult>?> CheckAsync(StoreMoment moment, RandomQuestion<TKey, TResult> question)
    {
        ViewAnswer<TKey, TResult> answer;
        LogPosition batchEnd = BatchEndOf(moment);
        try
        {
            answer = await question.AskAsync(moment.Store);
        }
        catch (OverflowException)
        {
            // An error tells no position. If a batch ran by its schedule meanwhile, it covers the whole.
            LogPosition[] batchEnds = [.. new[] { batchEnd, BatchEndOf(moment) }.Distinct()];
            Model.Check(batchEnds.Any(end => Overflows(moment, question, end)), $"{question}: reading overflowed, but no row does.");
            return null;
        }

        AnswerSource layers = Reconciled.Check(question.ToString(), answer.Receipt, moment, question.Layers, question.Reconciliation, question.Consistency.Position);
        (IReadOnlyList<ExpectedRow<TKey, TResult>> rows, IReadOnlyList<ExpectedRow<TKey, TResult>> withheld) = Reconciled.Rows(moment, answer.Receipt);
        List<ExpectedRow<TKey, TResult>> expected = [.. question.InOrder(rows.Where(question.Accepts))];
        ReceiptCheck.Check(
            question.ToString(), answer.Receipt, moment, Name, layers, question.Take is null ? expected.Aggregate(AnswerSource.None, (sources, row) => sources | row.Source) : null);
        if (question.Between is { } between)
        {
            if (definition.Plan.SessionKey is { } session)
            {
                IEnumerable<ExpectedSession> found = rows.Concat(withheld).Where(question.AcceptsKey).Select(r => r.Session!);
                ReceiptCheck.CheckComplete(question.ToString(), answer.Receipt, between.End, session, found, isPart: question.Take is not null);
            }
            else
            {
                ReceiptCheck.CheckComplete(question.ToString(), answer.Receipt, between.End, WindowOfEventTime);
            }
        }

        List<ExpectedRow<TKey, TResult>> taken = [.. expected.Take(question.Take ?? int.MaxValue)];
        Model.Check(!taken.Any(r => r.Overflows), $"{question}: reading must overflow, but did not");
        Model.Check(taken.Count == answer.Rows.Count, $"{question}: expected {taken.Count} rows, got {answer.Rows.Count}.\nExpected {Values.Show(taken.Select(r => r.Key))}\ngot      {Values.Show(answer.Rows.Select(r => r.Key))}");
        for (int i = 0; i < taken.Count; i++)
        {
            ViewEntry<TKey, TResult> row = answer.Rows[i];
            Model.Check(Values.Same(taken[i].Key, row.Key), $"{question}: row {i} should have key {Values.Show(taken[i].Key)}, has {Values.Show(row.Key)}");
            CheckRow($"{question}: row {i}", taken[i], row);
            CheckRowComplete($"{question}: row {i}", taken[i], row);
            Model.Check(ReferenceEquals(row.Receipt, answer.Receipt), $"{question}: row {i} has another receipt");
        }

        if (question.Take is null)
        {
            ReconciliationOracle<TKey, TResult>.CheckCounts(question.ToString(), moment, answer.Receipt.Reconciliation, expected, withheld.Count(question.AcceptsKey));
        }

        if (!question.IsOrdered)
        {
            Model.Check(answer.Rows.Zip(answer.Rows.Skip(1)).All(p => Values.Compare(p.First.Key, p.Second.Key) < 0), $"{question}: keys do not ascend: {Values.Show(answer.Rows.Select(r => r.Key))}");
        }

        return answer;
    }

    private LogPosition BatchEndOf(StoreMoment moment) => StoreInternals<AnyEvent>.Of(moment.Store).Views.First(v => v.Plan.Name == Name).Snapshot.End;

    /// <summary>Whether some row that a question accepts overflows in the layers that it asks, if the batch ends there.</summary>
    private bool Overflows(StoreMoment moment, RandomQuestion<TKey, TResult> question, LogPosition batchEnd)
    {
        LogRange batch = new(default, batchEnd);
        LogRange[] ranges = question.Layers switch
        {
            AnswerSource.Batch => [batch],
            AnswerSource.Speed => [new LogRange(batchEnd, WholeOf(moment).End)],
            _ => question.Used == Reconciliation.Merge ? [WholeOf(moment)] : [WholeOf(moment), batch],
        };
        return ranges.Any(range => _oracle.Rows(moment.Events, range, moment.CountedWith(batchEnd)).Any(r => r.Overflows && question.Accepts(r)));
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
