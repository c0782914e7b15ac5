using LambdaCore.Values;

namespace LambdaCore.Aggregates;

/// <summary>
/// The sum of floating-point numbers; 0 if there are none. It is rounded at every addition, so it depends on the
/// order in which values and layers came together, in the last digits. Infinities and NaN propagate as in IEEE 754.
/// </summary>
internal readonly struct SumOfDoubles : IAggregator<double, SumOfDoublesState, double>
{
    /// <summary>The columns of the state.</summary>
    public static IReadOnlyList<StateColumn> Columns(string suffix) =>
        [new StateColumn(suffix, new ScalarType(ValueKind.Float64, false), (in of) => $"coalesce(sum({of.Input}){of.Filter}, 0)")];

    /// <summary>The aggregate as data.</summary>
    public static AggregateFunction Describe() => 
        new("Sum", default(SumOfDoubles), [new ScalarType(ValueKind.Float64, false)], Columns("")) { IsOrderDependent = true };

    /// <inheritdoc/>
    public void Add(ref SumOfDoublesState state, double input, in EventStamp stamp) => state.Sum += input;

    /// <inheritdoc/>
    public double Result(in SumOfDoublesState state) => ValueOrder.Canonical(state.Sum);
}

/// <summary>The state of <see cref="SumOfDoubles"/>.</summary>
internal struct SumOfDoublesState : IState<SumOfDoublesState>
{
    /// <summary>The sum so far.</summary>
    public double Sum;

    /// <inheritdoc/>
    public static SumOfDoublesState Read(ref ByteReader reader) => new() { Sum = ValueCodec.Read<double>(ref reader) };

    /// <inheritdoc/>
    public void Merge(in SumOfDoublesState other) => Sum += other.Sum;

    /// <inheritdoc/>
    public readonly void Write(ByteWriter writer) => ValueCodec.Write(writer, Sum);
}
