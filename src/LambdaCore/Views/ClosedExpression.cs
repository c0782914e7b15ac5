using System.Buffers;
using System.Linq.Expressions;
using System.Reflection;
using System.Text;
using LambdaCore.Values;

namespace LambdaCore.Views;

/// <summary>
/// The parts of a definition that do not depend on the event: literals, captured variables, fields and properties of
/// captured objects, calls on these. They are evaluated once, when the view is defined.
/// </summary>
internal static class ClosedExpression
{
    /// <summary>Whether an expression does not depend on a parameter.</summary>
    public static bool IsClosed(Expression expression, ParameterExpression @event)
    {
        Search search = new(@event);
        _ = search.Visit(expression);
        return !search.Found;
    }

    /// <summary>The value of an expression.</summary>
    public static object? Evaluate(string view, Expression expression)
    {
        if (expression is ConstantExpression constant)
        {
            return constant.Value;
        }

        // A captured variable: much the most frequent, and a thousandth of the cost of compiling.
        if (expression is MemberExpression { Member: FieldInfo field, Expression: ConstantExpression { Value: { } closure } })
        {
            return field.GetValue(closure);
        }

        try
        {
            return Expression.Lambda<Func<object?>>(Expression.Convert(expression, typeof(object))).Compile(preferInterpretation: true)();
        }
        catch (Exception error)
        {
            throw Refusal.Of(view, expression, $"it is evaluated when the view is defined, and that raised {error.GetType().Name}: {error.Message}", "Compute it before and capture the result.", error);
        }
    }

    /// <summary>A constant with the value of an expression.</summary>
    public static ConstantScalar ToScalar(string view, Expression expression)
    {
        object? value = Evaluate(view, expression);
        if (expression.Type == typeof(char))
        {
            return ToScalar(view, Expression.Constant(value!.ToString()));
        }

        if (!ClrType.TryGetScalar(expression.Type, out ScalarType scalar))
        {
            throw Refusal.Of(view, expression, $"values of type {expression.Type} are no scalars.", ClrType.Suggest(expression.Type));
        }

        return new ConstantScalar(scalar.Kind, value is null ? null : Normalize(view, expression, Represent(view, expression, value)));
    }

    private static object Represent(string view, Expression expression, object value)
    {
        Expression plain = Expression.Constant(value, Nullable.GetUnderlyingType(expression.Type) ?? expression.Type);
        Expression code = Expression.Convert(ClrType.ToRepresentation(plain), typeof(object));
        try
        {
            return Expression.Lambda<Func<object>>(code).Compile(preferInterpretation: true)();
        }
        catch (ArgumentException error)
        {
            throw Refusal.Of(view, expression, error.Message, "Capture a DateTimeOffset.", error);
        }
    }

    private static object Normalize(string view, Expression expression, object value)
    {
        if (value is decimal number)
        {
            return DecimalUnits.TryFromDecimal(number, out Int128 units)
                ? DecimalUnits.ToDecimal(units)
                : throw Refusal.Of(view, expression, $"{number} has more than nine digits after the point, which stored decimals do not have.", "Write decimal.Round(value, 9).");
        }

        if (value is string text && !IsWellFormed(text))
        {
            throw Refusal.Of(view, expression, "the text has a surrogate without its partner, which cannot be stored.", "Use well-formed Unicode.");
        }

        return value;
    }

    /// <summary>Whether each surrogate of a text has its partner.</summary>
    public static bool IsWellFormed(ReadOnlySpan<char> text)
    {
        while (!text.IsEmpty)
        {
            if (Rune.DecodeFromUtf16(text, out _, out int consumed) != OperationStatus.Done)
            {
                return false;
            }

            text = text[consumed..];
        }

        return true;
    }

    private sealed class Search(ParameterExpression wanted) : ExpressionVisitor
    {
        public bool Found { get; private set; }

        protected override Expression VisitParameter(ParameterExpression node)
        {
            Found |= node == wanted;
            return node;
        }
    }
}
