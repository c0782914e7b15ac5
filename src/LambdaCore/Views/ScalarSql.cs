using LambdaCore.Values;

namespace LambdaCore.Views;

/// <summary>Writes a <see cref="Scalar"/> as SQL over the stored columns of an event.</summary>
internal static class ScalarSql
{
    /// <summary>A condition for WHERE or FILTER, where NULL counts as false.</summary>
    public static string Condition(Scalar condition) => Write(condition, Place.Condition).Text;

    /// <summary>A value of the SQL type of <see cref="SqlKind"/>, NULL if missing.</summary>
    public static SqlText Value(Scalar scalar) => Write(scalar, Place.Value);

    private static SqlText Write(Scalar scalar, Place place)
    {
        SqlText text = scalar switch
        {
            ColumnScalar column => SqlKind.FromStored(column.Type.Kind, SqlLiteral.Name(column.Property.Name)),
            ConstantScalar constant => SqlText.Atom(SqlLiteral.Of(constant.Type.Kind, constant.Value)),
            MembershipScalar membership => Membership(membership, place),
            CallScalar call => Call(call, place),
            _ => throw new ArgumentOutOfRangeException(nameof(scalar), scalar, null),
        };
        return text with { IsNullable = scalar.Type.IsNullable, MayBeNaN = scalar.MayBeNaN, IsConstant = scalar is ConstantScalar };
    }

    private static SqlText Call(CallScalar call, Place place)
    {
        Operator @operator = call.Operator;
        Place inside = @operator.Name is "And" or "Or" ? place : Place.Value;
        SqlText[] operands = [.. call.Arguments.Select((a, i) => Write(a, @operator.Name == "Choose" && i == 0 ? Place.Condition : inside))];
        TakeBareConstants(call, operands);
        SqlText text = call.MayFail && @operator.TrySql is { } attempt ? attempt(operands) : @operator.Sql(operands);
        bool mayBeNull = @operator.Missing == MissingRule.IsFalse ? operands.Any(o => o.IsNullable) : @operator.Name == "Equal" && text.IsNullable;
        return mayBeNull && place != Place.Condition ? SqlText.Atom($"coalesce({text.Text}, FALSE)") : text;
    }

    private static SqlText Membership(MembershipScalar membership, Place place)
    {
        SqlText operand = Write(membership.Operand, Place.Value);
        string list = string.Join(", ", membership.Members.Select(m => SqlLiteral.Bare(m.Type.Kind, m.Value!)));
        string found = membership.Members.Count == 0 ? "FALSE" : $"{operand} IN ({list})";
        if (!operand.IsNullable)
        {
            return SqlText.Infix(found);
        }

        return membership.HasMissing ? SqlText.Infix($"{operand} IS NULL OR {found}")
            : place == Place.Condition ? SqlText.Infix(found)
            : SqlText.Atom($"coalesce({found}, FALSE)");
    }

    // Next to an operand of its kind a constant needs no cast to have its type.
    private static void TakeBareConstants(CallScalar call, SqlText[] operands)
    {
        bool settles = call.Operator.Result == ValueKind.Boolean || call.Operator.Name is "Add" or "Subtract" or "Multiply" or "Divide" or "Modulo";
        if (!settles || operands.Length != 2 || call.Operator.Callback is not null || call.Arguments.All(a => a is ConstantScalar))
        {
            return;
        }

        for (int i = 0; i < operands.Length; i++)
        {
            if (call.Arguments[i] is ConstantScalar { Value: { } value } constant)
            {
                operands[i] = operands[i] with { Text = SqlLiteral.Bare(constant.Type.Kind, value) };
            }
        }
    }

    /// <summary>What surrounds an expression.</summary>
    private enum Place
    {
        /// <summary>A value: no errors, and conditions are TRUE or FALSE.</summary>
        Value,

        /// <summary>A condition that may be NULL where it means false.</summary>
        Condition,
    }
}
