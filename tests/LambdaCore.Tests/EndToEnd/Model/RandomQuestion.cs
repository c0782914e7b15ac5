using System.Linq.Expressions;
using System.Reflection;
using LambdaCore.Aggregates;
using LambdaCore.Serving;
using LambdaCore.Values;

namespace LambdaCore.Tests.EndToEnd.Model;

/// <summary>A random query of a view, and what of the oracle's rows it must give.</summary>
internal sealed class RandomQuestion<TKey, TResult>
{
    private readonly ViewDefinition<AnyEvent, TKey, TResult> _view;
    private readonly List<(Expression<Func<TKey, bool>> Condition, Func<TKey, bool> Holds)> _conditions = [];
    private readonly List<(MemberInfo?[] Path, Type Type, Func<ViewEntry<TKey, TResult>, object?> Read, bool Descending)> _orders = [];
    private (Func<TResult, bool> Holds, string Text)? _having;

    /// <summary>Asks for everything.</summary>
    public RandomQuestion(StoreMoment moment, ViewDefinition<AnyEvent, TKey, TResult> view)
    {
        _view = view;
        Used = Reconciliation.Merge;
        Reconciliation = Used;
        Consistency = Consistency.AtLeast(new LogPosition(moment.Events.Count));
    }

    /// <summary>Asks for something.</summary>
    public RandomQuestion(Random random, StoreMoment moment, ViewDefinition<AnyEvent, TKey, TResult> view, FoldOracle<AnyEvent, TKey, TResult> oracle)
    {
        _view = view;
        Reconciliation = random.Next(2) == 0 ? null : RandomReconciliation.Of(random);
        Used = Reconciliation ?? moment.ReconciliationOf(view.Name);
        for (int i = random.Next(5) switch { 0 or 1 => 0, 4 => 2, _ => 1 }; i > 0; i--)
        {
            Expression<Func<TKey, bool>> condition = RandomCondition.Of(random, view.Key, () => oracle.KeyOf(
                moment.Log.Count > 0 && random.Next(4) > 0 ? moment.Log.Appended(random.Next(moment.Log.Count)) : moment.Source.Next()));
            _conditions.Add((condition, condition.Compile(preferInterpretation: true)));
        }

        if ((view.Plan.WindowKey ?? view.Plan.SessionKey) is not null && random.Next(2) == 0)
        {
            DateTimeOffset[] ends = [moment.Source.AnyTime(), moment.Source.AnyTime()];
            Between = (ends.Min(), ends.Max());
        }

        if (random.Next(4) == 0)
        {
            AddHaving(random, oracle.Rows(moment.Events, new LogRange(default, new LogPosition(moment.Events.Count)), i => moment.Times.Counts(i, moment.Events.Count)));
        }

        for (int i = random.Next(4) - 1; i > 0; i--)
        {
            AddOrder(random);
        }

        Take = random.Next(4) == 0 ? random.Next(8) : null;
        Layers = random.Next(6) switch { 0 => AnswerSource.Batch, 1 => AnswerSource.Speed, _ => AnswerSource.Merged };
        Consistency = random.Next(3) switch
        {
            0 => Consistency.Applied,
            1 => Consistency.Latest,
            _ => Consistency.AtLeast(new LogPosition(random.Next(moment.Events.Count + 1))),
        };
    }

    /// <summary>The range of time.</summary>
    public (DateTimeOffset Start, DateTimeOffset End)? Between { get; }

    /// <summary>The most rows.</summary>
    public int? Take { get; }

    /// <summary>The layers to ask.</summary>
    public AnswerSource Layers { get; } = AnswerSource.Merged;

    /// <summary>The reconciliation asked for; null for the view's.</summary>
    public Reconciliation? Reconciliation { get; }

    /// <summary>The reconciliation asked for, or else the view's.</summary>
    public Reconciliation Used { get; }

    /// <summary>How new the answer must be.</summary>
    public Consistency Consistency { get; }

    /// <summary>Whether an order is asked for.</summary>
    public bool IsOrdered => _orders.Count > 0;

