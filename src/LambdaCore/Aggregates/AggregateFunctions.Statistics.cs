using System.Linq.Expressions;
using System.Reflection;
using LambdaCore.Values;

namespace LambdaCore.Aggregates;

/// <content>Statistics and sketches.</content>
internal static partial class AggregateFunctions
{
    /// <summary>A quantile of numbers.</summary>
    /// <exception cref="ArgumentException">The input is no number, or share or accuracy is out of range.</exception>
    public static AggregateFunction Quantile(ScalarType input, double share, double accuracy = Aggregates.Quantile.DefaultAccuracy) =>
        IsNumber(input.Kind) ? Aggregates.Quantile.Describe(share, accuracy) : throw Unsupported(nameof(Quantile), input.Kind);

    /// <summary>A variance or standard deviation of numbers.</summary>
    /// <param name="name">Its name, as written in a definition.</param>
    /// <param name="input">The numbers.</param>
    /// <param name="measure">The measure.</param>
    /// <exception cref="ArgumentException">The input is no number.</exception>
    public static AggregateFunction Spread(string name, ScalarType input, SpreadMeasure measure) =>
        IsNumber(input.Kind) ? Aggregates.Spread.Describe(measure) : throw Unsupported(name, input.Kind);

    /// <summary>The numbers per bucket.</summary>
    /// <param name="input">The numbers.</param>
    /// <param name="edges">Finite, strictly ascending; 1 to 62.</param>
    /// <exception cref="ArgumentException">The input is no number, or the edges are not as they must be.</exception>
    public static AggregateFunction Histogram(ScalarType input, IReadOnlyList<double> edges)
    {
        if (!IsNumber(input.Kind))
        {
            throw Unsupported(nameof(Histogram), input.Kind);
        }

        double[] copy = [.. edges.Select(ValueOrder.Canonical)];
        if (copy.Length is 0 or >= Width.Greatest)
        {
            throw new ArgumentException($"A histogram has 1 to {Width.Greatest - 1} edges, not {copy.Length}. Where more are needed, ask for quantiles.");
        }

        int bad = Array.FindIndex(copy, e => !double.IsFinite(e));
        if (bad >= 0)
        {
            throw new ArgumentException($"Edge {bad} of the histogram is {copy[bad]}. Edges are finite; what lies below the first and above the last is counted too.");
        }

        bad = Enumerable.Range(1, copy.Length - 1).FirstOrDefault(i => copy[i] <= copy[i - 1]);
        if (bad > 0)
        {
            throw new ArgumentException($"Edge {bad} of the histogram, {copy[bad]}, is not above the one before, {copy[bad - 1]}. Give them in ascending order, each once.");
        }

        MethodInfo describe = typeof(Histogram<>).MakeGenericType(Width.Of(copy.Length + 1)).GetMethod("Describe")!;
        return describe.CreateDelegate<Func<double[], AggregateFunction>>()(copy);
    }

    /// <summary>The number of distinct values, exact up to a limit.</summary>
    /// <exception cref="ArgumentException">The input is no value of an event, or the limit is out of range.</exception>
    public static AggregateFunction CountDistinct(ScalarType input, int limit, WhenExceeded whenExceeded)
    {
        RequireEventValue(nameof(CountDistinct), input.Kind);
        RequireRange(limit, 1, DistinctState<int>.GreatestLimit, "The limit of CountDistinct", "For more distinct values, use ApproxDistinct.");
        return Call<Func<ValueKind, int, int, AggregateFunction>>(typeof(CountDistinct<>), ScalarType.RepresentationOf(input.Kind))(
            input.Kind, limit, whenExceeded == WhenExceeded.Approximate ? Precision.Default : 0);
    }

    /// <summary>The most frequent values.</summary>
    /// <param name="input">The values.</param>
    /// <param name="value">The type that they have in the result.</param>
    /// <param name="number">How many are wanted.</param>
    /// <param name="capacity">How many distinct values are counted exactly; null for ten times as many, and 1024 at least.</param>
    /// <exception cref="ArgumentException">The input is no value of an event, or number or capacity is out of range.</exception>
    public static AggregateFunction TopK(ScalarType input, Type value, int number, int? capacity = null)
    {
        RequireEventValue(nameof(TopK), input.Kind);
        RequireRange(number, 1, TopState<int>.GreatestCapacity / 10, "The number of values of TopK", "To see all values, make them part of the key.");
        int kept = capacity ?? Math.Max(TopState<int>.DefaultCapacity, number * 10);
        RequireRange(kept, Math.Max(TopState<int>.LeastCapacity, number), TopState<int>.GreatestCapacity, "The capacity of TopK", "It is the number of distinct values that are counted exactly, and cannot be below the number asked for.");
        Type representation = ScalarType.RepresentationOf(input.Kind);
        return Call<Func<ValueKind, int, int, Delegate, AggregateFunction>>(typeof(TopK<,>), representation, value)(input.Kind, number, kept, Present(representation, value));
    }

    /// <summary>The first values by event time, earliest first.</summary>
    /// <exception cref="ArgumentException">The input is no value of an event, or the number is out of range.</exception>
    public static AggregateFunction FirstN(ScalarType input, Type value, int number) => History<Lowest>(nameof(FirstN), input.Kind, value, number);

    /// <summary>The last values by event time, latest first.</summary>
    /// <exception cref="ArgumentException">The input is no value of an event, or the number is out of range.</exception>
    public static AggregateFunction LastN(ScalarType input, Type value, int number) => History<Highest>(nameof(LastN), input.Kind, value, number);

    private static AggregateFunction History<TEnd>(string name, ValueKind kind, Type value, int number)
        where TEnd : IEnd
    {
        RequireEventValue(name, kind);
        RequireRange(number, 1, HistoryState<int, TEnd>.GreatestCapacity, $"The number of values of {name}", "Longer histories belong into a view whose key is the event.");
        Type representation = ScalarType.RepresentationOf(kind);
        return Call<Func<string, ValueKind, int, Delegate, AggregateFunction>>(typeof(History<,,>), representation, typeof(TEnd), value)(name, kind, number, Present(representation, value));
    }

    private static TDelegate Call<TDelegate>(Type aggregator, params Type[] arguments)
        where TDelegate : Delegate => aggregator.MakeGenericType(arguments).GetMethod("Describe")!.CreateDelegate<TDelegate>();

    /// <summary>What turns a representation into the type that a definition wants.</summary>
    private static Delegate Present(Type representation, Type value)
    {
        ParameterExpression parameter = Expression.Parameter(representation);
        return Expression.Lambda(typeof(Func<,>).MakeGenericType(representation, value), ClrType.FromRepresentation(parameter, value), parameter).Compile();
    }

    private static bool IsNumber(ValueKind kind) => Widen(kind) is ValueKind.Int64 or ValueKind.Float64 or ValueKind.Decimal or ValueKind.UInt64;

    private static void RequireEventValue(string name, ValueKind kind)
    {
        if (kind is ValueKind.Int128 or ValueKind.Sketch)
        {
            throw Unsupported(name, kind);
        }
    }

    private static void RequireRange(int value, int least, int greatest, string what, string instead)
    {
        if (value < least || value > greatest)
        {
            throw new ArgumentException($"{what} is {value}; it lies between {least} and {greatest}. {instead}");
        }
    }
}
