namespace LambdaCore.Views;

/// <summary>
/// Tells a value that is missing since a computation had no result, such as a division by zero, from one that is missing because what it is computed from is. A
/// view may take both for the same; where events themselves are changed, the first would lose data in silence.
/// </summary>
internal static class FailureCondition
{
    /// <summary>The condition on events for which a computation within a scalar has no result, and nothing within the scalar says what to take instead.</summary>
    /// <returns>Null if there are no such events.</returns>
    public static Scalar? Of(Scalar scalar) => scalar switch
    {
        MembershipScalar membership => Of(membership.Operand),
        CallScalar call => OfCall(call),
        _ => null,
    };

    private static Scalar? OfCall(CallScalar call)
    {
        IReadOnlyList<Scalar> arguments = call.Arguments;
        return call.Operator.Name switch
        {
            "IsMissing" => null,
            "Coalesce" => And(IsMissing(arguments[0]), Of(arguments[1])),
            "Choose" => Or(Of(arguments[0]), Or(And(arguments[0], Of(arguments[1])), And(Not(arguments[0]), Of(arguments[2])))),
            "And" => Or(Of(arguments[0]), And(arguments[0], Of(arguments[1]))),
            "Or" => Or(Of(arguments[0]), And(Not(arguments[0]), Of(arguments[1]))),
            _ => arguments.Select(Of).Aggregate((Scalar?)(call.MayFail ? Itself(call) : null), Or),
        };
    }

    /// <summary>The computation has no result although it has all its arguments.</summary>
    private static CallScalar Itself(CallScalar call) =>
        call.Arguments.Where(a => a.Type.IsNullable).Aggregate(IsMissing(call), (all, a) => OperatorTable.Apply("And", all, Not(IsMissing(a))));

    private static CallScalar IsMissing(Scalar scalar) => OperatorTable.Apply("IsMissing", scalar);

    private static CallScalar Not(Scalar condition) => OperatorTable.Apply("Not", condition);

    private static CallScalar? And(Scalar left, Scalar? right) => right is null ? null : OperatorTable.Apply("And", left, right);

    private static Scalar? Or(Scalar? left, Scalar? right) => left is null ? right : right is null ? left : OperatorTable.Apply("Or", left, right);
}
