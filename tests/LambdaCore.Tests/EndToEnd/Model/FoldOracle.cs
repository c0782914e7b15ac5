using System.Diagnostics.CodeAnalysis;
using System.Linq.Expressions;
using LambdaCore.Aggregates;
using LambdaCore.Tests.Views;
using LambdaCore.Values;
using LambdaCore.Views;

namespace LambdaCore.Tests.EndToEnd.Model;

/// <summary>One row that a view must have.</summary>
/// <param name="Bytes">The encoded key.</param>
/// <param name="Key">The key.</param>
/// <param name="Result">The result, unless it overflows.</param>
/// <param name="Overflows">Whether reading the row must fail.</param>
/// <param name="Tolerance">By how much doubles in the result may differ.</param>
internal sealed record ExpectedRow<TKey, TResult>(byte[] Bytes, TKey Key, TResult? Result, bool Overflows, double Tolerance)
{
    /// <summary>The session that the row is, if it is one.</summary>
    public ExpectedSession? Session { get; init; }

    /// <summary>The layers that it must be made of.</summary>
    public AnswerSource Source { get; init; }

    /// <summary>The weight of the batch value in it.</summary>
    public double BatchWeight { get; init; }

    /// <summary>By how much decimals may differ, where both values have a part in it.</summary>
    public double DecimalTolerance { get; init; }
}

/// <summary>A session, cut out of sorted events.</summary>
/// <param name="Owner">The encoded columns of the key but for the session, in hexadecimal.</param>
/// <param name="First">The time of its first event, in microseconds since the Unix epoch.</param>
/// <param name="Last">The time of its last event.</param>
/// <param name="End">The gap after its last event.</param>
internal sealed record ExpectedSession(string Owner, long First, long Last, long End);

/// <summary>
/// What a view must answer: a fold over a list, by the view's own compiled delegates, into a dictionary. No layer, no
/// file, no thread.
/// </summary>
internal abstract class FoldOracle<TEvent, TKey, TResult>
{
    /// <summary>The oracle of a view.</summary>
    /// <param name="view">The view.</param>
    /// <param name="eventTime">Tells the event time, in microseconds since the Unix epoch.</param>
    public static FoldOracle<TEvent, TKey, TResult> Of(ViewDefinition<TEvent, TKey, TResult> view, Func<TEvent, long> eventTime) =>
        (FoldOracle<TEvent, TKey, TResult>)view.Accept(new Making(eventTime));

    /// <summary>The rows of the events of one range, in the order of their keys.</summary>
    /// <param name="events">The events of the log by their positions; null where one was erased.</param>
    /// <param name="range">The range.</param>
    /// <param name="counts">Tells by their positions which of them count.</param>
    public abstract IReadOnlyList<ExpectedRow<TKey, TResult>> Rows(IReadOnlyList<TEvent?> events, LogRange range, Func<int, bool> counts);

    /// <summary>The key that an event has, or would have if the filter let it pass.</summary>
    public abstract TKey KeyOf(TEvent e);

    /// <summary>The encoded form of a key.</summary>
    public abstract byte[] Encode(TKey key);

    private sealed class Making(Func<TEvent, long> eventTime) : IViewVisitor<TEvent, object>
    {
        public object Visit<TK, TR, TRow>(ViewProgram<TEvent, TK, TR, TRow> program)
            where TRow : struct, IState<TRow> => new FoldOracle<TEvent, TK, TR, TRow>(program, eventTime);
    }
}

