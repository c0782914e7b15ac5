using System.Globalization;
using LambdaCore.Values;

namespace LambdaCore.Aggregates;

/// <summary>
/// The number of distinct values, exact up to a limit; 0 if there are none. Beyond the limit reading it fails, or it is an estimate.
/// </summary>
/// <param name="limit">How many distinct values are kept.</param>
/// <param name="precision">The precision of the estimate beyond; 0 if there shall be none.</param>
/// <typeparam name="T">The values' representation.</typeparam>
internal readonly struct CountDistinct<T>(int limit, int precision) : IAggregator<T, DistinctState<T>, long>
    where T : notnull
{
    /// <summary>The aggregate over a kind, as data.</summary>
    public static AggregateFunction Describe(ValueKind kind, int limit, int precision)
    {
        string beyond = precision == 0 ? "fails beyond" : string.Create(CultureInfo.InvariantCulture, $"precision {precision} beyond");
        return AggregateFunction.ByCode(
            "CountDistinct", new CountDistinct<T>(limit, precision), [new ScalarType(kind, false)], string.Create(CultureInfo.InvariantCulture, $"limit {limit}, {beyond}")) with
        {
            Error = precision == 0 ? null : new ErrorBound(ErrorKind.RelativeStandardError, Precision.StandardError(precision)),
        };
    }

    /// <inheritdoc/>
    public void Add(ref DistinctState<T> state, T input, in EventStamp stamp) => state.Add(limit, precision, input);

    /// <inheritdoc/>
    public long Result(in DistinctState<T> state) => state.IsExceeded
        ? throw new OverflowException($"There are more distinct values than the {limit} that this view counts exactly. Raise the limit of CountDistinct (at most {DistinctState<T>.GreatestLimit}), or let it go on by WhenExceeded.Approximate.")
        : (long)Math.Min(Math.Round(state.Count), long.MaxValue);
}
