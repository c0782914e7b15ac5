using System.Linq.Expressions;
using LambdaCore.Values;

namespace LambdaCore.Views;

/// <summary>
/// Times as microseconds, dates as days, durations as ticks: plain arithmetic in both layers, in UTC and without a
/// time zone. Every time lies after 0001-01-01, so that microseconds since then divide without a sign.
/// </summary>
internal static class TimeOperators
{
    private const long Second = TimeSpan.MicrosecondsPerSecond;
    private const long Minute = 60 * Second;
    private const long Hour = 60 * Minute;
    private const long Day = 24 * Hour;

    /// <summary>The operators of this chapter.</summary>
    public static IEnumerable<Operator> All =>
    [
        Clock("Hour", Hour, 24),
        Clock("Minute", Minute, 60),
        Clock("Second", Second, 60),
        Clock("Millisecond", 1000, 1000),
        .. Calendar("Year", nameof(TimeParts.Year), "year", 1, 9999),
        .. Calendar("Month", nameof(TimeParts.Month), "month", 1, 12),
        .. Calendar("Day", nameof(TimeParts.Day), "day", 1, 31),
        .. Calendar("DayOfYear", nameof(TimeParts.DayOfYear), "dayofyear", 1, 366),
        .. Calendar("DayOfWeek", nameof(TimeParts.DayOfWeek), "dayofweek", 0, 6),
        new("ToDate", [ValueKind.Timestamp], ValueKind.Date)
        {
            Evaluate = a => TimeParts.Call(nameof(TimeParts.ToDate), a),
            Sql = a => SqlText.Atom($"CAST({SinceYearOne(a[0])} // {Day} - {UnixTime.EpochDays} AS INTEGER)"),
        },
        new("DayNumber", [ValueKind.Date], ValueKind.Int32)
        {
            Evaluate = a => TimeParts.Call(nameof(TimeParts.DayNumber), a),
            Sql = a => SqlText.Infix($"{a[0]} + {UnixTime.EpochDays}"),
            Range = _ => new(0, DateOnly.MaxValue.DayNumber),
        },
        new("Difference", [ValueKind.Timestamp, ValueKind.Timestamp], ValueKind.Duration)
        {
            Evaluate = a => TimeParts.Call(nameof(TimeParts.Difference), a),
            Sql = a => SqlText.Infix($"({a[0]} - {a[1]}) * 10"),
        },
        Operators.Callback("Shift", [ValueKind.Timestamp, ValueKind.Duration], ValueKind.Timestamp, (Func<long, long, long?>)TimeParts.Shift),
        Duration("Add", "+", nameof(CheckedInteger.Add), r => r[0] + r[1], Expression.Add),
        Duration("Subtract", "-", nameof(CheckedInteger.Subtract), r => r[0] - r[1], Expression.Subtract),
        Part("Days", TimeSpan.TicksPerDay, null),
        Part("Hours", TimeSpan.TicksPerHour, 24),
        Part("Minutes", TimeSpan.TicksPerMinute, 60),
        Part("Seconds", TimeSpan.TicksPerSecond, 60),
        Total("TotalDays", TimeSpan.TicksPerDay),
        Total("TotalHours", TimeSpan.TicksPerHour),
        Total("TotalMinutes", TimeSpan.TicksPerMinute),
        Total("TotalSeconds", TimeSpan.TicksPerSecond),
        Total("TotalMilliseconds", TimeSpan.TicksPerMillisecond),
        new("Ticks", [ValueKind.Duration], ValueKind.Int64)
        {
            Evaluate = a => a[0],
            Sql = a => a[0],
            Range = r => r[0],
        },
    ];

    private static Operator Clock(string name, long unit, int count) => new(name, [ValueKind.Timestamp], ValueKind.Int32)
    {
        Evaluate = a => Expression.Convert(
            Expression.Modulo(Expression.Divide(SinceYearOne(a[0]), Expression.Constant(unit)), Expression.Constant((long)count)), typeof(int)),
        Sql = a => SqlText.Atom($"CAST({SinceYearOne(a[0])} // {unit} % {count} AS INTEGER)"),
        Range = _ => new(0, count - 1),
    };

    private static IEnumerable<Operator> Calendar(string name, string method, string function, int min, int max) =>
    [
        new(name, [ValueKind.Timestamp], ValueKind.Int32)
        {
            Evaluate = a => TimeParts.Call(method, a),
            Sql = a => SqlText.Atom($"CAST({function}(make_timestamp({a[0].Text})) AS INTEGER)"),
            Range = _ => new(min, max),
        },
        new(name, [ValueKind.Date], ValueKind.Int32)
        {
            Evaluate = a => TimeParts.Call(method, a),
            Sql = a => SqlText.Atom($"CAST({function}({SqlKind.ToDate(a[0].ToString())}) AS INTEGER)"),
            Range = _ => new(min, max),
        },
    ];

    private static Operator Duration(
        string name, string sign, string tryMethod, Func<IReadOnlyList<IntegerRange>, IntegerRange> range, Func<Expression, Expression, Expression> evaluate) =>
        new(name, [ValueKind.Duration, ValueKind.Duration], ValueKind.Duration)
        {
            Evaluate = a => evaluate(a[0], a[1]),
            TryEvaluate = a => Expression.Call(CheckedInteger.Method(tryMethod, ValueKind.Duration), a),
            Sql = a => SqlText.Infix($"{a[0]} {sign} {a[1]}"),
            TrySql = a => IntegerOperators.Narrow(ValueKind.Duration, $"CAST({a[0].Text} AS HUGEINT) {sign} CAST({a[1].Text} AS HUGEINT)"),
            Range = range,
        };

    private static Operator Part(string name, long unit, int? count) => new(name, [ValueKind.Duration], ValueKind.Int32)
    {
        Evaluate = a =>
        {
            Expression whole = Expression.Divide(a[0], Expression.Constant(unit));
            return Expression.Convert(count is { } n ? Expression.Modulo(whole, Expression.Constant((long)n)) : whole, typeof(int));
        },
        Sql = a => SqlText.Atom($"CAST({a[0]} // {unit}{(count is { } n ? $" % {n}" : "")} AS INTEGER)"),
        Range = r => count is { } n ? new(1 - n, n - 1) : r[0] / new IntegerRange(unit, unit),
    };

    private static Operator Total(string name, long unit) => new(name, [ValueKind.Duration], ValueKind.Float64)
    {
        Evaluate = a => Expression.Divide(Expression.Convert(a[0], typeof(double)), Expression.Constant((double)unit)),
        Sql = a => SqlText.Infix($"CAST({a[0].Text} AS DOUBLE) / {unit}e0"),
    };

    private static BinaryExpression SinceYearOne(Expression time) => Expression.Add(time, Expression.Constant(LambdaCore.Window.EpochMicroseconds));

    private static string SinceYearOne(SqlText time) => $"({time} + {LambdaCore.Window.EpochMicroseconds})";
}
