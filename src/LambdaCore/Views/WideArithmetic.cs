using System.Linq.Expressions;

namespace LambdaCore.Views;

/// <summary>
/// Lets sums, differences and products of 32-bit integers be computed in 64 bits where they enter a sum or an average anyway:
/// <c>g.Sum(e => e.Price * e.Quantity)</c> means the total, not what is left of it after an overflow that the C# compiler put there by
/// widening last.
/// </summary>
internal static class WideArithmetic
{
    /// <summary>The same value, computed in 64 bits as far as it is such arithmetic.</summary>
    public static Expression Of(Expression value) => value switch
    {
        UnaryExpression { NodeType: ExpressionType.Convert or ExpressionType.ConvertChecked } convert
            when Core(convert.Type) == typeof(long) && (IsNarrow(convert.Operand.Type) || Core(convert.Operand.Type) == typeof(long)) => Fit(Of(convert.Operand), convert.Type),
        UnaryExpression { NodeType: ExpressionType.Convert } lift
            when IsNarrow(lift.Type) && Nullable.GetUnderlyingType(lift.Type) == lift.Operand.Type && Of(lift.Operand) is var inner && inner.Type == typeof(long) =>
            Expression.Convert(inner, typeof(long?)),
        BinaryExpression { NodeType: ExpressionType.Add or ExpressionType.AddChecked } sum when IsNarrow(sum.Type) =>
            Combine(sum, Expression.Add),
        BinaryExpression { NodeType: ExpressionType.Subtract or ExpressionType.SubtractChecked } difference when IsNarrow(difference.Type) =>
            Combine(difference, Expression.Subtract),
        BinaryExpression { NodeType: ExpressionType.Multiply or ExpressionType.MultiplyChecked } product when IsNarrow(product.Type) =>
            Combine(product, Expression.Multiply),
        UnaryExpression { NodeType: ExpressionType.Negate or ExpressionType.NegateChecked } negation when IsNarrow(negation.Type) =>
            Expression.Negate(Wide(negation.Operand)),
        _ => value,
    };

    private static Expression Combine(BinaryExpression operation, Func<Expression, Expression, Expression> combine) =>
        combine(Wide(operation.Left), Wide(operation.Right));

    private static Expression Wide(Expression value)
    {
        Expression computed = Of(value);
        return Core(computed.Type) == typeof(long)
            ? computed
            : Expression.Convert(computed, Nullable.GetUnderlyingType(computed.Type) is null ? typeof(long) : typeof(long?));
    }

    private static Expression Fit(Expression value, Type type) => value.Type == type ? value : Expression.Convert(value, type);

    private static Type Core(Type type) => Nullable.GetUnderlyingType(type) ?? type;

    private static bool IsNarrow(Type type) => Core(type) is { IsEnum: false } core && (core == typeof(int) || core == typeof(uint));
}
