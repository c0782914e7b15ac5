using System.Linq.Expressions;

namespace LambdaCore.Views;

/// <summary>
/// The aggregates that are nothing but others put together. They are replaced by those before anything is planned, so that they share the states
/// of the counts and sums that the definition also asks for.
/// </summary>
internal static class Compositions
{
    /// <summary>A result selector without compositions.</summary>
    public static Expression<TDelegate> Expand<TDelegate>(ViewDraft draft, Expression<TDelegate> result) =>
        (Expression<TDelegate>)new Expander(draft, result.Parameters[0]).Visit(result);

    private sealed class Expander(ViewDraft draft, ParameterExpression group) : ExpressionVisitor
    {
        protected override Expression VisitMethodCall(MethodCallExpression node) =>
            node.Object != group ? base.VisitMethodCall(node)
            : node.Method.Name switch
            {
                nameof(EventGroup<,>.Any) => Expression.GreaterThan(Count(Lambda(node, 0)), Expression.Constant(0L)),
                nameof(EventGroup<,>.All) => Expression.Equal(Count(Lambda(node, 0)), Count()),
                nameof(EventGroup<,>.Share) => Expression.Divide(Expression.Convert(Count(Lambda(node, 0)), typeof(double)), Expression.Convert(Count(), typeof(double))),
                nameof(EventGroup<,>.Ratio) => Ratio(node),
                _ => node,
            };

        private ConditionalExpression Ratio(MethodCallExpression node)
        {
            Type type = Nullable.GetUnderlyingType(node.Type)!;
            Expression denominator = Sum(Lambda(node, 1));
            return Expression.Condition(
                Expression.Equal(denominator, Expression.Convert(Expression.Constant(0), denominator.Type)),
                Expression.Default(node.Type),
                Expression.Convert(Expression.Divide(As(Sum(Lambda(node, 0)), type), As(denominator, type)), node.Type));
        }

        private static Expression As(Expression value, Type type) => value.Type == type ? value : Expression.Convert(value, type);

        private MethodCallExpression Count(params Expression[] condition) => Call(nameof(EventGroup<,>.Count), condition);

        private MethodCallExpression Sum(LambdaExpression value) => Call(nameof(EventGroup<,>.Sum), value);

        private MethodCallExpression Call(string name, params Expression[] arguments) =>
            Expression.Call(group, group.Type.GetMethod(name, [.. arguments.Select(a => a.Type)])!, arguments);

        private LambdaExpression Lambda(MethodCallExpression node, int argument) => node.Arguments[argument] as LambdaExpression
            ?? throw Refusal.Of(draft.Name, node, "its condition or value is a delegate, which cannot be looked into.", $"Write it in place: {node.Method.Name}(e => ...).");
    }
}
