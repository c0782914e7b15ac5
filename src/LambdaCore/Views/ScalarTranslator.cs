using System.Linq.Expressions;
using LambdaCore.Values;

namespace LambdaCore.Views;

/// <summary>
/// Translates the body of a lambda over one event into a <see cref="Scalar"/>, or refuses it. Members and methods are
/// the business of <see cref="MemberTranslator"/>.
/// </summary>
/// <param name="view">The view's name, for errors.</param>
/// <param name="events">The events' columns.</param>
/// <param name="event">The lambda's parameter.</param>
/// <param name="key">If the lambda is not over an event but over a key of another view, that key.</param>
internal sealed class ScalarTranslator(string view, EventSchema events, ParameterExpression @event, KeyShape? key = null)
{
    /// <summary>A condition, which is never missing.</summary>
    public Scalar Condition(Expression expression)
    {
        Scalar condition = Value(expression);
        return condition.Type is { Kind: ValueKind.Boolean, IsNullable: false }
            ? condition
            : throw Refuse(expression, "a condition must be true or false, but this may be missing.", $"Write {Refusal.Show(expression)} == true, or give a default with ??.");
    }

    /// <summary>A value.</summary>
    public Scalar Value(Expression expression)
    {
        if (ClosedExpression.IsClosed(expression, @event))
        {
            return ClosedExpression.ToScalar(view, expression);
        }

        return expression switch
        {
            UnaryExpression unary => Unary(unary),
            BinaryExpression binary => Binary(binary),
            ConditionalExpression choice => Choose(choice),
            MemberExpression member => Member(member),
            MethodCallExpression call => MemberTranslator.Call(this, call) ?? throw Refuse(call, $"the method {call.Method.DeclaringType?.Name}.{call.Method.Name} has no meaning in SQL here.", MemberTranslator.Suggest(call.Method)),
            ParameterExpression when key is { Members: [{ Member: null } whole] } => new KeyScalar(whole, 0),
            ParameterExpression when key is not null => throw Refuse(expression, "a key is no scalar.", "Name one of its columns."),
            ParameterExpression => throw Refuse(expression, "an event is no scalar.", "Name one of its properties."),
            _ => throw Refuse(expression, $"expressions of kind {expression.NodeType} cannot be translated.", "Compute it before the event is appended and make it a property of the event."),
        };
    }

    /// <summary>Whether an expression does not depend on the event.</summary>
    public bool IsClosed(Expression expression) => ClosedExpression.IsClosed(expression, @event);

    /// <summary>The value of an expression that does not depend on the event.</summary>
    public object? Evaluate(Expression expression) => ClosedExpression.Evaluate(view, expression);

    /// <summary>An error about a part of the definition.</summary>
    public ViewDefinitionException Refuse(Expression part, string why, string instead) => Refusal.Of(view, part, why, instead);

    /// <summary>A condition on whether a value is missing.</summary>
    public static Scalar IsMissing(Scalar value) =>
        value.Type.IsNullable ? OperatorTable.Apply("IsMissing", value) : ConstantScalar.Of(false);

    /// <summary>The value, or another if it is missing.</summary>
    public static Scalar OrElse(Scalar value, Scalar other) =>
        value.Type.IsNullable ? OperatorTable.Apply("Coalesce", value, other) : value;

    /// <summary>The value of a nullable: missing stays missing, except that a missing condition is false.</summary>
    public static Scalar Unwrap(Scalar value) =>
        value.Type.Kind == ValueKind.Boolean ? OrElse(value, ConstantScalar.Of(false)) : value;

    private Scalar Unary(UnaryExpression unary)
    {
        switch (unary.NodeType)
        {
            case ExpressionType.Not when unary.Type == typeof(bool):
                return OperatorTable.Apply("Not", Condition(unary.Operand));
            case ExpressionType.Negate or ExpressionType.NegateChecked:
                Scalar operand = Value(unary.Operand);
                return operand.Type.Kind == ValueKind.Duration
                    ? OperatorTable.Apply("Subtract", new ConstantScalar(ValueKind.Duration, 0L), operand)
                    : Apply(unary, "Negate", operand);
            case ExpressionType.UnaryPlus:
                return Value(unary.Operand);
            case ExpressionType.Convert or ExpressionType.ConvertChecked:
                return Convert(unary);
            default:
                throw Refuse(unary, $"the operator {unary.NodeType} on {unary.Operand.Type.Name} cannot be translated.", "Use comparisons, &&, ||, ! and arithmetic.");
        }
    }

    private Scalar Convert(UnaryExpression convert)
    {
        if (!ClrType.TryGetScalar(convert.Type, out ScalarType target))
        {
            throw Refuse(convert, $"values of type {convert.Type.Name} are no scalars.", ClrType.Suggest(convert.Type));
        }

        Scalar operand = Value(convert.Operand);
        bool unwraps = Presence.IsOptional(convert.Operand.Type) && !Presence.IsOptional(convert.Type);
        return operand.Type.Kind == target.Kind ? (unwraps ? Unwrap(operand) : operand)
            : OperatorTable.TryApply(ConversionOperators.NameOf(target.Kind), operand)
            ?? throw Refuse(convert, $"there is no conversion from {convert.Operand.Type.Name} to {convert.Type.Name} here.", "Convert between numbers only.");
    }

