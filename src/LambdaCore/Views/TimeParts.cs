using System.Linq.Expressions;
using LambdaCore.Values;

namespace LambdaCore.Views;

/// <summary>The calendar of times (microseconds, <see cref="long"/>) and dates (days, <see cref="int"/>) since 1970, in UTC.</summary>
internal static class TimeParts
{
    /// <summary>A call of one of the methods below.</summary>
    public static MethodCallExpression Call(string method, IReadOnlyList<Expression> arguments) =>
        Expression.Call(typeof(TimeParts).GetMethod(method, [.. arguments.Select(a => a.Type)])!, arguments);

    /// <summary>The year.</summary>
    public static int Year(long time) => UnixTime.ToDateTime(time).Year;

    /// <summary>The year.</summary>
    public static int Year(int date) => UnixTime.ToDateOnly(date).Year;

    /// <summary>The month, from 1.</summary>
    public static int Month(long time) => UnixTime.ToDateTime(time).Month;

    /// <summary>The month, from 1.</summary>
    public static int Month(int date) => UnixTime.ToDateOnly(date).Month;

    /// <summary>The day of the month, from 1.</summary>
    public static int Day(long time) => UnixTime.ToDateTime(time).Day;

    /// <summary>The day of the month, from 1.</summary>
    public static int Day(int date) => UnixTime.ToDateOnly(date).Day;

    /// <summary>The day of the year, from 1.</summary>
    public static int DayOfYear(long time) => UnixTime.ToDateTime(time).DayOfYear;

    /// <summary>The day of the year, from 1.</summary>
    public static int DayOfYear(int date) => UnixTime.ToDateOnly(date).DayOfYear;

    /// <summary>The day of the week, from Sunday, 0.</summary>
    public static int DayOfWeek(long time) => (int)UnixTime.ToDateTime(time).DayOfWeek;

    /// <summary>The day of the week, from Sunday, 0.</summary>
    public static int DayOfWeek(int date) => (int)UnixTime.ToDateOnly(date).DayOfWeek;

    /// <summary>Days since 0001-01-01.</summary>
    public static int DayNumber(int date) => UnixTime.ToDateOnly(date).DayNumber;

    /// <summary>The UTC date of a time.</summary>
    public static int ToDate(long time) => UnixTime.FromDateOnly(DateOnly.FromDateTime(UnixTime.ToDateTime(time)));

    /// <summary>The duration from the second time to the first, in ticks.</summary>
    public static long Difference(long left, long right) => (left - right) * TimeSpan.TicksPerMicrosecond;

    /// <summary>A time moved by a duration in ticks, cut to microseconds towards the past; null outside the years 1 to 9999.</summary>
    public static long? Shift(long time, long ticks)
    {
        long moved = time + Math.DivRem(ticks, TimeSpan.TicksPerMicrosecond, out long rest) - (rest < 0 ? 1 : 0);
        return moved is >= WindowAssigner.FirstMoment and <= WindowAssigner.LastMoment ? moved : null;
    }
}
