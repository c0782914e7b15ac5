using System.Reflection;
using LambdaCore.Values;

namespace LambdaCore.Aggregates;

/// <summary>
/// Every aggregate that a definition can use, by its name there and the type of its input. An input that may be missing
/// is the same as one that may not: missing values are left out.
/// </summary>
internal static partial class AggregateFunctions
{
    /// <summary>The number of events.</summary>
    public static AggregateFunction Count() => Aggregates.Count.Describe();

    /// <summary>The sum of numbers; smaller ones are widened to <see cref="long"/> or <see cref="double"/>.</summary>
    /// <exception cref="ArgumentException">The input is no number that can be summed.</exception>
    public static AggregateFunction Sum(ScalarType input) => Widen(input.Kind) switch
    {
        ValueKind.Int64 => SumOfIntegers.Describe(),
        ValueKind.Float64 => SumOfDoubles.Describe(),
        ValueKind.Decimal => SumOfDecimals.Describe(),
        _ => throw Unsupported(nameof(Sum), input.Kind),
    };

    /// <summary>The mean of numbers; missing if there are none.</summary>
    /// <exception cref="ArgumentException">The input is no number that can be averaged.</exception>
    public static AggregateFunction Average(ScalarType input) => Widen(input.Kind) switch
    {
        ValueKind.Int64 => AverageOfIntegers.Describe(),
        ValueKind.Float64 => AverageOfDoubles.Describe(),
        ValueKind.Decimal => AverageOfDecimals.Describe(),
        _ => throw Unsupported(nameof(Average), input.Kind),
    };

    /// <summary>The least value in <see cref="ValueOrder"/>; missing if there are none.</summary>
    /// <exception cref="ArgumentException">The input is no value of an event.</exception>
    public static AggregateFunction Min(ScalarType input) => Describe<Lowest>(nameof(Min), input.Kind, typeof(Extreme<,>), typeof(ExtremeObject<,>), typeof(ExtremeState<,>));

    /// <summary>The greatest value in <see cref="ValueOrder"/>; missing if there are none.</summary>
    /// <exception cref="ArgumentException">The input is no value of an event.</exception>
    public static AggregateFunction Max(ScalarType input) => Describe<Highest>(nameof(Max), input.Kind, typeof(Extreme<,>), typeof(ExtremeObject<,>), typeof(ExtremeState<,>));

    /// <summary>The earliest value by event time; missing if there are none.</summary>
    /// <exception cref="ArgumentException">The input is no value of an event.</exception>
    public static AggregateFunction Earliest(ScalarType input) => Describe<Lowest>(nameof(Earliest), input.Kind, typeof(ByTime<,>), typeof(ByTimeObject<,>), typeof(ByTimeState<,>));

    /// <summary>The latest value by event time; missing if there are none.</summary>
    /// <exception cref="ArgumentException">The input is no value of an event.</exception>
    public static AggregateFunction Latest(ScalarType input) => Describe<Highest>(nameof(Latest), input.Kind, typeof(ByTime<,>), typeof(ByTimeObject<,>), typeof(ByTimeState<,>));

    /// <summary>The value where another is least; missing if there is no event that has both.</summary>
    /// <exception cref="ArgumentException">An input is no value of an event.</exception>
    public static AggregateFunction MinBy(ScalarType value, ScalarType by) => DescribeBy<Lowest>(nameof(MinBy), value.Kind, by.Kind);

    /// <summary>The value where another is greatest; missing if there is no event that has both.</summary>
    /// <exception cref="ArgumentException">An input is no value of an event.</exception>
    public static AggregateFunction MaxBy(ScalarType value, ScalarType by) => DescribeBy<Highest>(nameof(MaxBy), value.Kind, by.Kind);

    /// <summary>The approximate number of distinct values.</summary>
    /// <param name="input">The values.</param>
    /// <param name="precision">4 to 18; each step up doubles the memory, and divides the error by the square root of two.</param>
    /// <exception cref="ArgumentException">The input is no value of an event, or the precision out of range.</exception>
    public static AggregateFunction ApproxDistinct(ScalarType input, int precision = Precision.Default) =>
        input.Kind is ValueKind.Int128 or ValueKind.Sketch
            ? throw Unsupported(nameof(ApproxDistinct), input.Kind)
            : Aggregates.ApproxDistinct.Describe(input.Kind, precision);

    private static ValueKind Widen(ValueKind kind) => kind switch
    {
        ValueKind.Int8 or ValueKind.UInt8 or ValueKind.Int16 or ValueKind.UInt16 or ValueKind.Int32 or ValueKind.UInt32 => ValueKind.Int64,
        ValueKind.Float32 => ValueKind.Float64,
        _ => kind,
    };

    private static AggregateFunction Describe<TEnd>(string name, ValueKind kind, Type ofStruct, Type ofObject, Type ofState)
        where TEnd : IEnd
    {
        if (kind is ValueKind.Int128 or ValueKind.Sketch)
        {
            throw Unsupported(name, kind);
        }

        Type value = ScalarType.RepresentationOf(kind);
        object aggregator = Activator.CreateInstance((value.IsValueType ? ofStruct : ofObject).MakeGenericType(value, typeof(TEnd)))!;
        MethodInfo describe = ofState.MakeGenericType(value, typeof(TEnd)).GetMethod("Describe")!;
        return describe.CreateDelegate<Func<string, object, ValueKind, AggregateFunction>>()(name, aggregator, kind);
    }

    private static AggregateFunction DescribeBy<TEnd>(string name, ValueKind value, ValueKind by)
        where TEnd : IEnd
    {
        foreach (ValueKind kind in (ValueKind[])[value, by])
        {
            if (kind is ValueKind.Int128 or ValueKind.Sketch)
            {
                throw Unsupported(name, kind);
            }
        }

        Type[] types = [ScalarType.RepresentationOf(value), ScalarType.RepresentationOf(by), typeof(TEnd)];
        object aggregator = Activator.CreateInstance((types[0].IsValueType ? typeof(ByValue<,,>) : typeof(ByValueObject<,,>)).MakeGenericType(types))!;
        MethodInfo describe = typeof(ByValueState<,,>).MakeGenericType(types).GetMethod("Describe")!;
        return describe.CreateDelegate<Func<string, object, ValueKind, ValueKind, AggregateFunction>>()(name, aggregator, value, by);
    }

    private static ArgumentException Unsupported(string name, ValueKind kind) => new(
        $"{name} cannot take values of kind {kind}. " + kind switch
        {
            ValueKind.UInt64 => $"Convert to decimal: {name}(e => (decimal)e.Value).",
            ValueKind.Boolean => name == nameof(Average) ? "Convert to a number: Average(e => e.Value ? 1 : 0)." : "Count them: Count(e => e.Value).",
            ValueKind.Duration => $"Use its ticks or seconds: {name}(e => e.Value.Ticks).",
            ValueKind.Timestamp or ValueKind.Date => "Use Min, Max, Earliest or Latest.",
            ValueKind.Int128 or ValueKind.Sketch => "It is no value of an event.",
            _ => "Use Min, Max, Earliest, Latest or ApproxDistinct, or convert to a number.",
        });
}
