using System.Diagnostics.CodeAnalysis;
using System.Linq.Expressions;
using LambdaCore.Aggregates;
using LambdaCore.Values;
using LambdaCore.Views;

namespace LambdaCore.Tests.EndToEnd.Model;

/// <summary>One row that a view must have.</summary>
/// <param name="Bytes">The encoded key.</param>
/// <param name="Key">The key.</param>
/// <param name="Result">The result, unless it overflows.</param>
/// <param name="Overflows">Whether reading the row must fail.</param>
/// <param name="Tolerance">By how much doubles in the result may differ.</param>
internal sealed record ExpectedRow<TKey, TResult>(byte[] Bytes, TKey Key, TResult? Result, bool Overflows, double Tolerance);

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
    public abstract IReadOnlyList<ExpectedRow<TKey, TResult>> Rows(IReadOnlyList<TEvent> events, LogRange range);

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
    private readonly Func<TEvent, double>[] _magnitudes = [.. program.Plan.Aggregates.Where(a => a.Function.IsOrderDependent).Select(Magnitude)];

    public override IReadOnlyList<ExpectedRow<TKey, TResult>> Rows(IReadOnlyList<TEvent> events, LogRange range)
    {
        Dictionary<byte[], Group> groups = new(new ByContent());
        ByteWriter writer = new();
        for (int i = (int)range.Start.Value; i < range.End.Value; i++)
        {
            TEvent e = events[i];
            if (program.Filter?.Invoke(e) == false)
            {
                continue;
            }

            writer.Clear();
            program.WriteEventKey(e, writer);
            byte[] key = writer.Written.ToArray();
            if (!groups.TryGetValue(key, out Group? group))
            {
                groups[key] = group = new Group();
            }

            program.Fold(e, new EventStamp(eventTime(e), i), ref group.Row);
            foreach (Func<TEvent, double> magnitude in _magnitudes)
            {
                group.Magnitude += magnitude(e);
            }
        }

        return [.. groups.OrderBy(g => g.Key, Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b))).Select(g => Row(g.Key, g.Value))];
    }

    public override TKey KeyOf(TEvent e)
    {
        ByteWriter writer = new();
        program.WriteEventKey(e, writer);
        return Decode(writer.Written);
    }

    public override byte[] Encode(TKey key)
    {
        ByteWriter writer = new();
        program.WriteKey(key, writer);
        return writer.Written.ToArray();
    }

    private ExpectedRow<TKey, TResult> Row(byte[] bytes, Group group)
    {
        TKey key = Decode(bytes);

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

    private unsafe TKey Decode(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            ByteReader reader = new(start, bytes.Length);
            return program.ReadKey(ref reader);
        }
    }

    /// <summary>
    /// The size of what one event adds to a sum; infinities and NaN have no part, since they come out alike in any order. A variance is as uncertain
    /// as a sum of squares, and its root as the root of that uncertainty.
    /// </summary>
    private static Func<TEvent, double> Magnitude(PlannedAggregate aggregate)
    {
        bool isSquared = aggregate.Function.Name == "Variance";
        ParameterExpression e = Expression.Parameter(typeof(TEvent), "e");
        Func<TEvent, double?> value = Expression.Lambda<Func<TEvent, double?>>(
            Expression.Convert(new ScalarCode(e).Write(aggregate.Inputs[0]), typeof(double?)), e).Compile();
        return item => value(item) is { } number && double.IsFinite(number) ? (isSquared ? (number * number) + (1000 * Math.Abs(number)) : Math.Abs(number)) : 0;
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
