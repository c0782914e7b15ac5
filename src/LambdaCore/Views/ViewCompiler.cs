using System.Linq.Expressions;
using System.Reflection;
using LambdaCore.Aggregates;
using LambdaCore.Values;

namespace LambdaCore.Views;

/// <summary>Makes a plan of a definition, and delegates of the plan.</summary>
internal static class ViewCompiler
{
    /// <summary>Compiles a definition.</summary>
    public static ViewDefinition<T, TKey, TResult> Compile<T, TKey, TResult>(
        ViewDraft draft, KeyShape key, Expression<Func<EventGroup<T, TKey>, TResult>> result)
    {
        result = Compositions.Expand(draft, result);
        AggregateTranslator aggregates = AggregateTranslator.Translate(draft, key, result);
        ViewPlan plan = new(draft.Name, draft.Events, draft.Filter, [.. key.Members.Select(m => m.Column)], aggregates.Planned);
        Type row = plan.Aggregates.Reverse().Aggregate(typeof(EmptyRow), (tail, a) => typeof(StateRow<,>).MakeGenericType(a.Function.State, tail));
        MethodInfo close = typeof(ViewCompiler).GetMethod(nameof(Close), BindingFlags.NonPublic | BindingFlags.Static)!
            .MakeGenericMethod(typeof(T), typeof(TKey), typeof(TResult), row);
        return close.CreateDelegate<Func<ViewPlan, KeyShape, AggregateTranslator, Expression<Func<EventGroup<T, TKey>, TResult>>, ViewDefinition<T, TKey, TResult>>>()(
            plan, key, aggregates, result);
    }

    private static ViewDefinition<T, TKey, TResult> Close<T, TKey, TResult, TRow>(
        ViewPlan plan, KeyShape key, AggregateTranslator aggregates, Expression<Func<EventGroup<T, TKey>, TResult>> result)
        where TRow : struct, IState<TRow>
    {
        ProjectRow<TKey, TRow, TResult> project = ResultCompiler.Project<T, TKey, TResult, TRow>(aggregates, result, out string resultText);
        ViewProgram<T, TKey, TResult, TRow> program = new()
        {
            Plan = plan,
            Key = key,
            Filter = FoldCompiler.Filter<T>(plan),
            Fold = FoldCompiler.Fold<T, TRow>(plan),
            Project = project,
            ResultText = resultText,
            UsesKey = KeyUse.In(result),
            WriteEventKey = KeyCompiler.WriteEventKey<T>(plan),
            WriteEventKeys = KeyCompiler.WriteEventKeys<T>(plan.Keys),
            WriteKey = KeyCompiler.WriteKey<TKey>(key.StateMembers),
            ReadKey = KeyCompiler.ReadKey<TKey>(key),
            WindowStart = KeyCompiler.WindowStart<TKey>(key),
        };
        return plan.SessionKey is null
            ? new CompiledView<T, TKey, TResult, TRow>(program, key)
            : new CompiledView<T, TKey, TResult, SessionSet<TRow>>(SessionCompiler.Sessions(program), key);
    }

    /// <summary>Looks for the key in a result.</summary>
    private sealed class KeyUse(ParameterExpression group) : ExpressionVisitor
    {
        private bool _found;

        public static bool In(LambdaExpression result)
        {
            KeyUse search = new(result.Parameters[0]);
            _ = search.Visit(result.Body);
            return search._found;
        }

        protected override Expression VisitMember(MemberExpression node)
        {
            _found |= node.Expression == group;
            return base.VisitMember(node);
        }
    }
}
