using System.Linq.Expressions;
using LambdaCore.Values;

namespace LambdaCore.Views;

/// <summary>
/// Equality and order. DuckDB takes NaN for equal to itself and above all numbers; guards give comparisons C#'s
/// meaning where an operand can be NaN.
/// </summary>
internal static class ComparisonOperators
{
    private static readonly ValueKind[] Comparable =
    [
        ValueKind.Int8, ValueKind.UInt8, ValueKind.Int16, ValueKind.UInt16, ValueKind.Int32, ValueKind.UInt32, ValueKind.Int64, ValueKind.UInt64,
        ValueKind.Float32, ValueKind.Float64, ValueKind.Decimal, ValueKind.Timestamp, ValueKind.Date, ValueKind.Duration,
    ];

    private static readonly ValueKind[] Equatable = [.. Comparable, ValueKind.Boolean, ValueKind.String, ValueKind.Guid];

    /// <summary>The operators of this chapter.</summary>
    public static IEnumerable<Operator> All =>
    [
        .. Equatable.Select(Equal),
        .. Equatable.Select(NotEqual),
        .. Comparable.Select(k => Order("Less", "<", k, Expression.LessThan)),
        .. Comparable.Select(k => Order("LessOrEqual", "<=", k, Expression.LessThanOrEqual)),
        .. Comparable.Select(k => Order("Greater", ">", k, Expression.GreaterThan)),
        .. Comparable.Select(k => Order("GreaterOrEqual", ">=", k, Expression.GreaterThanOrEqual)),
    ];

    private static Operator Equal(ValueKind kind) => new("Equal", [kind, kind], ValueKind.Boolean)
    {
        Missing = MissingRule.Own,
        Evaluate = a => Presence.Unify(a[0], a[1], Expression.Equal),
        Sql = a => a[0].MayBeNaN && a[1].MayBeNaN ? SqlText.Infix($"{EqualSql(a)} AND NOT coalesce(isnan({a[0].Text}), FALSE)")
            : SqlText.Infix(EqualSql(a)) with { IsNullable = a[0].IsNullable != a[1].IsNullable },
    };

    private static Operator NotEqual(ValueKind kind) => new("NotEqual", [kind, kind], ValueKind.Boolean)
    {
        Missing = MissingRule.Own,
        Evaluate = a => Presence.Unify(a[0], a[1], Expression.NotEqual),
        Sql = a => a[0].MayBeNaN && a[1].MayBeNaN ? SqlText.Infix($"{NotEqualSql(a)} OR coalesce(isnan({a[0].Text}), FALSE)") : SqlText.Infix(NotEqualSql(a)),
    };

    private static Operator Order(string name, string sign, ValueKind kind, Func<Expression, Expression, Expression> evaluate) =>
        new(name, [kind, kind], ValueKind.Boolean)
        {
            Missing = MissingRule.IsFalse,
            Evaluate = a => evaluate(a[0], a[1]),
            Sql = a =>
            {
                // NaN is only above: the side that may win needs the guard.
                SqlText upper = sign[0] == '<' ? a[1] : a[0];
                return SqlText.Infix($"{a[0]} {sign} {a[1]}{(upper.MayBeNaN ? $" AND NOT isnan({upper.Text})" : "")}");
            },
        };

    private static string EqualSql(IReadOnlyList<SqlText> a) =>
        a[0].IsNullable && a[1].IsNullable || (a[0].MayBeNaN && a[1].MayBeNaN && (a[0].IsNullable || a[1].IsNullable))
            ? $"{a[0]} IS NOT DISTINCT FROM {a[1]}"
            : $"{a[0]} = {a[1]}";

    private static string NotEqualSql(IReadOnlyList<SqlText> a) =>
        a[0].IsNullable || a[1].IsNullable ? $"{a[0]} IS DISTINCT FROM {a[1]}" : $"{a[0]} <> {a[1]}";
}
