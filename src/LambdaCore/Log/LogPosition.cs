using System.Globalization;

namespace LambdaCore;

/// <summary>The place of one event in the log: dense, counted from 0 in the order of acknowledgement.</summary>
/// <remarks>The default value is position 0. A position that ends a range is the first one not in it, so the end of an
/// empty log is 0 and the end of a log of one event is 1. Immutable and safe to use from any thread.</remarks>
public readonly record struct LogPosition : IComparable<LogPosition>, IComparable
{
    /// <summary>Creates a position.</summary>
    /// <param name="value">The number of events before it.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="value"/> is negative.</exception>
    public LogPosition(long value)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(value);
        Value = value;
    }

    /// <summary>The beginning of every log.</summary>
    public static LogPosition Zero => default;

    /// <summary>The number of events before this position; 0 or more.</summary>
    public long Value { get; }

    /// <summary>Whether one position lies before another.</summary>
    public static bool operator <(LogPosition left, LogPosition right) => left.Value < right.Value;

    /// <summary>Whether one position lies before another or is the same.</summary>
    public static bool operator <=(LogPosition left, LogPosition right) => left.Value <= right.Value;

    /// <summary>Whether one position lies after another.</summary>
    public static bool operator >(LogPosition left, LogPosition right) => left.Value > right.Value;

    /// <summary>Whether one position lies after another or is the same.</summary>
    public static bool operator >=(LogPosition left, LogPosition right) => left.Value >= right.Value;

    /// <summary>The earlier of two positions.</summary>
    public static LogPosition Min(LogPosition left, LogPosition right) => left < right ? left : right;

    /// <summary>The later of two positions.</summary>
    public static LogPosition Max(LogPosition left, LogPosition right) => left > right ? left : right;

    /// <summary>The position a number of events further on.</summary>
    /// <param name="events">How many; negative to go back.</param>
    /// <exception cref="ArgumentOutOfRangeException">The result would be negative.</exception>
    /// <exception cref="OverflowException">The result would exceed <see cref="long.MaxValue"/>.</exception>
    public LogPosition Plus(long events) => new(checked(Value + events));

    /// <inheritdoc/>
    public int CompareTo(LogPosition other) => Value.CompareTo(other.Value);

    /// <inheritdoc/>
    int IComparable.CompareTo(object? obj) => obj switch
    {
        null => 1,
        LogPosition other => CompareTo(other),
        _ => throw new ArgumentException($"A {nameof(LogPosition)} cannot be compared with a {obj.GetType()}.", nameof(obj)),
    };

    /// <summary>The number, in invariant digits.</summary>
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}
