using System.Linq.Expressions;
using LambdaCore.Values;

namespace LambdaCore.Views;

/// <summary>
/// Arithmetic of decimals: C#'s, rounded half to even to nine digits after the point; missing out of range. SQL's own differs in
/// range and rounding, so DuckDB calls the same methods.
/// </summary>
internal static class DecimalOperators
{
    /// <summary>The operators of this chapter.</summary>
    public static IEnumerable<Operator> All =>
    [
        Callback("Add", CheckedDecimal.Add),
        Callback("Subtract", CheckedDecimal.Subtract),
        Callback("Multiply", CheckedDecimal.Multiply),
        Callback("Divide", CheckedDecimal.Divide),
        Callback("Modulo", CheckedDecimal.Modulo),
        Total("Negate", decimal.Negate, a => SqlText.Infix($"-({a.Text})")),
        Total("Abs", Math.Abs, a => SqlText.Atom($"abs({a.Text})")),
        Total("Floor", decimal.Floor, a => Whole("floor", a)),
        Total("Ceiling", decimal.Ceiling, a => Whole("ceil", a)),
        Total("Truncate", decimal.Truncate, a => Whole("trunc", a)),
        Operators.Callback("Round", [ValueKind.Decimal], ValueKind.Decimal, (Func<decimal, decimal>)decimal.Round),
    ];

    private static Operator Callback(string name, Func<decimal, decimal, decimal?> method) =>
        Operators.Callback(name, [ValueKind.Decimal, ValueKind.Decimal], ValueKind.Decimal, method);

    private static Operator Total(string name, Func<decimal, decimal> method, Func<SqlText, SqlText> sql) =>
        new(name, [ValueKind.Decimal], ValueKind.Decimal)
        {
            Evaluate = a => Expression.Call(method.Method, a),
            Sql = a => sql(a[0]),
        };

    private static SqlText Whole(string function, SqlText a) => SqlText.Atom($"CAST({function}({a.Text}) AS DECIMAL(38,9))");
}