/// <summary>The oracle of a view whose row of states is known.</summary>
internal sealed class FoldOracle<TEvent, TKey, TResult, TRow>(ViewProgram<TEvent, TKey, TResult, TRow> program, Func<TEvent, long> eventTime)
    : FoldOracle<TEvent, TKey, TResult>
    where TRow : struct, IState<TRow>
{
    private readonly Func<TEvent, long>? _sessionTime = program.Plan.SessionKey is { } session ? Compile<long>(session.Scalar) : null;
    private readonly Func<TEvent, double>[] _magnitudes = [.. program.Plan.Aggregates.Where(a => a.Function.IsOrderDependent).Select(Magnitude)];

    public override IReadOnlyList<ExpectedRow<TKey, TResult>> Rows(IReadOnlyList<TEvent?> events, LogRange range, Func<int, bool> counts) =>
        _sessionTime is null ? Groups(events, range, counts) : Sessions(events, range, counts);

    private IReadOnlyList<ExpectedRow<TKey, TResult>> Groups(IReadOnlyList<TEvent?> events, LogRange range, Func<int, bool> counts)
    {
        Dictionary<byte[], Group> groups = new(new ByContent());
        for (int i = (int)range.Start.Value; i < range.End.Value; i++)
        {
            if (events[i] is not { } e || !counts(i) || program.Filter?.Invoke(e) == false)
            {
                continue;
            }

            foreach (byte[] key in program.KeysOf(e))
            {
                if (!groups.TryGetValue(key, out Group? group))
                {
                    groups[key] = group = new Group();
                }

                Add(group, e, i);
            }
        }

        return [.. groups.OrderBy(g => g.Key, ByBytes).Select(g => Row(g.Key, Decode(g.Key, 0), g.Value))];
    }

    /// <summary>Sorts the events of each key by time, and cuts where the gap is.</summary>
    private IReadOnlyList<ExpectedRow<TKey, TResult>> Sessions(IReadOnlyList<TEvent?> events, LogRange range, Func<int, bool> counts)
    {
        long gap = program.Plan.SessionKey!.SessionGap!.Value;
        ByteWriter writer = new();
        List<ExpectedRow<TKey, TResult>> rows = [];
        IEnumerable<int> numbers = Enumerable.Range((int)range.Start.Value, (int)range.Count).Where(i => events[i] is { } e && counts(i) && program.Filter?.Invoke(e) != false);
        foreach (IGrouping<string, int> owned in numbers.GroupBy(i => Owner(events[i]!)))
        {
            int[] inOrder = [.. owned.OrderBy(i => _sessionTime!(events[i]!))];
            for (int from = 0; from < inOrder.Length;)
            {
                int to = from + 1;
                while (to < inOrder.Length && _sessionTime!(events[inOrder[to]]!) - _sessionTime(events[inOrder[to - 1]]!) < gap)
                {
                    to++;
                }

                Group group = new();
                foreach (int i in inOrder[from..to])
                {
                    Add(group, events[i]!, i);
                }

                long first = _sessionTime!(events[inOrder[from]]!);
                long last = _sessionTime(events[inOrder[to - 1]]!);
                TKey key = Decode(Convert.FromHexString(owned.Key), first);
                rows.Add(Row(Encode(key), key, group) with { Session = new ExpectedSession(owned.Key, first, last, last + gap) });
                from = to;
            }
        }

        return [.. rows.OrderBy(r => r.Bytes, ByBytes)];

        string Owner(TEvent e)
        {
            writer.Clear();
            program.WriteEventKey(e, writer);
            return Convert.ToHexString(writer.Written);
        }
    }

    private void Add(Group group, TEvent e, int position)
    {
        program.Fold(e, new EventStamp(eventTime(e), position), ref group.Row);
        foreach (Func<TEvent, double> magnitude in _magnitudes)
        {
            group.Magnitude += magnitude(e);
        }
    }

    public override TKey KeyOf(TEvent e)
    {
        ByteWriter writer = new();
        program.WriteEventKey(e, writer);
        return Decode(writer.Written, _sessionTime?.Invoke(e) ?? 0);
    }

    public override byte[] Encode(TKey key)
    {
        ByteWriter writer = new();
        (program.Sessions?.WriteWholeKey ?? program.WriteKey)(key, writer);
        return writer.Written.ToArray();
    }

    private ExpectedRow<TKey, TResult> Row(byte[] bytes, TKey key, Group group)
    {
        // Sums of magnitudes beyond all numbers may overflow in one order of addition and not in another.
        double tolerance = double.IsInfinity(group.Magnitude) ? group.Magnitude : group.Magnitude * 1e-9;
        try
        {
            return new ExpectedRow<TKey, TResult>(bytes, key, program.Project(key, in group.Row), false, tolerance);
        }
        catch (OverflowException)
        {
            return new ExpectedRow<TKey, TResult>(bytes, key, default, true, tolerance);
        }
    }

    private unsafe TKey Decode(ReadOnlySpan<byte> bytes, long sessionStart)
    {
        fixed (byte* start = bytes)
        {
            ByteReader reader = new(start, bytes.Length);
            return program.ReadKey(ref reader, sessionStart);
        }
    }

    private static Comparer<byte[]> ByBytes { get; } = Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b));

    /// <summary>
    /// The size of what one event adds to a sum; infinities and NaN have no part, since they come out alike in any order. A variance is as uncertain
    /// as a sum of squares, and its root as the root of that uncertainty.
    /// </summary>
    private static Func<TEvent, double> Magnitude(PlannedAggregate aggregate)
    {
        bool isSquared = aggregate.Function.Name == "Variance";
        Func<TEvent, double?> value = Compile<double?>(aggregate.Inputs[0]);
        return item => value(item) is { } number && double.IsFinite(number) ? (isSquared ? (number * number) + (1000 * Math.Abs(number)) : Math.Abs(number)) : 0;
    }

    private static Func<TEvent, T> Compile<T>(Scalar scalar)
    {
        ParameterExpression e = Expression.Parameter(typeof(TEvent), "e");
        return Expression.Lambda<Func<TEvent, T>>(Expression.Convert(new ScalarCode(e).Write(scalar), typeof(T)), e).Compile();
    }

    private sealed class Group
    {
        public TRow Row;
        public double Magnitude;
    }

    private sealed class ByContent : IEqualityComparer<byte[]>
    {
        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode([DisallowNull] byte[] obj) => (int)XxHash64.Hash(obj);
    }
}
