using System.Linq.Expressions;
using System.Runtime.CompilerServices;
using LambdaCore.Tests.Views;
using LambdaCore.Views;

namespace LambdaCore.Tests.EndToEnd.Corrections;

/// <summary>Evaluates scalars on one event, slowly.</summary>
internal static class NaiveScalar
{
    private static readonly ConditionalWeakTable<Scalar, Func<Anything, object?>> Compiled = [];

    /// <summary>The value, in its kind's representation; null if it is missing.</summary>
    public static object? Value(Scalar scalar, Anything e) => Compiled.GetValue(scalar, Compile)(e);

    private static Func<Anything, object?> Compile(Scalar scalar)
    {
        ParameterExpression @event = Expression.Parameter(typeof(Anything));
        ScalarCode code = new(@event);
        code.Share([scalar]);
        Expression value = code.Write(scalar);
        Expression body = Expression.Block(code.Variables, [.. code.Assignments, Expression.Convert(value, typeof(object))]);
        return Expression.Lambda<Func<Anything, object?>>(body, @event).Compile(preferInterpretation: true);
    }

    /// <summary>Whether a computation that C# would come to has no result, so that it would throw.</summary>
    public static bool Fails(Scalar scalar, Anything e)
    {
        switch (scalar)
        {
            case MembershipScalar membership:
                return Fails(membership.Operand, e);
            case CallScalar { Operator.Name: "IsMissing" }:
                return false;
            case CallScalar { Operator.Name: "Coalesce" } call:
                return Value(call.Arguments[0], e) is null && Fails(call.Arguments[1], e);
            case CallScalar { Operator.Name: "Choose" } call:
                return Fails(call.Arguments[0], e) || Fails(call.Arguments[Value(call.Arguments[0], e) is true ? 1 : 2], e);
            case CallScalar { Operator.Name: "And" } call:
                return Fails(call.Arguments[0], e) || (Value(call.Arguments[0], e) is true && Fails(call.Arguments[1], e));
            case CallScalar { Operator.Name: "Or" } call:
                return Fails(call.Arguments[0], e) || (Value(call.Arguments[0], e) is false && Fails(call.Arguments[1], e));
            case CallScalar call:
                return call.Arguments.Any(a => Fails(a, e)) || (call.Operator.Missing == MissingRule.Propagates && Value(call, e) is null && call.Arguments.All(a => Value(a, e) is not null));
            default:
                return false;
        }
    }
}
