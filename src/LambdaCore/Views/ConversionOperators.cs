using System.Linq.Expressions;
using LambdaCore.Values;

namespace LambdaCore.Views;

/// <summary>
/// Conversions between numbers: exact or rounded as C#'s where the target can hold the value, cut towards zero where it
/// is whole; missing where it is out of range (C#'s unchecked conversions would wrap around).
/// </summary>
internal static class ConversionOperators
{
    private static readonly ValueKind[] Whole =
    [
        ValueKind.Int8, ValueKind.UInt8, ValueKind.Int16, ValueKind.UInt16, ValueKind.Int32, ValueKind.UInt32, ValueKind.Int64, ValueKind.UInt64,
    ];

    private static readonly ValueKind[] Floating = [ValueKind.Float32, ValueKind.Float64];

    /// <summary>The operators of this chapter.</summary>
    public static IEnumerable<Operator> All =>
    [
        .. from source in Whole from target in Whole where source != target select WholeToWhole(source, target),
        .. from source in Whole from target in Floating select WholeToFloating(source, target),
        .. from source in Floating from target in Whole select FloatingToWhole(source, target),
        .. Whole.Select(source => Plain(source, ValueKind.Decimal, "CAST({0} AS DECIMAL(38,9))")),
        .. Whole.Select(DecimalToWhole),
        Plain(ValueKind.Float32, ValueKind.Float64, "CAST({0} AS DOUBLE)"),
        Operators.Callback(NameOf(ValueKind.Float32), [ValueKind.Float64], ValueKind.Float32, (Func<double, float>)Numbers.ToFloat32),
        Operators.Callback(NameOf(ValueKind.Float64), [ValueKind.Decimal], ValueKind.Float64, Numbers.ToFloat64),
        Operators.Callback(NameOf(ValueKind.Float32), [ValueKind.Decimal], ValueKind.Float32, (Func<decimal, float>)Numbers.ToFloat32),
        Operators.Callback(NameOf(ValueKind.Decimal), [ValueKind.Float64], ValueKind.Decimal, (Func<double, decimal?>)Numbers.ToDecimal),
        Operators.Callback(NameOf(ValueKind.Decimal), [ValueKind.Float32], ValueKind.Decimal, (Func<float, decimal?>)Numbers.ToDecimal),
    ];

    /// <summary>The name of the operators that convert to a kind.</summary>
    public static string NameOf(ValueKind target) => $"To{target}";

    private static Operator WholeToWhole(ValueKind source, ValueKind target) => new(NameOf(target), [source], target)
    {
        Evaluate = a => Convert(a[0], target),
        TryEvaluate = a => Numbers.Call(nameof(Numbers.WholeToWhole), a[0], target),
        Sql = a => SqlText.Atom($"CAST({a[0].Text} AS {SqlKind.TypeName(target)})"),
        TrySql = a => IntegerOperators.Narrow(target, a[0].Text),
        Range = r => r[0],
    };

    // A 64-bit number becomes a float by way of double in both layers, so that both round alike.
    private static Operator WholeToFloating(ValueKind source, ValueKind target) => new(NameOf(target), [source], target)
    {
        Evaluate = a => Convert(Convert(a[0], ValueKind.Float64), target),
        Sql = a =>
        {
            string from = source == ValueKind.UInt64 ? $"CAST({a[0].Text} AS UBIGINT)" : a[0].Text;
            return SqlText.Atom(target == ValueKind.Float64 ? $"CAST({from} AS DOUBLE)" : $"CAST(CAST({from} AS DOUBLE) AS FLOAT)");
        },
    };

    private static Operator FloatingToWhole(ValueKind source, ValueKind target) => new(NameOf(target), [source], target)
    {
        Evaluate = a => Convert(a[0], target),
        TryEvaluate = a => Numbers.Call(nameof(Numbers.FloatingToWhole), Convert(a[0], ValueKind.Float64), target),
        FailsFor = _ => true,
        Sql = a => IntegerOperators.Narrow(target, $"trunc({a[0].Text})"),
    };

    private static Operator DecimalToWhole(ValueKind target) => new(NameOf(target), [ValueKind.Decimal], target)
    {
        Evaluate = a => Convert(a[0], target),
        TryEvaluate = a => Numbers.Call(nameof(Numbers.DecimalToWhole), a[0], target),
        FailsFor = _ => true,
        Sql = a => IntegerOperators.Narrow(target, $"trunc({a[0].Text})"),
    };

    private static Operator Plain(ValueKind source, ValueKind target, string sql) => new(NameOf(target), [source], target)
    {
        Evaluate = a => Convert(a[0], target),
        Sql = a => SqlText.Atom(sql.Replace("{0}", a[0].Text, StringComparison.Ordinal)),
    };

    private static Expression Convert(Expression value, ValueKind target) => Presence.As(value, ScalarType.RepresentationOf(target));
}