    /// <summary>Asks.</summary>
    public ValueTask<ViewAnswer<TKey, TResult>> AskAsync(LambdaStore<AnyEvent> store)
    {
        ViewQuery<TKey, TResult> query = store.Query(_view);
        if (Layers != AnswerSource.Merged)
        {
            query = query.From(Layers);
        }

        return Ask((Reconciliation is { } reconciliation ? query.Reconcile(reconciliation) : query).WithConsistency(Consistency));
    }

    /// <summary>Asks of the past, where there are no layers.</summary>
    public ValueTask<ViewAnswer<TKey, TResult>> AskAsync(HistoricalStore<AnyEvent> store) => Ask(store.Query(_view));

    private ValueTask<ViewAnswer<TKey, TResult>> Ask(ViewQuery<TKey, TResult> query)
    {
        foreach ((Expression<Func<TKey, bool>> condition, _) in _conditions)
        {
            query = query.Where(condition);
        }

        if (Between is { } between)
        {
            query = query.Between(between.Start, between.End);
        }

        if (_having is { } having)
        {
            query = query.Having(having.Holds);
        }

        foreach ((MemberInfo?[] path, Type type, _, bool descending) in _orders)
        {
            query = (ViewQuery<TKey, TResult>)typeof(RandomQuestion<TKey, TResult>)
                .GetMethod(nameof(Ordered), BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(type).Invoke(null, [query, path, descending])!;
        }

        return (Take is { } count ? query.Take(count) : query).ExecuteAsync();
    }

    /// <summary>Whether a row is asked for, apart from how many.</summary>
    public bool Accepts(ExpectedRow<TKey, TResult> row) => AcceptsKey(row)
        && (row.Overflows || _having is not { } having || having.Holds(row.Result!));

    /// <summary>Whether a row's key is asked for, whatever its result.</summary>
    public bool AcceptsKey(ExpectedRow<TKey, TResult> row) =>
        _conditions.TrueForAll(c => c.Holds(row.Key))
        && (Between is not { } between || (between.Start < between.End && (row.Session is { } session
            ? UnixTime.ToDateTimeOffset(session.First) < between.End && (Int128)session.End * 10 > between.Start.UtcTicks - DateTimeOffset.UnixEpoch.Ticks
            : WindowStart(row.Key) is { } start && start < between.End && EndOf(start) > between.Start)));

    /// <summary>The rows in the order asked for.</summary>
    public IEnumerable<ExpectedRow<TKey, TResult>> InOrder(IEnumerable<ExpectedRow<TKey, TResult>> rows)
    {
        IComparer<object?> comparer = Comparer<object?>.Create(Values.Compare);
        IOrderedEnumerable<ExpectedRow<TKey, TResult>> ordered = rows.OrderBy(_ => 0);
        foreach ((_, _, Func<ViewEntry<TKey, TResult>, object?> read, bool descending) in _orders)
        {
            ordered = descending
                ? ordered.ThenByDescending(r => r.Overflows ? null : read(new ViewEntry<TKey, TResult>(r.Key, r.Result!, null!)), comparer)
                : ordered.ThenBy(r => r.Overflows ? null : read(new ViewEntry<TKey, TResult>(r.Key, r.Result!, null!)), comparer);
        }

        return ordered;
    }

    public override string ToString() =>
        $"{_view.Name}: from {Layers}"
        + string.Concat(_conditions.Select(c => $" where {c.Condition}"))
        + (Between is { } between ? $" between {between.Start:O} and {between.End:O}" : "")
        + (_having is { } having ? $" having {having.Text}" : "")
        + string.Concat(_orders.Select(o => $" order by {string.Join('.', o.Path.Select(m => m?.Name))}{(o.Descending ? " descending" : "")}"))
        + (Take is { } count ? $" take {count}" : "")
        + $" by {Reconciliation} or {Used} {Consistency}";

    private DateTimeOffset EndOf(DateTimeOffset windowStart)
    {
        long end = _view.Plan.WindowKey!.Window!.End(UnixTime.FromDateTimeOffset(windowStart));
        return end > UnixTime.FromDateTimeOffset(DateTimeOffset.MaxValue) ? DateTimeOffset.MaxValue : UnixTime.ToDateTimeOffset(end);
    }

    private static ViewQuery<TKey, TResult> Ordered<TOrder>(ViewQuery<TKey, TResult> query, MemberInfo?[] path, bool descending)
    {
        ParameterExpression row = Expression.Parameter(typeof(ViewEntry<TKey, TResult>), "row");
        Func<ViewEntry<TKey, TResult>, TOrder> by = Expression.Lambda<Func<ViewEntry<TKey, TResult>, TOrder>>(ReadPath(row, path), row).Compile(preferInterpretation: true);
        return descending ? query.OrderByDescending(by) : query.OrderBy(by);
    }

    private static Expression ReadPath(Expression row, MemberInfo?[] path) =>
        path.Aggregate(row, (value, member) => Expression.MakeMemberAccess(value, member!));

    /// <summary>Keeps the results of which one member is not below that of some row.</summary>
    private void AddHaving(Random random, IReadOnlyList<ExpectedRow<TKey, TResult>> rows)
    {
        PropertyInfo[] members = [.. Values.MembersOf(typeof(TResult)).Where(m => !IsUncertain(m.PropertyType))];
        ExpectedRow<TKey, TResult>[] samples = [.. rows.Where(r => !r.Overflows)];
        if (members.Length > 0 && samples.Length > 0)
        {
            PropertyInfo member = members[random.Next(members.Length)];
            object? least = member.GetValue(samples[random.Next(samples.Length)].Result);
            _having = (result => Values.Compare(member.GetValue(result), least) >= 0, $"{member.Name} >= {Values.Show(least)}");
        }
    }

    private void AddOrder(Random random)
    {
        bool byKey = random.Next(3) == 0;
        MemberInfo side = typeof(ViewEntry<TKey, TResult>).GetProperty(byKey ? "Key" : "Result")!;
        Type owner = byKey ? typeof(TKey) : typeof(TResult);
        PropertyInfo[] members = Values.MembersOf(owner);
        MemberInfo?[] path = members.Length == 0 ? [side] : [side, members[random.Next(members.Length)]];
        Type type = members.Length == 0 ? owner : ((PropertyInfo)path[1]!).PropertyType;
        if (Values.MembersOf(type).Length > 0 || Values.IsList(type) || (!byKey && IsUncertain(type)))
        {
            return;
        }

        ParameterExpression row = Expression.Parameter(typeof(ViewEntry<TKey, TResult>), "row");
        Func<ViewEntry<TKey, TResult>, object?> read = Expression.Lambda<Func<ViewEntry<TKey, TResult>, object?>>(
            Expression.Convert(ReadPath(row, path), typeof(object)), row).Compile(preferInterpretation: true);
        _orders.Add((path, type, read, random.Next(2) == 0));
    }

    /// <summary>Sums of doubles and blended numbers may differ in the last digit, so their order is not certain.</summary>
    private bool IsUncertain(Type type) => (Nullable.GetUnderlyingType(type) ?? type) is var number
        && ((number == typeof(double) && _view.Plan.Aggregates.Any(a => a.Function.IsOrderDependent))
            || (Used.Mode == ReconciliationMode.Hybrid && (number == typeof(double) || number == typeof(float) || number == typeof(decimal))));

    /// <summary>Where the window of a key starts; null if it has none.</summary>
    public DateTimeOffset? WindowStart(TKey key)
    {
        KeyMemberReader reader = new(_view.Key.Members.First(m => m.Column.Window is not null).Member);
        return reader.Read(key) switch
        {
            DateTimeOffset time => time,
            DateTime time => new DateTimeOffset(time),
            _ => null,
        };
    }

    private readonly record struct KeyMemberReader(MemberInfo? Member)
    {
        public object? Read(object? key) => Member is null ? key : Member is PropertyInfo property ? property.GetValue(key) : ((FieldInfo)Member).GetValue(key);
    }
}
