using LambdaCore.Values;

namespace LambdaCore.Aggregates;

/// <summary>The exact sum of whole numbers; 0 if there are none.</summary>
internal readonly struct SumOfIntegers : IAggregator<long, SumOfIntegersState, long>
{
    /// <summary>The columns of the state.</summary>
    public static IReadOnlyList<StateColumn> Columns(string suffix) =>
        [new StateColumn(suffix, new ScalarType(ValueKind.Int128, false), (in of) => $"CAST(coalesce(sum({of.Input}){of.Filter}, 0) AS DECIMAL(38,0))")];

    /// <summary>The aggregate as data.</summary>
    public static AggregateFunction Describe() => 
        new("Sum", default(SumOfIntegers), [new ScalarType(ValueKind.Int64, false)], Columns(""));

    /// <inheritdoc/>
    public void Add(ref SumOfIntegersState state, long input, in EventStamp stamp) => state.Sum += input;

    /// <inheritdoc/>
    public long Result(in SumOfIntegersState state) =>
        state.Sum >= long.MinValue && state.Sum <= long.MaxValue
            ? (long)state.Sum
            : throw new OverflowException($"The sum {state.Sum} does not fit into a long. Sum decimals instead: Sum(e => (decimal)e.Value).");
}

/// <summary>
/// The state of <see cref="SumOfIntegers"/>. In 128 bits no number of additions that a log can hold overflows.
/// </summary>
internal struct SumOfIntegersState : IState<SumOfIntegersState>
{
    /// <summary>The sum so far.</summary>
    public Int128 Sum;

    /// <inheritdoc/>
    public static SumOfIntegersState Read(ref ByteReader reader) => new() { Sum = reader.ReadInt128() };

    /// <inheritdoc/>
    public void Merge(in SumOfIntegersState other) => Sum = checked(Sum + other.Sum);

    /// <inheritdoc/>
    public readonly void Write(ByteWriter writer) => writer.WriteInt128(Sum);
}
