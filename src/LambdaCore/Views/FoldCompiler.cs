using System.Linq.Expressions;
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
        code.Share(plan.Aggregates.SelectMany(a => new[] { a.Filter, a.Input }).OfType<Scalar>());
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

    private static Expression Add(ScalarCode code, PlannedAggregate aggregate, Expression state, ParameterExpression stamp)
    {
        Expression AddValue(Expression value) => Expression.Call(aggregate.Function.Aggregate.GetMethod("Add")!, state, value, stamp);

        Expression add;
        if (aggregate.Input is null)
        {
            add = AddValue(Expression.Default(typeof(ValueTuple)));
        }
        else
        {
            Expression input = code.Write(aggregate.Input);
            ParameterExpression value = input as ParameterExpression ?? Expression.Variable(input.Type);
            Expression present = Presence.Value(value);
            add = AddValue(aggregate.Function.Sketch is null ? present : ValueHash.Call(present));
            if (aggregate.Input.Type.IsNullable)
            {
                add = Expression.IfThen(Presence.IsPresent(value), add);
            }

            add = value == input ? add : Expression.Block([value], Expression.Assign(value, input), add);
        }

        return aggregate.Filter is null ? add : Expression.IfThen(code.Write(aggregate.Filter), add);
    }
}
