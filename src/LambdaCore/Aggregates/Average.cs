using LambdaCore.Values;

namespace LambdaCore.Aggregates;

/// <summary>The state of an average: a sum and a count, never an average.</summary>
/// <typeparam name="TSum">The state of the sum.</typeparam>
internal struct AverageState<TSum> : IState<AverageState<TSum>>
    where TSum : struct, IState<TSum>
{
    /// <summary>The sum of the values.</summary>
    public TSum Sum;

    /// <summary>Their number.</summary>
    public CountState Count;

    /// <inheritdoc/>
    public static AverageState<TSum> Read(ref ByteReader reader)
    {
        AverageState<TSum> state;
        state.Sum = TSum.Read(ref reader);
        state.Count = CountState.Read(ref reader);
        return state;
    }

    /// <inheritdoc/>
    public void Merge(in AverageState<TSum> other)
    {
        Sum.Merge(in other.Sum);
        Count.Merge(in other.Count);
    }

    /// <inheritdoc/>
    public readonly void Write(ByteWriter writer)
    {
        Sum.Write(writer);
        Count.Write(writer);
    }

    /// <summary>An average as data.</summary>
    internal static AggregateFunction Describe(object aggregator, ValueKind input, IReadOnlyList<StateColumn> sum) => new(
        "Average", aggregator, [new ScalarType(input, false)],
        [.. sum, new StateColumn("count", new ScalarType(ValueKind.Int64, false), (in of) => $"count({of.Input}){of.Filter}")]);
}

/// <summary>
/// The mean of whole numbers; missing if there are none. The sum is exact; it is rounded to a double and then divided,
/// so the result is the nearest double while the sum is below 2^53, and within one unit in the last place above.
/// </summary>
internal readonly struct AverageOfIntegers : IAggregator<long, AverageState<SumOfIntegersState>, double?>
{
    /// <summary>The aggregate as data.</summary>
    public static AggregateFunction Describe() =>
        AverageState<SumOfIntegersState>.Describe(default(AverageOfIntegers), ValueKind.Int64, SumOfIntegers.Columns("sum"));

    /// <inheritdoc/>
    public void Add(ref AverageState<SumOfIntegersState> state, long input, in EventStamp stamp)
    {
        default(SumOfIntegers).Add(ref state.Sum, input, in stamp);
        state.Count.Count++;
    }

    /// <inheritdoc/>
    public double? Result(in AverageState<SumOfIntegersState> state) =>
        state.Count.Count == 0 ? null : (double)state.Sum.Sum / state.Count.Count;
}

/// <summary>
/// The mean of floating-point numbers; missing if there are none. As order-dependent as their sum,
/// <see cref="SumOfDoubles"/>.
/// </summary>
internal readonly struct AverageOfDoubles : IAggregator<double, AverageState<SumOfDoublesState>, double?>
{
    /// <summary>The aggregate as data.</summary>
    public static AggregateFunction Describe() =>
        AverageState<SumOfDoublesState>.Describe(default(AverageOfDoubles), ValueKind.Float64, SumOfDoubles.Columns("sum")) with { IsOrderDependent = true };

    /// <inheritdoc/>
    public void Add(ref AverageState<SumOfDoublesState> state, double input, in EventStamp stamp)
    {
        default(SumOfDoubles).Add(ref state.Sum, input, in stamp);
        state.Count.Count++;
    }

    /// <inheritdoc/>
    public double? Result(in AverageState<SumOfDoublesState> state) =>
        state.Count.Count == 0 ? null : ValueOrder.Canonical(state.Sum.Sum / state.Count.Count);
}

/// <summary>
/// The mean of decimals; missing if there are none. The sum is exact even where it is no decimal any more; the fraction of
/// the quotient is rounded half to even to the 28 digits of a decimal's division, and again where whole part and fraction
/// together have more digits than a decimal.
/// </summary>
internal readonly struct AverageOfDecimals : IAggregator<decimal, AverageState<SumOfDecimalsState>, decimal?>
{
    /// <summary>The aggregate as data.</summary>
    public static AggregateFunction Describe() =>
        AverageState<SumOfDecimalsState>.Describe(default(AverageOfDecimals), ValueKind.Decimal, SumOfDecimals.Columns);

    /// <inheritdoc/>
    public void Add(ref AverageState<SumOfDecimalsState> state, decimal input, in EventStamp stamp)
    {
        default(SumOfDecimals).Add(ref state.Sum, input, in stamp);
        state.Count.Count++;
    }

    /// <inheritdoc/>
    public decimal? Result(in AverageState<SumOfDecimalsState> state)
    {
        long count = state.Count.Count;
        if (count == 0)
        {
            return null;
        }

        // The quotient's whole part fits a decimal, as the values did; what is left over is below count, so that
        // neither side of the second division exceeds 2^63 billion, which decimals hold exactly.
        (Int128 whole, long billionths) = state.Sum.Total();
        (Int128 quotient, Int128 rest) = Int128.DivRem(whole, count);
        return (decimal)quotient + ((decimal)((rest * DecimalUnits.UnitsPerOne) + billionths) / ((decimal)count * DecimalUnits.UnitsPerOne));
    }
}
