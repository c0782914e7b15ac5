using System.Linq.Expressions;
using System.Numerics;
using LambdaCore.Values;

namespace LambdaCore.Views;

/// <summary>
/// Arithmetic of whole numbers, in the four types that C# computes in. Where a result may not fit, SQL computes in a type that
/// holds every result, and converts back.
/// </summary>
internal static class IntegerOperators
{
    private static readonly ValueKind[] Computed = [ValueKind.Int32, ValueKind.UInt32, ValueKind.Int64, ValueKind.UInt64];

    /// <summary>The operators of this chapter.</summary>
    public static IEnumerable<Operator> All =>
    [
        .. Computed.Select(k => Binary("Add", "+", k, Expression.Add, nameof(CheckedInteger.Add), r => r[0] + r[1])),
        .. Computed.Select(k => Binary("Subtract", "-", k, Expression.Subtract, nameof(CheckedInteger.Subtract), r => r[0] - r[1])),
        .. Computed.Select(k => Binary("Multiply", "*", k, Expression.Multiply, nameof(CheckedInteger.Multiply), r => r[0] * r[1])),
        .. Computed.Select(k => Quotient("Divide", "//", k, Expression.Divide, nameof(CheckedInteger.Divide), r => r[0] / r[1])),
        .. Computed.Select(k => Quotient("Modulo", "%", k, Expression.Modulo, nameof(CheckedInteger.Modulo), r => r[0] % r[1])),
        .. Signed(k => Unary("Negate", k, Expression.Negate, nameof(CheckedInteger.Negate), a => $"-({a.Text})", r => -r[0])),
        .. Signed(k => Unary("Abs", k, AbsCall, nameof(CheckedInteger.Abs), a => $"abs({a.Text})", r => AbsRange(r[0]))),
        .. Computed.Select(k => Extreme("Min", "least", k, (a, b) => new(BigMin(a.Min, b.Min), BigMin(a.Max, b.Max)))),
        .. Computed.Select(k => Extreme("Max", "greatest", k, (a, b) => new(BigMax(a.Min, b.Min), BigMax(a.Max, b.Max)))),
    ];

    private static Operator Binary(
        string name, string sign, ValueKind kind, Func<Expression, Expression, Expression> evaluate, string tryMethod, Func<IReadOnlyList<IntegerRange>, IntegerRange> range) =>
        new(name, [kind, kind], kind)
        {
            Evaluate = a => evaluate(a[0], a[1]),
            TryEvaluate = a => Expression.Call(CheckedInteger.Method(tryMethod, kind), a),
            Sql = a => Compute(kind, a, sign),
            TrySql = a => ComputeWide(kind, a, sign),
            Range = range,
        };

    private static Operator Quotient(
        string name, string sign, ValueKind kind, Func<Expression, Expression, Expression> evaluate, string tryMethod, Func<IReadOnlyList<IntegerRange>, IntegerRange> range) =>
        new(name, [kind, kind], kind)
        {
            Evaluate = a => evaluate(a[0], a[1]),
            TryEvaluate = a => Expression.Call(CheckedInteger.Method(tryMethod, kind), a),
            Sql = a => Compute(kind, a, sign),
            TrySql = a => ComputeWide(kind, a, sign),
            Range = range,

            // The smallest number by -1 overflows, and C# raises an error for the remainder too.
            FailsFor = a => a[1].Range!.Value.Contains(0)
                || (a[1].Range!.Value.Contains(-1) && a[0].Range!.Value.Contains(IntegerRange.Of(kind)!.Value.Min)),
        };

    private static Operator Unary(
        string name, ValueKind kind, Func<Expression, Expression> evaluate, string tryMethod, Func<SqlText, string> sql, Func<IReadOnlyList<IntegerRange>, IntegerRange> range) =>
        new(name, [kind], kind)
        {
            Evaluate = a => evaluate(a[0]),
            TryEvaluate = a => Expression.Call(CheckedInteger.Method(tryMethod, kind), a),
            Sql = a => SqlText.Infix(sql(a[0])),
            TrySql = a => Narrow(kind, sql(SqlText.Atom($"CAST({a[0].Text} AS {WideType(kind, "-")})"))),
            Range = range,
        };

