using System.Linq.Expressions;
using LambdaCore.Values;

namespace LambdaCore.Views;

/// <summary>
/// Turns <see cref="Scalar"/>s over one event into C# expression trees on representations. Operations that occur more
/// than once are computed once, before the rest: they cannot fail, so doing them early changes nothing.
/// </summary>
internal sealed class ScalarCode(Expression @event)
{
    private readonly Dictionary<string, ParameterExpression> _shared = [];
    private readonly List<ParameterExpression> _variables = [];
    private readonly List<Expression> _assignments = [];

    /// <summary>Variables to declare around the code.</summary>
    public IEnumerable<ParameterExpression> Variables => _variables;

    /// <summary>Assignments to run before the code.</summary>
    public IEnumerable<Expression> Assignments => _assignments;

    /// <summary>Computes once what occurs more than once in some scalars, or in the key.</summary>
    public void Share(IEnumerable<Scalar> scalars)
    {
        Dictionary<string, int> seen = [];
        foreach (Scalar scalar in scalars)
        {
            CountOccurrences(scalar, seen);
        }
    }

    /// <summary>An expression of the type <see cref="ScalarType.Representation"/>.</summary>
    public Expression Write(Scalar scalar)
    {
        if (_shared.TryGetValue(scalar.Text, out ParameterExpression? variable))
        {
            return variable;
        }

        Expression code = scalar switch
        {
            ColumnScalar column => Column(column),
            KeyScalar key => KeyShape.Read(@event, key.Member),
            ConstantScalar constant => Expression.Constant(constant.Value, constant.Type.Representation),
            MembershipScalar membership => Membership(membership),
            CallScalar call => Call(call),
            _ => throw new ArgumentOutOfRangeException(nameof(scalar), scalar, null),
        };
        return Presence.As(code, scalar.Type.Representation);
    }

    /// <summary>A property as the log keeps it: events come here before they were stored, and after.</summary>
    private Expression Column(ColumnScalar column)
    {
        Expression value = ClrType.ToRepresentation(Expression.Property(@event, column.Property.Property));
        return column.Type.Kind is ValueKind.Float32 or ValueKind.Float64 ? Expression.Call(typeof(ValueOrder), nameof(ValueOrder.Canonical), null, value) : value;
    }

    private void CountOccurrences(Scalar scalar, Dictionary<string, int> seen)
    {
        if (scalar is ConstantScalar)
        {
            return;
        }

        int times = seen[scalar.Text] = seen.GetValueOrDefault(scalar.Text) + 1;
        if (times == 1)
        {
            IEnumerable<Scalar> parts = scalar switch
            {
                CallScalar call => call.Arguments,
                MembershipScalar membership => [membership.Operand],
                _ => [],
            };
            foreach (Scalar part in parts)
            {
                CountOccurrences(part, seen);
            }
        }
        else if (!_shared.ContainsKey(scalar.Text))
        {
            Expression code = Write(scalar);
            ParameterExpression variable = Expression.Variable(code.Type);
            _variables.Add(variable);
            _assignments.Add(Expression.Assign(variable, code));
            _shared.Add(scalar.Text, variable);
        }
    }

    private Expression Call(CallScalar call)
    {
        Operator @operator = call.Operator;
        Expression[] arguments = [.. call.Arguments.Select(Write)];
        if (@operator.Missing == MissingRule.Own)
        {
            return @operator.Evaluate(arguments);
        }

        List<ParameterExpression> variables = [];
        List<Expression> steps = [];
        Expression? allPresent = null;
        for (int i = 0; i < arguments.Length; i++)
        {
            if (!call.Arguments[i].Type.IsNullable)
            {
                continue;
            }

            if (arguments[i] is not ParameterExpression variable)
            {
                variable = Expression.Variable(arguments[i].Type);
                variables.Add(variable);
                steps.Add(Expression.Assign(variable, arguments[i]));
            }

            Expression present = Presence.IsPresent(variable);
            allPresent = allPresent is null ? present : Expression.AndAlso(allPresent, present);
            arguments[i] = Presence.Value(variable);
        }

        Expression result = call.MayFail ? @operator.TryEvaluate!(arguments) : @operator.Evaluate(arguments);
        if (allPresent is null)
        {
            return result;
        }

        Type type = call.Type.Representation;
        steps.Add(Expression.Condition(allPresent, Presence.As(result, type), Expression.Default(type)));
        return Expression.Block(variables, steps);
    }

    private BlockExpression Membership(MembershipScalar membership)
    {
        Expression operand = Write(membership.Operand);
        ParameterExpression variable = Expression.Variable(operand.Type);
        Expression value = Presence.Value(variable);
        Expression found = membership.Members.Count <= 8
            ? membership.Members.Select(m => (Expression)Expression.Equal(value, Expression.Constant(m.Value, value.Type)))
                .Aggregate((Expression)Expression.Constant(false), (a, b) => a is ConstantExpression ? b : Expression.OrElse(a, b))
            : Lookup(membership, value);
        Expression result = Expression.Condition(Presence.IsMissing(variable), Expression.Constant(membership.HasMissing), found);
        return Expression.Block([variable], Expression.Assign(variable, operand), result);
    }

    private static MethodCallExpression Lookup(MembershipScalar membership, Expression value)
    {
        Type type = typeof(HashSet<>).MakeGenericType(value.Type);
        object set = Activator.CreateInstance(type)!;
        foreach (ConstantScalar member in membership.Members)
        {
            type.GetMethod(nameof(HashSet<>.Add))!.Invoke(set, [member.Value]);
        }

        return Expression.Call(Expression.Constant(set), type.GetMethod(nameof(HashSet<>.Contains))!, value);
    }
}
