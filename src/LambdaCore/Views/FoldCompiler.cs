using System.Linq.Expressions;
using System.Reflection;
using LambdaCore.Aggregates;
using LambdaCore.Values;

namespace LambdaCore.Views;

/// <summary>Compiles the filter and the fold of a plan.</summary>
internal static class FoldCompiler
{
    /// <summary>The filter; null if all events count.</summary>
    public static Func<T, bool>? Filter<T>(ViewPlan plan)
    {
        if (plan.Filter is null)
        {
            return null;
        }

        ParameterExpression @event = Expression.Parameter(typeof(T), "event");
        return Expression.Lambda<Func<T, bool>>(new ScalarCode(@event).Write(plan.Filter), @event).Compile();
    }

    /// <summary>The fold of one event into the row of its key.</summary>
    public static FoldEvent<T, TRow> Fold<T, TRow>(ViewPlan plan)
        where TRow : struct, IState<TRow>
    {
        ParameterExpression @event = Expression.Parameter(typeof(T), "event");
        ParameterExpression stamp = Expression.Parameter(typeof(EventStamp).MakeByRefType(), "stamp");
        ParameterExpression row = Expression.Parameter(typeof(TRow).MakeByRefType(), "row");
        ScalarCode code = new(@event);
        code.Share(plan.Aggregates.SelectMany(a => a.Inputs.Prepend(a.Filter)).OfType<Scalar>());
        Expression[] steps = [.. code.Assignments, .. plan.Aggregates.Select((a, i) => Add(code, a, Head(row, i), stamp)), Expression.Empty()];
        return Expression.Lambda<FoldEvent<T, TRow>>(Expression.Block(code.Variables, steps), @event, stamp, row).Compile();
    }

    /// <summary>The state at a position of a row, as a field that can be passed by reference.</summary>
    public static MemberExpression Head(Expression row, int index)
    {
        for (; index > 0; index--)
        {
            row = Expression.Field(row, nameof(StateRow<,>.Tail));
        }

        return Expression.Field(row, nameof(StateRow<,>.Head));
    }

    /// <summary>A call of a method of an aggregator.</summary>
    public static MethodCallExpression Call(AggregateFunction function, string method, params Expression[] arguments)
    {
        Type type = function.Aggregator.GetType();
        Expression aggregator = type.GetFields(BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public).Length == 0
            ? Expression.Default(type)
            : Expression.Constant(function.Aggregator);
        return Expression.Call(aggregator, type.GetMethod(method)!, arguments);
    }

    private static Expression Add(ScalarCode code, PlannedAggregate aggregate, Expression state, ParameterExpression stamp)
    {
        AggregateFunction function = aggregate.Function;
        List<ParameterExpression> variables = [];
        List<Expression> steps = [];
        List<Expression> values = [];
        Expression? allPresent = null;
        for (int i = 0; i < aggregate.Inputs.Count; i++)
        {
            Expression input = code.Write(aggregate.Inputs[i]);
            if (input is not ParameterExpression variable)
            {
                variable = Expression.Variable(input.Type);
                variables.Add(variable);
                steps.Add(Expression.Assign(variable, input));
            }

            bool isRequired = !function.Inputs[i].IsNullable;
            if (isRequired && aggregate.Inputs[i].Type.IsNullable)
            {
                Expression present = Presence.IsPresent(variable);
                allPresent = allPresent is null ? present : Expression.AndAlso(allPresent, present);
            }

            values.Add(function.TakesHashes
                ? ValueHash.Call(Presence.Value(variable))
                : ClrType.FromRepresentation(isRequired ? Presence.Value(variable) : variable, function.InputTypes[i]));
        }

        Expression value = values.Count switch
        {
            0 => Expression.Default(typeof(ValueTuple)),
            1 => values[0],
            _ => Expression.New(typeof(ValueTuple<,>).MakeGenericType([.. function.InputTypes]).GetConstructor([.. function.InputTypes])!, values),
        };
        Expression add = Call(function, nameof(IAggregator<,,>.Add), state, value, stamp);
        steps.Add(allPresent is null ? add : Expression.IfThen(allPresent, add));
        Expression all = steps.Count == 1 ? steps[0] : Expression.Block(variables, steps);
        return aggregate.Filter is null ? all : Expression.IfThen(code.Write(aggregate.Filter), all);
    }
}