    private static Operator Extreme(string name, string function, ValueKind kind, Func<IntegerRange, IntegerRange, IntegerRange> range) =>
        new(name, [kind, kind], kind)
        {
            Evaluate = a => Expression.Call(typeof(Math), name, null, a[0], a[1]),

            // least and greatest skip NULL, which here makes the whole NULL.
            Sql = a => a[0].IsNullable || a[1].IsNullable
                ? SqlText.Atom($"CASE WHEN {a[0]} {(name == "Min" ? "<" : ">")} {a[1]} THEN {a[0].Text} WHEN {a[0]} IS NOT NULL THEN {a[1].Text} END")
                : SqlText.Atom($"{function}({a[0].Text}, {a[1].Text})"),
            Range = r => range(r[0], r[1]),
        };

    // Stored as a decimal, an unsigned 64-bit number would compute in a wider decimal.
    private static SqlText Compute(ValueKind kind, IReadOnlyList<SqlText> a, string sign) =>
        kind == ValueKind.UInt64 ? ComputeWide(kind, a, sign) : SqlText.Infix($"{a[0]} {sign} {a[1]}");

    private static SqlText ComputeWide(ValueKind kind, IReadOnlyList<SqlText> a, string sign)
    {
        string wide = WideType(kind, sign);
        return Narrow(kind, $"CAST({a[0].Text} AS {wide}) {sign} CAST({a[1].Text} AS {wide})");
    }

    // A type that holds the result of an operation on any two numbers of a kind.
    private static string WideType(ValueKind kind, string sign) => kind switch
    {
        ValueKind.Int32 => "BIGINT",
        ValueKind.UInt64 when sign == "*" => "UHUGEINT",
        _ => "HUGEINT",
    };

    /// <summary>
    /// A number as its kind's SQL type; NULL if it does not fit the kind. The <c>| 0</c> changes nothing but keeps the optimizer's hands off:
    /// DuckDB 1.5 simplifies a comparison of TRY_CAST(x AS ...) with a constant to one of x, as if it never gave NULL.
    /// </summary>
    public static SqlText Narrow(ValueKind kind, string value) => kind switch
    {
        ValueKind.UInt8 => SqlText.Atom($"CAST(TRY_CAST({value} AS UTINYINT) | 0 AS SMALLINT)"),
        ValueKind.UInt16 => SqlText.Atom($"CAST(TRY_CAST({value} AS USMALLINT) | 0 AS INTEGER)"),
        ValueKind.UInt32 => SqlText.Atom($"CAST(TRY_CAST({value} AS UINTEGER) | 0 AS BIGINT)"),
        ValueKind.UInt64 => SqlText.Atom($"CAST(TRY_CAST({value} AS UBIGINT) | 0 AS DECIMAL(20,0))"),
        _ => SqlText.Infix($"TRY_CAST({value} AS {SqlKind.TypeName(kind)}) | 0"),
    };

    private static IEnumerable<Operator> Signed(Func<ValueKind, Operator> create) => [create(ValueKind.Int32), create(ValueKind.Int64)];

    private static MethodCallExpression AbsCall(Expression value) => Expression.Call(typeof(Math), nameof(Math.Abs), null, value);

    private static IntegerRange AbsRange(IntegerRange r) =>
        new(r.Contains(0) ? 0 : BigMin(BigInteger.Abs(r.Min), BigInteger.Abs(r.Max)), BigMax(BigInteger.Abs(r.Min), BigInteger.Abs(r.Max)));

    private static BigInteger BigMin(BigInteger a, BigInteger b) => BigInteger.Min(a, b);

    private static BigInteger BigMax(BigInteger a, BigInteger b) => BigInteger.Max(a, b);
}
