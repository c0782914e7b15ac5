using System.Numerics;

namespace LambdaCore;

/// <summary>
/// The events of one key, as a view's <c>Select</c> sees them: its methods are the aggregates of the definition.
/// They are translated, never executed.
/// </summary>
/// <remarks>
/// A selector that gives a missing value (null, an overflow, a division by zero) leaves that event out of the aggregate. Where
/// no event is left, sums are zero, counts are zero, lists are empty, and the other aggregates are null; selectors of a type that cannot be null therefore
/// must not be able to give a missing value. Sums, differences and products of 32-bit integers that enter a sum or an average are computed in
/// 64 bits, so that <c>g.Sum(e => e.Price * e.Quantity)</c> does not overflow on the way.
/// </remarks>
/// <typeparam name="TEvent">The event type.</typeparam>
/// <typeparam name="TKey">The key type.</typeparam>
public abstract class EventGroup<TEvent, TKey>
{
    private protected EventGroup()
    {
    }

    /// <summary>The key that the events share.</summary>
    public TKey Key => throw Misuse();

    /// <summary>The number of events.</summary>
    public long Count() => throw Misuse();

    /// <summary>The number of events that satisfy a condition.</summary>
    public long Count(Func<TEvent, bool> predicate) => throw Misuse();

    /// <summary>Whether any event satisfies a condition. A key exists only where there is an event, so there is no answer about none.</summary>
    public bool Any(Func<TEvent, bool> predicate) => throw Misuse();

    /// <summary>Whether all events satisfy a condition. A key exists only where there is an event, so there is no answer about none.</summary>
    public bool All(Func<TEvent, bool> predicate) => throw Misuse();

    /// <summary>The part of the events that satisfy a condition, from 0 to 1: their number divided by that of all.</summary>
    public double Share(Func<TEvent, bool> predicate) => throw Misuse();

    /// <summary>
    /// The sum of one value divided by the sum of another; null where the latter is zero. The sums are exact, and rounded to doubles before they are divided;
    /// reading fails with <see cref="OverflowException"/> where one of them does not fit. A missing value is left out of its own sum only.
    /// </summary>
    public double? Ratio(Func<TEvent, long?> numerator, Func<TEvent, long?> denominator) => throw Misuse();

    /// <summary>
    /// The sum of one value divided by the sum of another; null where the latter is zero. The sums are exact, and the quotient has 28 digits;
    /// reading fails with <see cref="OverflowException"/> where one of the three does not fit. A missing value is left out of its own sum only.
    /// </summary>
    public decimal? Ratio(Func<TEvent, decimal?> numerator, Func<TEvent, decimal?> denominator) => throw Misuse();

    /// <summary>
    /// The sum of one value divided by the sum of another, whose last digits depend on the order of addition; null where the latter is zero.
    /// A missing value is left out of its own sum only.
    /// </summary>
    public double? Ratio(Func<TEvent, double?> numerator, Func<TEvent, double?> denominator) => throw Misuse();

    /// <summary>The exact sum of whole numbers; reading it fails with <see cref="OverflowException"/> where it does not fit.</summary>
    public long Sum(Func<TEvent, long?> selector) => throw Misuse();

    /// <summary>The exact sum of unsigned whole numbers.</summary>
    public decimal Sum(Func<TEvent, ulong?> selector) => throw Misuse();

    /// <summary>The exact sum of decimals; reading it fails with <see cref="OverflowException"/> where it does not fit.</summary>
    public decimal Sum(Func<TEvent, decimal?> selector) => throw Misuse();

    /// <summary>The sum of floating-point numbers, whose last digits depend on the order of addition.</summary>
    public double Sum(Func<TEvent, double?> selector) => throw Misuse();

    /// <summary>The arithmetic mean.</summary>
    public double Average(Func<TEvent, int> selector) => throw Misuse();

    /// <summary>The arithmetic mean of the values that are there; null if there are none.</summary>
    public double? Average(Func<TEvent, int?> selector) => throw Misuse();

    /// <summary>The arithmetic mean.</summary>
    public double Average(Func<TEvent, long> selector) => throw Misuse();

    /// <summary>The arithmetic mean of the values that are there; null if there are none.</summary>
    public double? Average(Func<TEvent, long?> selector) => throw Misuse();

    /// <summary>The arithmetic mean.</summary>
    public double Average(Func<TEvent, double> selector) => throw Misuse();

    /// <summary>The arithmetic mean of the values that are there; null if there are none.</summary>
    public double? Average(Func<TEvent, double?> selector) => throw Misuse();

    /// <summary>The arithmetic mean.</summary>
    public decimal Average(Func<TEvent, decimal> selector) => throw Misuse();

