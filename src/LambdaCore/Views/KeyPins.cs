using System.Linq.Expressions;
using LambdaCore.Values;

namespace LambdaCore.Views;

/// <summary>A key column that a condition allows one value only.</summary>
/// <param name="Column">The column's position in the key.</param>
/// <param name="Bytes">The value as <see cref="KeyWriter"/> encodes the column.</param>
internal readonly record struct KeyPin(int Column, ReadOnlyMemory<byte> Bytes);

/// <summary>
/// Finds which key columns a condition on keys pins to one value: the parts <c>k.Column == value</c> of a conjunction,
/// and <c>k.Flag</c> and <c>!k.Flag</c>. Every key that satisfies the condition has the pinned bytes; the converse need not hold, so the
/// condition is still asked of the keys that are found.
/// </summary>
internal static class KeyPins
{
    /// <summary>The pins, in no particular order. A column may be pinned twice.</summary>
    public static IReadOnlyList<KeyPin> Of<TKey>(KeyShape shape, Expression<Func<TKey, bool>> condition)
    {
        List<KeyPin> pins = [];
        Collect(shape, condition.Parameters[0], condition.Body, pins);
        return pins;
    }

    private static void Collect(KeyShape shape, ParameterExpression key, Expression condition, List<KeyPin> pins)
    {
        switch (condition)
        {
            case BinaryExpression { NodeType: ExpressionType.AndAlso } both:
                Collect(shape, key, both.Left, pins);
                Collect(shape, key, both.Right, pins);
                break;
            case BinaryExpression { NodeType: ExpressionType.Equal } equal:
                Pin(shape, key, equal.Left, equal.Right, pins);
                Pin(shape, key, equal.Right, equal.Left, pins);
                break;
            case UnaryExpression { NodeType: ExpressionType.Not } not:
                Pin(shape, key, not.Operand, Expression.Constant(false), pins);
                break;
            case MemberExpression flag:
                Pin(shape, key, flag, Expression.Constant(true), pins);
                break;
        }
    }

    private static void Pin(KeyShape shape, ParameterExpression key, Expression column, Expression value, List<KeyPin> pins)
    {
        if (!ClosedExpression.IsClosed(value, key) || Find(shape, key, StripWidening(column)) is not (>= 0 and int index))
        {
            return;
        }

        KeyMember member = shape.Members[index];
        Type type = member.Member is null ? shape.KeyType : StripWidening(column).Type;
        if (TryEvaluate(value, out object? wanted) && TryConvert(wanted, type, out object? pinned) && Encode(member, pinned, type) is { } bytes)
        {
            pins.Add(new KeyPin(index, bytes));
        }
    }

    private static bool TryEvaluate(Expression expression, out object? value)
    {
        try
        {
            value = ClosedExpression.Evaluate("query", expression);
            return true;
        }
        catch (ViewDefinitionException)
        {
            // The condition itself decides whether it comes to this: x != null && k.Name == x.Trim().
            value = null;
            return false;
        }
    }

    private static int Find(KeyShape shape, ParameterExpression key, Expression column)
    {
        for (int i = 0; i < shape.Members.Count; i++)
        {
            bool isColumn = shape.Members[i].Member is { } wanted
                ? column is MemberExpression member && member.Expression == key && member.Member.Name == wanted.Name
                : column == key;
            if (isColumn)
            {
                return i;
            }
        }

        return -1;
    }

    // C# compares enums and small integers as int, and nullables by lifting: none of these changes which value is meant.
    private static Expression StripWidening(Expression expression)
    {
        while (expression is UnaryExpression { NodeType: ExpressionType.Convert, Method: null } convert
            && ClrType.TryGetScalar(convert.Operand.Type, out ScalarType from) && ClrType.TryGetScalar(convert.Type, out ScalarType to)
            && (from.Kind == to.Kind || (IntegerRange.Of(from.Kind) is { } narrow && IntegerRange.Of(to.Kind) is { } wide && wide.Contains(narrow))))
        {
            expression = convert.Operand;
        }

        return expression;
    }

    private static bool TryConvert(object? value, Type type, out object? converted)
    {
        Type core = Nullable.GetUnderlyingType(type) ?? type;
        converted = value;
        if (value is null || core.IsInstanceOfType(value))
        {
            return value is not null || Presence.IsOptional(type);
        }

        Type number = core.IsEnum ? Enum.GetUnderlyingType(core) : core;
        object plain = value is Enum ? Convert.ChangeType(value, Enum.GetUnderlyingType(value.GetType()), null) : value;
        try
        {
            converted = number.IsPrimitive && plain.GetType().IsPrimitive ? Convert.ChangeType(plain, number, null) : null;
        }
        catch (OverflowException)
        {
            // No key has this value; the condition itself will say so.
            return false;
        }

        converted = converted is not null && core.IsEnum ? Enum.ToObject(core, converted) : converted;
        return converted is not null;
    }

    private static byte[]? Encode(KeyMember member, object? value, Type type)
    {
        if (value is null && !member.Column.Type.IsNullable)
        {
            return null;
        }

        ByteWriter bytes = new();
        try
        {
            member.Writer(type)(value, bytes);
        }
        catch (ArgumentException)
        {
            // A value that cannot be stored equals no key; the condition itself will say so.
            return null;
        }

        return bytes.Written.ToArray();
    }
}