    private Scalar Binary(BinaryExpression binary)
    {
        switch (binary.NodeType)
        {
            case ExpressionType.AndAlso:
            case ExpressionType.And when binary.Type == typeof(bool):
                return OperatorTable.Apply("And", Condition(binary.Left), Condition(binary.Right));
            case ExpressionType.OrElse:
            case ExpressionType.Or when binary.Type == typeof(bool):
                return OperatorTable.Apply("Or", Condition(binary.Left), Condition(binary.Right));
            case ExpressionType.ExclusiveOr when binary.Type == typeof(bool):
                return OperatorTable.Apply("NotEqual", Condition(binary.Left), Condition(binary.Right));
            case ExpressionType.Equal:
                return Equal(binary);
            case ExpressionType.NotEqual:
                Scalar equal = Equal(binary);
                return equal is CallScalar { Operator.Name: "Equal" } call ? OperatorTable.Apply("NotEqual", call.Arguments) : OperatorTable.Apply("Not", equal);
            case ExpressionType.Coalesce:
                return OrElse(Value(binary.Left), Value(binary.Right));
            default:
                return Arithmetic(binary, Value(binary.Left), Value(binary.Right));
        }
    }

    private Scalar Equal(BinaryExpression binary)
    {
        if (IsNull(binary.Left) || IsNull(binary.Right))
        {
            Expression operand = IsNull(binary.Left) ? binary.Right : binary.Left;
            return operand is ParameterExpression
                ? throw Refuse(binary, "an event is never null.", "Leave the test out.")
                : IsMissing(Value(operand));
        }

        return Apply(binary, "Equal", Value(binary.Left), Value(binary.Right));
    }

    private bool IsNull(Expression expression) => !expression.Type.IsValueType || Nullable.GetUnderlyingType(expression.Type) is not null
        ? IsClosed(expression) && Evaluate(expression) is null
        : false;

    private Scalar Arithmetic(BinaryExpression binary, Scalar left, Scalar right)
    {
        bool subtracts = binary.NodeType is ExpressionType.Subtract or ExpressionType.SubtractChecked;
        switch (left.Type.Kind, right.Type.Kind)
        {
            case (ValueKind.Timestamp, ValueKind.Timestamp) when subtracts:
                return OperatorTable.Apply("Difference", left, right);
            case (ValueKind.Timestamp, ValueKind.Duration):
                Scalar shift = subtracts ? OperatorTable.Apply("Subtract", new ConstantScalar(ValueKind.Duration, 0L), right) : right;
                return OperatorTable.Apply("Shift", left, shift);
            case (ValueKind.String, ValueKind.String):
                return Concat(left, right);
        }

        string? name = binary.NodeType switch
        {
            ExpressionType.Add or ExpressionType.AddChecked => "Add",
            ExpressionType.Subtract or ExpressionType.SubtractChecked => "Subtract",
            ExpressionType.Multiply or ExpressionType.MultiplyChecked => "Multiply",
            ExpressionType.Divide => "Divide",
            ExpressionType.Modulo => "Modulo",
            ExpressionType.LessThan => "Less",
            ExpressionType.LessThanOrEqual => "LessOrEqual",
            ExpressionType.GreaterThan => "Greater",
            ExpressionType.GreaterThanOrEqual => "GreaterOrEqual",
            _ => null,
        };
        if (left.Type.Kind == ValueKind.Boolean)
        {
            throw Refuse(binary, "a nullable bool has three values, and a condition two.", "Write == true on each side.");
        }

        return name is null
            ? throw Refuse(binary, $"the operator {binary.NodeType} on {binary.Left.Type.Name} cannot be translated.", "Use comparisons, &&, ||, + - * / % and ??.")
            : Apply(binary, name, left, right);
    }

    /// <summary>Text put together; a missing part is empty, as in C#.</summary>
    public static Scalar Concat(Scalar left, Scalar right)
    {
        ConstantScalar empty = ConstantScalar.Of("");
        return OperatorTable.Apply("Concat", OrElse(left, empty), OrElse(right, empty));
    }

    /// <summary>Applies an operator, or refuses the expression it stands for.</summary>
    public Scalar Apply(Expression expression, string name, params IReadOnlyList<Scalar> arguments) =>
        OperatorTable.TryApply(name, arguments)
        ?? throw Refuse(expression, $"there is no {name} for {string.Join(" and ", arguments.Select(a => a.Type.Kind))}.", MemberTranslator.SuggestOperator(name, arguments));

    private Scalar Choose(ConditionalExpression choice) =>
        Apply(choice, "Choose", Condition(choice.Test), Value(choice.IfTrue), Value(choice.IfFalse));

    private Scalar Member(MemberExpression member)
    {
        if (member.Expression == @event && key is not null)
        {
            int index = key.Members.ToList().FindIndex(m => m.Member?.Name == member.Member.Name);
            if (index >= 0)
            {
                return new KeyScalar(key.Members[index], index);
            }

            if (key.Members is not [{ Member: null }])
            {
                throw Refuse(member, "it is no column of the key that is rolled up.", $"Its columns are {string.Join(", ", key.Members.Select(m => m.Column.Name))}.");
            }
        }
        else if (member.Expression == @event)
        {
            return events.Find(member.Member) is { } property
                ? new ColumnScalar(property)
                : throw Refuse(member, "the property is computed, so it is not stored with the event.", "Use the properties that it is computed from, or give it a setter or a constructor parameter.");
        }

        return MemberTranslator.Member(this, member)
            ?? throw Refuse(member, $"the member {member.Member.DeclaringType?.Name}.{member.Member.Name} has no meaning in SQL here.", MemberTranslator.Suggest(member.Member));
    }
}
