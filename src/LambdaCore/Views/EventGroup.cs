namespace LambdaCore;

/// <summary>
/// The events of one key, as a view's <c>Select</c> sees them: its methods are the aggregates of the definition.
/// They are translated, never executed.
/// </summary>
/// <remarks>
/// A selector that gives a missing value (null, an overflow, a division by zero) leaves that event out of the aggregate. Where
/// no event is left, sums are zero, counts are zero, and the other aggregates are null; selectors of a type that cannot be null therefore
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

    /// <summary>The value of the event with the smallest event time; among equal times, the one first in the log.</summary>
    public TValue Earliest<TValue>(Func<TEvent, TValue> selector) => throw Misuse();

    /// <summary>The value of the event with the largest event time; among equal times, the one last in the log.</summary>
    public TValue Latest<TValue>(Func<TEvent, TValue> selector) => throw Misuse();

    /// <summary>The number of distinct values, by a HyperLogLog of 4096 registers: 1.6 % standard error.</summary>
    public long ApproxDistinct<TValue>(Func<TEvent, TValue> selector) => throw Misuse();

    /// <summary>The number of distinct values, by a HyperLogLog of 2^precision registers: 1.04 / sqrt(2^precision) standard error.</summary>
    public long ApproxDistinct<TValue>(Func<TEvent, TValue> selector, int precision) => throw Misuse();

    private static InvalidOperationException Misuse() => new(
        "An EventGroup only stands for the events of one key inside a view's definition (View.Of<T>(...).GroupBy(...).Select(g => ...)). It cannot be called.");
}
