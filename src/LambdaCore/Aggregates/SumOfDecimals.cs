using LambdaCore.Values;

namespace LambdaCore.Aggregates;

/// <summary>
/// The exact sum of decimals; 0 if there are none. Only the result is rounded, half to even, and only if it has more
/// digits than a decimal holds.
/// </summary>
internal readonly struct SumOfDecimals : IAggregator<decimal, SumOfDecimalsState, decimal>
{
    private static readonly Int128 LargestWhole = (Int128)decimal.MaxValue;

    /// <summary>The columns of the state.</summary>
    public static IReadOnlyList<StateColumn> Columns { get; } =
    [
        new StateColumn("whole", new ScalarType(ValueKind.Int128, false),
            (in of) => $"CAST(coalesce(sum(trunc({of.Input})){of.Filter}, 0) AS DECIMAL(38,0))"),
        new StateColumn("billionths", new ScalarType(ValueKind.Int128, false),
            (in of) => $"CAST(coalesce(sum(CAST(({of.Input} - trunc({of.Input})) * 1000000000 AS BIGINT)){of.Filter}, 0) AS DECIMAL(38,0))"),
    ];

    /// <summary>The aggregate as data.</summary>
    public static AggregateFunction Describe() => new(
        "Sum", default(SumOfDecimals), [new ScalarType(ValueKind.Decimal, false)], Columns);

    /// <inheritdoc/>
    public void Add(ref SumOfDecimalsState state, decimal input, in EventStamp stamp) => state.Add(input);

    /// <inheritdoc/>
    public decimal Result(in SumOfDecimalsState state)
    {
        (Int128 whole, long billionths) = state.Total();
        if (whole < -LargestWhole || whole > LargestWhole)
        {
            throw new OverflowException($"The sum, {whole} without its fraction, does not fit into a decimal (at most {decimal.MaxValue}). Sum smaller groups, or doubles.");
        }

        return DecimalUnits.ToDecimal(whole, billionths);
    }
}

/// <summary>
/// The state of <see cref="SumOfDecimals"/>: whole parts and fractions are summed apart, each value cut towards zero, so
/// that a billion times the largest decimal still fits. The two are kept as they add up, without carrying from one to the
/// other, since that is what both layers compute and what merges by plain addition.
/// </summary>
internal struct SumOfDecimalsState : IState<SumOfDecimalsState>
{
    private Int128 _whole;
    private Int128 _billionths;

    /// <inheritdoc/>
    public static SumOfDecimalsState Read(ref ByteReader reader)
    {
        SumOfDecimalsState state;
        state._whole = reader.ReadInt128();
        state._billionths = reader.ReadInt128();
        return state;
    }

    /// <summary>Adds a decimal of at most nine digits after the point.</summary>
    public void Add(decimal value)
    {
        (Int128 whole, long billionths) = DecimalUnits.Split(value);
        _whole = checked(_whole + whole);
        _billionths += billionths;
    }

    /// <inheritdoc/>
    public void Merge(in SumOfDecimalsState other)
    {
        _whole = checked(_whole + other._whole);
        _billionths = checked(_billionths + other._billionths);
    }

    /// <inheritdoc/>
    public readonly void Write(ByteWriter writer)
    {
        writer.WriteInt128(_whole);
        writer.WriteInt128(_billionths);
    }

    /// <summary>The sum, with carries: a whole part and billionths of less than one, of the same sign.</summary>
    public readonly (Int128 Whole, long Billionths) Total()
    {
        (Int128 carry, Int128 billionths) = Int128.DivRem(_billionths, DecimalUnits.UnitsPerOne);
        Int128 whole = checked(_whole + carry);
        return whole > 0 && billionths < 0 ? (whole - 1, (long)billionths + DecimalUnits.UnitsPerOne)
            : whole < 0 && billionths > 0 ? (whole + 1, (long)billionths - DecimalUnits.UnitsPerOne)
            : (whole, (long)billionths);
    }
}
