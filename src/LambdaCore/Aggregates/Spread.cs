using LambdaCore.Values;

namespace LambdaCore.Aggregates;

/// <summary>Which measure of the spread of numbers is wanted.</summary>
/// <param name="IsSample">Whether the numbers are a sample, whose squared distances are divided by one less than their number.</param>
/// <param name="IsRoot">Whether the standard deviation is wanted, not the variance.</param>
internal readonly record struct SpreadMeasure(bool IsSample, bool IsRoot);

/// <summary>
/// The variance or standard deviation of numbers; missing if there are none, or only one of a sample. The measures of the same numbers share
/// their state.
/// </summary>
/// <param name="measure">The measure.</param>
internal readonly struct Spread(SpreadMeasure measure) : IAggregator<double, MomentsState, double?>
{
    /// <summary>The aggregate as data.</summary>
    public static AggregateFunction Describe(SpreadMeasure measure) =>
        AggregateFunction.ByCode("Variance", new Spread(measure), [new ScalarType(ValueKind.Float64, false)]) with
        {
            ResultParameters = measure.ToString(),
            IsOrderDependent = true,
        };

    /// <inheritdoc/>
    public void Add(ref MomentsState state, double input, in EventStamp stamp) => state.Add(input);

    /// <inheritdoc/>
    public double? Result(in MomentsState state)
    {
        long divisor = state.Count - (measure.IsSample ? 1 : 0);
        if (divisor <= 0)
        {
            return null;
        }

        double variance = state.Squares / divisor;
        return ValueOrder.Canonical(measure.IsRoot ? Math.Sqrt(variance) : variance);
    }
}
