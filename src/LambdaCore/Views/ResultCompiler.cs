using System.Linq.Expressions;
using System.Reflection;
using LambdaCore.Aggregates;
using LambdaCore.Values;

namespace LambdaCore.Views;

/// <summary>Compiles the result selector of a view: the user's own expression, reading states instead of a group.</summary>
internal static class ResultCompiler
{
    /// <summary>The projection of a key and its row.</summary>
    /// <param name="aggregates">The view's aggregates.</param>
    /// <param name="result">The user's expression.</param>
    /// <param name="text">A text that determines what is projected, as far as captured variables have one.</param>
    public static ProjectRow<TKey, TRow, TResult> Project<T, TKey, TResult, TRow>(
        AggregateTranslator aggregates, Expression<Func<EventGroup<T, TKey>, TResult>> result, out string text)
    {
        ParameterExpression key = Expression.Parameter(typeof(TKey), "key");
        ParameterExpression row = Expression.Parameter(typeof(TRow).MakeByRefType(), "row");
        Rewriter rewriter = new(aggregates, result.Parameters[0], key, row);
        Expression body = rewriter.Visit(result.Body);
        text = string.Join("; ", rewriter.Parameters.Prepend(new CapturedValues().Visit(body).ToString()));
        return Expression.Lambda<ProjectRow<TKey, TRow, TResult>>(body, key, row).Compile();
    }

    private sealed class Rewriter(AggregateTranslator aggregates, ParameterExpression group, ParameterExpression key, ParameterExpression row)
        : ExpressionVisitor
    {
        /// <summary>What the results depend on besides the states, in the order of the calls.</summary>
        public List<string> Parameters { get; } = [];

        protected override Expression VisitMethodCall(MethodCallExpression node)
        {
            if (node.Object != group)
            {
                return base.VisitMethodCall(node);
            }

            (int index, AggregateFunction function) = aggregates.Of(node);
            Parameters.Add(function.ResultParameters);
            Expression result = FoldCompiler.Call(function, nameof(IAggregator<,,>.Result), FoldCompiler.Head(row, index));
            return ClrType.FromRepresentation(Presence.IsOptional(node.Type) ? result : Presence.Value(result), node.Type);
        }

        protected override Expression VisitMember(MemberExpression node) =>
            node.Expression == group ? key : base.VisitMember(node);
    }

    /// <summary>Puts the values of captured variables in their place.</summary>
    private sealed class CapturedValues : ExpressionVisitor
    {
        protected override Expression VisitMember(MemberExpression node)
        {
            Expression? of = Visit(node.Expression);
            return of is ConstantExpression { Value: { } captured } && node.Member is FieldInfo field
                ? Expression.Constant(field.GetValue(captured), node.Type)
                : node.Update(of);
        }
    }
}
