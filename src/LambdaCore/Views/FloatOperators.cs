using System.Linq.Expressions;
using LambdaCore.Values;

namespace LambdaCore.Views;

/// <summary>
/// Arithmetic of floating-point numbers: IEEE 754 in their own precision. It never fails; it gives infinities and NaN. The
/// sign of a zero is not seen: DuckDB's Parquet dictionaries lose it, so a division by negative zero is one by zero.
/// </summary>
internal static class FloatOperators
{
    private static readonly ValueKind[] Computed = [ValueKind.Float32, ValueKind.Float64];

    /// <summary>The operators of this chapter.</summary>
    public static IEnumerable<Operator> All =>
    [
        .. Computed.Select(k => Binary("Add", "+", k, Expression.Add)),
        .. Computed.Select(k => Binary("Subtract", "-", k, Expression.Subtract)),
        .. Computed.Select(k => Binary("Multiply", "*", k, Expression.Multiply)),
        .. Computed.Select(Divide),
        .. Computed.Select(k => Binary("Modulo", "%", k, Expression.Modulo)),
        .. Computed.Select(k => Unary("Negate", k, Expression.Negate, a => SqlText.Infix($"-({a.Text})"))),
        .. Computed.Select(k => Unary("Abs", k, a => Expression.Call(typeof(Math), nameof(Math.Abs), null, a), a => SqlText.Atom($"abs({a.Text})"))),
        Double("Floor", nameof(Math.Floor), a => $"floor({a.Text})"),
        Double("Ceiling", nameof(Math.Ceiling), a => $"ceil({a.Text})"),
        Double("Truncate", nameof(Math.Truncate), a => $"trunc({a.Text})"),

        // DuckDB's round_even errs where doubles have few digits left after the point.
        Operators.Callback("Round", [ValueKind.Float64], ValueKind.Float64, (Func<double, double>)Math.Round),
        Double("Sqrt", nameof(Math.Sqrt), a => $"CASE WHEN {a} < 0 THEN CAST('nan' AS DOUBLE) ELSE sqrt({a.Text}) END"),
    ];

    private static Operator Binary(string name, string sign, ValueKind kind, Func<Expression, Expression, Expression> evaluate) =>
        new(name, [kind, kind], kind)
        {
            Evaluate = a => evaluate(a[0], a[1]),
            Sql = a => SqlText.Infix($"{a[0]} {sign} {a[1]}"),
        };

    // Adding zero turns a negative zero into zero and changes nothing else.
    private static Operator Divide(ValueKind kind) => new("Divide", [kind, kind], kind)
    {
        Evaluate = a => Expression.Divide(a[0], a[1] is ConstantExpression ? a[1] : Expression.Add(a[1], Expression.Default(a[1].Type))),
        Sql = a => a[1].IsConstant
            ? SqlText.Infix($"{a[0]} / {a[1]}")
            : SqlText.Infix($"{a[0]} / ({a[1]} + {SqlLiteral.Of(kind, Activator.CreateInstance(ScalarType.RepresentationOf(kind)))})"),
    };

    private static Operator Unary(string name, ValueKind kind, Func<Expression, Expression> evaluate, Func<SqlText, SqlText> sql) =>
        new(name, [kind], kind)
        {
            Evaluate = a => evaluate(a[0]),
            Sql = a => sql(a[0]),
        };

    private static Operator Double(string name, string method, Func<SqlText, string> sql) =>
        Unary(name, ValueKind.Float64, a => Expression.Call(typeof(Math).GetMethod(method, [typeof(double)])!, a), a => SqlText.Atom(sql(a)));
}
