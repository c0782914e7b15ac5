using System.Numerics;
using LambdaCore.Values;

namespace LambdaCore.Views;

/// <summary>
/// A scalar expression over one event: what the SQL compiler and the fold compiler both read. Immutable. Two
/// scalars with the same <see cref="Text"/> mean the same.
/// </summary>
internal abstract class Scalar
{
    /// <summary>The kind of the value, and whether it may be missing.</summary>
    public abstract ScalarType Type { get; }

    /// <summary>A text that determines the meaning and nothing else, as input of the plan's fingerprint.</summary>
    public abstract string Text { get; }

    /// <summary>The values that a whole number can take; null for other kinds.</summary>
    public virtual IntegerRange? Range => IntegerRange.Of(Type.Kind);

    /// <summary>Whether the value may be a floating-point NaN.</summary>
    public virtual bool MayBeNaN => Type.Kind is ValueKind.Float32 or ValueKind.Float64;

    /// <summary>The scalar itself and all that it is computed from.</summary>
    public IEnumerable<Scalar> Parts => this switch
    {
        CallScalar call => call.Arguments.SelectMany(a => a.Parts).Prepend(this),
        MembershipScalar membership => membership.Operand.Parts.Prepend(this),
        _ => [this],
    };

    /// <inheritdoc/>
    public sealed override string ToString() => Text;
}

/// <summary>The value of an event's property.</summary>
internal sealed class ColumnScalar(EventProperty property) : Scalar
{
    /// <summary>The property.</summary>
    public EventProperty Property { get; } = property;

    /// <inheritdoc/>
    public override ScalarType Type => Property.Type;

    /// <inheritdoc/>
    public override string Text { get; } = $"{SqlLiteral.Name(property.Name)}:{property.Type}";
}

/// <summary>
/// A value known when the view is defined, in its kind's representation; null if it is missing. A negative zero becomes zero:
/// DuckDB takes two expressions for one if only the sign of a zero tells them apart.
/// </summary>
internal sealed class ConstantScalar : Scalar
{
    /// <summary>Creates a constant.</summary>
    public ConstantScalar(ValueKind kind, object? value)
    {
        Value = value switch
        {
            double number => ValueOrder.Canonical(number),
            float number => ValueOrder.Canonical(number),
            _ => value,
        };
        Type = new ScalarType(kind, value is null);
        Text = $"{kind} {SqlLiteral.Of(kind, Value)}";
    }

    /// <summary>The value.</summary>
    public object? Value { get; }

    /// <inheritdoc/>
    public override ScalarType Type { get; }

    /// <inheritdoc/>
    public override string Text { get; }

    /// <inheritdoc/>
    public override bool MayBeNaN => Value is double.NaN or float.NaN;

    /// <inheritdoc/>
    public override IntegerRange? Range => Value switch
    {
        int v => new(v, v),
        long v when Type.Kind is ValueKind.Int64 or ValueKind.Duration => new(v, v),
        uint v => new(v, v),
        ulong v => new(v, v),
        sbyte v => new(v, v),
        byte v => new(v, v),
        short v => new(v, v),
        ushort v => new(v, v),
        _ => base.Range,
    };

    /// <summary>A boolean.</summary>
    public static ConstantScalar Of(bool value) => new(ValueKind.Boolean, value);

    /// <summary>A string.</summary>
    public static ConstantScalar Of(string value) => new(ValueKind.String, value);
}

/// <summary>An operator of <see cref="OperatorTable"/> applied to arguments.</summary>
internal sealed class CallScalar : Scalar
{
    /// <summary>Applies an operator.</summary>
    public CallScalar(Operator @operator, IReadOnlyList<Scalar> arguments)
    {
        Operator = @operator;
        Arguments = arguments;
        MayFail = @operator.MayFail(arguments);
        bool missing = @operator.Missing switch
        {
            MissingRule.Propagates => MayFail || arguments.Any(a => a.Type.IsNullable),
            MissingRule.IsFalse => false,
            _ => @operator.IsNullable(arguments),
        };
        Type = new ScalarType(@operator.Result, missing);
        Text = $"{@operator.Id}({string.Join(", ", arguments)})";
        Range = @operator.RangeOf(arguments);
    }

    /// <summary>The operator.</summary>
    public Operator Operator { get; }

    /// <summary>Its arguments.</summary>
    public IReadOnlyList<Scalar> Arguments { get; }

    /// <summary>Whether the operator may have no value although all its arguments have one.</summary>
    public bool MayFail { get; }

    /// <inheritdoc/>
    public override ScalarType Type { get; }

    /// <inheritdoc/>
    public override string Text { get; }

    /// <inheritdoc/>
    public override IntegerRange? Range { get; }
}

/// <summary>Whether a value is one of several that are known when the view is defined; a missing value is found if null is among them.</summary>
internal sealed class MembershipScalar(Scalar operand, IReadOnlyList<ConstantScalar> members, bool hasMissing) : Scalar
{
    /// <summary>The value looked for.</summary>
    public Scalar Operand { get; } = operand;

    /// <summary>The values, none of them missing.</summary>
    public IReadOnlyList<ConstantScalar> Members { get; } = members;

    /// <summary>Whether null is one of the values.</summary>
    public bool HasMissing { get; } = hasMissing;

    /// <inheritdoc/>
    public override ScalarType Type => new(ValueKind.Boolean, false);

    /// <inheritdoc/>
    public override string Text { get; } =
        $"In({operand}; {string.Join(", ", members)}{(hasMissing ? ", missing" : "")})";
}