    /// <summary>The arithmetic mean of the values that are there; null if there are none.</summary>
    public decimal? Average(Func<TEvent, decimal?> selector) => throw Misuse();

    /// <summary>The arithmetic mean.</summary>
    public decimal Average(Func<TEvent, ulong> selector) => throw Misuse();

    /// <summary>The arithmetic mean of the values that are there; null if there are none.</summary>
    public decimal? Average(Func<TEvent, ulong?> selector) => throw Misuse();

    /// <summary>The smallest value; strings compare by their UTF-8 bytes, and NaN is above all numbers.</summary>
    public TValue Min<TValue>(Func<TEvent, TValue> selector) => throw Misuse();

    /// <summary>The largest value; strings compare by their UTF-8 bytes, and NaN is above all numbers.</summary>
    public TValue Max<TValue>(Func<TEvent, TValue> selector) => throw Misuse();

    /// <summary>
    /// The value of the event for which another expression is smallest, in the order of <see cref="Min{TValue}"/>; among equals the one with the smallest event time, and
    /// first in the log. Events of which either value is missing are left out.
    /// </summary>
    public TValue MinBy<TValue, TBy>(Func<TEvent, TValue> selector, Func<TEvent, TBy> by) => throw Misuse();

    /// <summary>
    /// The value of the event for which another expression is largest, in the order of <see cref="Max{TValue}"/>; among equals the one with the largest event time, and
    /// last in the log. Events of which either value is missing are left out.
    /// </summary>
    public TValue MaxBy<TValue, TBy>(Func<TEvent, TValue> selector, Func<TEvent, TBy> by) => throw Misuse();

    /// <summary>The first value: that of the event with the smallest event time; among equal times, the one first in the log.</summary>
    public TValue Earliest<TValue>(Func<TEvent, TValue> selector) => throw Misuse();

    /// <summary>The last value: that of the event with the largest event time; among equal times, the one last in the log.</summary>
    public TValue Latest<TValue>(Func<TEvent, TValue> selector) => throw Misuse();

    /// <summary>The number of distinct values, by a HyperLogLog of 4096 registers: 1.6 % standard error.</summary>
    public long ApproxDistinct<TValue>(Func<TEvent, TValue> selector) => throw Misuse();

    /// <summary>The number of distinct values, by a HyperLogLog of 2^precision registers: 1.04 / sqrt(2^precision) standard error.</summary>
    public long ApproxDistinct<TValue>(Func<TEvent, TValue> selector, int precision) => throw Misuse();

    /// <summary>
    /// The number of distinct values, exact up to a limit. If there are more, reading it fails with <see cref="OverflowException"/>. The values are kept: up to
    /// as many per key as the limit says, which is at most 100,000.
    /// </summary>
    public long CountDistinct<TValue>(Func<TEvent, TValue> selector, int limit) => throw Misuse();

    /// <summary>The number of distinct values, exact up to a limit; the definition says what becomes of it beyond.</summary>
    public long CountDistinct<TValue>(Func<TEvent, TValue> selector, int limit, WhenExceeded whenExceeded) => throw Misuse();

    /// <summary>
    /// A quantile, within 1 % of the number at place <c>floor(share * (count - 1))</c> of the sorted list: a share of 0.5 gives the median, 0 the least number, 1 the
    /// greatest. NaN is above all numbers; magnitudes below 2.2e-308 count as zero. Quantiles of the same numbers share what is kept of them (DDSketch).
    /// </summary>
    public double Quantile<TValue>(Func<TEvent, TValue> selector, double share)
        where TValue : struct, INumber<TValue> => throw Misuse();

    /// <summary>A quantile of the values that are there, within 1 %; null if there are none.</summary>
    public double? Quantile<TValue>(Func<TEvent, TValue?> selector, double share)
        where TValue : struct, INumber<TValue> => throw Misuse();

    /// <summary>A quantile, within a relative accuracy from 0.001 to 0.25. Memory grows with its inverse: about 1.16 / accuracy buckets per power of ten that the numbers span.</summary>
    public double Quantile<TValue>(Func<TEvent, TValue> selector, double share, double relativeAccuracy)
        where TValue : struct, INumber<TValue> => throw Misuse();

    /// <summary>A quantile of the values that are there, within a relative accuracy from 0.001 to 0.25; null if there are none.</summary>
    public double? Quantile<TValue>(Func<TEvent, TValue?> selector, double share, double relativeAccuracy)
        where TValue : struct, INumber<TValue> => throw Misuse();

