using System.Globalization;
using LambdaCore.Values;

namespace LambdaCore.Aggregates;

/// <summary>
/// A quantile of numbers: the one at place <c>floor(share * (count - 1))</c> of the sorted list, from 0, within a relative accuracy; missing if there are none.
/// NaN is above all numbers, infinities are themselves, and magnitudes below 2.2e-308 are zero. Quantiles of the same numbers share their state.
/// </summary>
/// <param name="buckets">The buckets of the accuracy.</param>
/// <param name="share">From 0 to 1.</param>
internal readonly struct Quantile(LogBuckets buckets, double share) : IAggregator<double, QuantileState, double?>
{
    /// <summary>The relative accuracy that serves most: 1 %.</summary>
    public const double DefaultAccuracy = 0.01;

    /// <summary>The aggregate as data.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Share or accuracy is out of range.</exception>
    public static AggregateFunction Describe(double share, double accuracy)
    {
        if (share is not (>= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(share), share, "The share of a quantile lies between 0 (the least number) and 1 (the greatest); 0.5 is the median, 0.99 what 99 % of the numbers do not exceed.");
        }

        Quantile aggregator = new(new LogBuckets(accuracy), share);
        return AggregateFunction.ByCode(nameof(Quantile), aggregator, [new ScalarType(ValueKind.Float64, false)], string.Create(CultureInfo.InvariantCulture, $"accuracy {accuracy}")) with
        {
            ResultParameters = string.Create(CultureInfo.InvariantCulture, $"share {share}"),
            Error = new ErrorBound(ErrorKind.RelativeError, accuracy),
        };
    }

    /// <inheritdoc/>
    public void Add(ref QuantileState state, double input, in EventStamp stamp) => state.Add(buckets, input);

    /// <inheritdoc/>
    public double? Result(in QuantileState state) => state.Quantile(buckets, share);
}