    /// <summary>
    /// The variance of a sample; null for fewer than two values. As of all four measures of spread, the last digits depend on the order of events; NaN and
    /// infinities make it NaN. The four share what is kept of the same numbers.
    /// </summary>
    public double? Variance<TValue>(Func<TEvent, TValue> selector) => throw Misuse();

    /// <summary>The variance of all values there are; null if there are none.</summary>
    public double? PopulationVariance<TValue>(Func<TEvent, TValue> selector) => throw Misuse();

    /// <summary>The standard deviation of a sample; null for fewer than two values.</summary>
    public double? StandardDeviation<TValue>(Func<TEvent, TValue> selector) => throw Misuse();

    /// <summary>The standard deviation of all values there are; null if there are none.</summary>
    public double? PopulationStandardDeviation<TValue>(Func<TEvent, TValue> selector) => throw Misuse();

    /// <summary>
    /// How many numbers fall into each bucket between given edges: first those below the first edge, then those from each edge up to the next, last
    /// those from the last edge on, and NaN. The edges, 1 to 62 of them, are finite and strictly ascending; each bucket is a column of the batch view.
    /// </summary>
    public IReadOnlyList<long> Histogram<TValue>(Func<TEvent, TValue> selector, params double[] edges) => throw Misuse();

    /// <summary>
    /// The most frequent values, most frequent first, with counts. Counts are exact while the group has no more than 1024 distinct values (or ten times
    /// <paramref name="number"/>). Beyond, a count is too high by at most 0.133 % of the events (with a probability of 99.3 %) and never too low, and a value that makes
    /// up 1 % of the events is missing with a probability of 0.004 %; a key then takes about 100 KB of memory.
    /// </summary>
    public IReadOnlyList<TopItem<TValue>> TopK<TValue>(Func<TEvent, TValue> selector, int number) => throw Misuse();

    /// <summary>
    /// The most frequent values. Counts are exact up to as many distinct values as the capacity (16 to 16,384). Beyond, a count is too high by at most
    /// 1.36 / capacity of the events (with a probability of 99.3 %), and a value with a share p of the events is missing with a probability below exp(-p * capacity).
    /// </summary>
    public IReadOnlyList<TopItem<TValue>> TopK<TValue>(Func<TEvent, TValue> selector, int number, int capacity) => throw Misuse();

    /// <summary>The values of the events with the smallest event times, earliest first; among equal times, in the order of the log. At most 10,000. Events without a value are passed over.</summary>
    public IReadOnlyList<TValue> FirstN<TValue>(Func<TEvent, TValue> selector, int number) => throw Misuse();

    /// <summary>The values of the events with the largest event times, latest first; among equal times, last in the log first. At most 10,000. Events without a value are passed over.</summary>
    public IReadOnlyList<TValue> LastN<TValue>(Func<TEvent, TValue> selector, int number) => throw Misuse();

    /// <summary>An aggregate of your own.</summary>
    /// <param name="aggregate">Says which: <c>default(GeometricMean)</c>. Only its type matters.</param>
    /// <param name="selector">The value that it takes from each event.</param>
    public TResult Aggregate<TAggregate, TInput, TResult>(IAggregate<TAggregate, TInput, TResult> aggregate, Func<TEvent, TInput?> selector)
        where TAggregate : struct, IAggregate<TAggregate, TInput, TResult> => throw Misuse();

    /// <summary>An aggregate of your own, over the values that are there.</summary>
    /// <param name="aggregate">Says which: <c>default(GeometricMean)</c>. Only its type matters.</param>
    /// <param name="selector">The value that it takes from each event; events without one are left out.</param>
    public TResult Aggregate<TAggregate, TInput, TResult>(IAggregate<TAggregate, TInput, TResult> aggregate, Func<TEvent, TInput?> selector)
        where TAggregate : struct, IAggregate<TAggregate, TInput, TResult>
        where TInput : struct => throw Misuse();

    /// <summary>An aggregate of your own that takes two values from each event.</summary>
    /// <param name="aggregate">Says which: <c>default(WeightedMean)</c>. Only its type matters.</param>
    /// <param name="first">The first value. Events without one are left out, unless its type is nullable.</param>
    /// <param name="second">The second value, likewise.</param>
    public TResult Aggregate<TAggregate, TFirst, TSecond, TResult>(
        IAggregate<TAggregate, (TFirst, TSecond), TResult> aggregate, Func<TEvent, TFirst?> first, Func<TEvent, TSecond?> second)
        where TAggregate : struct, IAggregate<TAggregate, (TFirst, TSecond), TResult> => throw Misuse();

    private static InvalidOperationException Misuse() => new(
        "An EventGroup only stands for the events of one key inside a view's definition (View.Of<T>(...).GroupBy(...).Select(g => ...)). It cannot be called.");
}
