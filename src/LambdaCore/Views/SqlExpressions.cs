using System.Text.Json;
using LambdaCore.Values;

namespace LambdaCore.Views;

/// <summary>A condition of SQL, which may be neither true nor false.</summary>
/// <param name="True">When it holds.</param>
/// <param name="False">When its negation holds.</param>
internal readonly record struct SqlCondition(Scalar True, Scalar False);

/// <summary>
/// Turns nodes of DuckDB's parser into scalars of the operator table. Only what is named here is understood. Comparisons with NULL, NOT, AND and OR follow SQL; numbers compute
/// as in definitions: whole ones in C#'s promoted type, their quotients cut towards zero.
/// </summary>
/// <param name="events">The events' columns.</param>
/// <param name="text">The text that was parsed, for messages.</param>
internal sealed class SqlExpressions(EventSchema events, string text)
{
    private static readonly ConstantScalar True = ConstantScalar.Of(true);
    private static readonly ConstantScalar False = ConstantScalar.Of(false);

    private static readonly ValueKind[] Promotions =
        [ValueKind.Int8, ValueKind.UInt8, ValueKind.Int16, ValueKind.UInt16, ValueKind.Int32, ValueKind.UInt32, ValueKind.Int64, ValueKind.UInt64, ValueKind.Decimal, ValueKind.Float32, ValueKind.Float64];

    private static readonly Dictionary<string, (string Operator, int Arguments)> Functions = new(StringComparer.Ordinal)
    {
        ["+"] = ("Add", 2), ["-"] = ("Subtract", 2), ["*"] = ("Multiply", 2), ["/"] = ("Divide", 2), ["%"] = ("Modulo", 2), ["||"] = ("Concat", 2),
        ["abs"] = ("Abs", 1), ["round"] = ("Round", 1), ["floor"] = ("Floor", 1), ["ceil"] = ("Ceiling", 1),
        ["lower"] = ("ToLower", 1), ["upper"] = ("ToUpper", 1), ["trim"] = ("Trim", 1), ["replace"] = ("Replace", 3),
        ["contains"] = ("Contains", 2), ["starts_with"] = ("StartsWith", 2), ["ends_with"] = ("EndsWith", 2),
    };

    /// <summary>An error about a part of the text.</summary>
    public ArgumentException Refuse(string what, string instead) => new($"The SQL '{text}' cannot be used: {what}. {instead} Nothing was changed.");

    /// <summary>An assignment: a property, '=', and its value.</summary>
    public PropertySetter Setter(JsonElement node)
    {
        CheckAlias(node);
        if (Class(node) != "COMPARISON" || Type(node) != "COMPARE_EQUAL" || Column(node.GetProperty("left")) is not { } property)
        {
            throw Refuse("an assignment must be a property, '=' and a value", "Write Property = value, Other = value; and put a value that is a condition itself into parentheses.");
        }

        Scalar value = Value(node.GetProperty("right"), property.Type.Kind);
        return new PropertySetter(property, Widened(value, property.Type.Kind) ?? throw Refuse(
            $"the property {property.Name} is {property.Type.Kind}, but its value is {value.Type.Kind}", "Convert it by CAST."));
    }

    /// <summary>A condition.</summary>
    public SqlCondition Condition(JsonElement node)
    {
        CheckAlias(node);
        switch (Class(node), Type(node))
        {
            case ("CONJUNCTION", "CONJUNCTION_AND"):
                return Children(node).Select(Condition).Aggregate((l, r) => new(Apply("And", l.True, r.True), Apply("Or", l.False, r.False)));
            case ("CONJUNCTION", "CONJUNCTION_OR"):
                return Children(node).Select(Condition).Aggregate((l, r) => new(Apply("Or", l.True, r.True), Apply("And", l.False, r.False)));
            case ("OPERATOR", "OPERATOR_NOT"):
                return Not(Condition(Children(node)[0]));
            case ("OPERATOR", "OPERATOR_IS_NULL"):
                return Definite(ScalarTranslator.IsMissing(Value(Children(node)[0], null)));
            case ("OPERATOR", "OPERATOR_IS_NOT_NULL"):
                return Not(Definite(ScalarTranslator.IsMissing(Value(Children(node)[0], null))));
            case ("OPERATOR", "COMPARE_IN"):
                return In(node);
            case ("OPERATOR", "COMPARE_NOT_IN"):
                return Not(In(node));
            case ("BETWEEN", "COMPARE_BETWEEN"):
                return And(Comparison("GreaterOrEqual", node.GetProperty("input"), node.GetProperty("lower")), Comparison("LessOrEqual", node.GetProperty("input"), node.GetProperty("upper")));
            case ("COMPARISON", var type):
                string name = type switch
                {
                    "COMPARE_EQUAL" => "Equal",
                    "COMPARE_NOTEQUAL" => "NotEqual",
                    "COMPARE_LESSTHAN" => "Less",
                    "COMPARE_LESSTHANOREQUALTO" => "LessOrEqual",
                    "COMPARE_GREATERTHAN" => "Greater",
                    "COMPARE_GREATERTHANOREQUALTO" => "GreaterOrEqual",
                    _ => throw Unknown(node),
                };
                return Comparison(name, node.GetProperty("left"), node.GetProperty("right"));
            case ("CONJUNCTION" or "BETWEEN", _):
            case ("OPERATOR", not "OPERATOR_COALESCE"):
                throw Unknown(node);
            default:
                return Truth(Value(node, ValueKind.Boolean));
        }
    }

    private SqlCondition Comparison(string name, JsonElement left, JsonElement right)
    {
        (Scalar one, Scalar other) = Pair(left, right);
        Scalar holds = TryApply(name, one, other) ?? throw Refuse($"there is no {name} of {one.Type.Kind} and {other.Type.Kind}", "Convert one side by CAST; text and Guids can be compared by = and <> only.");
        return Where([one, other], holds);
    }

    private SqlCondition In(JsonElement node)
    {
        JsonElement[] children = Children(node);
        return children.Skip(1).Select(member => Comparison("Equal", children[0], member))
            .Aggregate((l, r) => new(Apply("Or", l.True, r.True), Apply("And", l.False, r.False)));
    }

    /// <summary>A value; a constant becomes one of the kind that is wanted.</summary>
    private Scalar Value(JsonElement node, ValueKind? wanted)
    {
        CheckAlias(node);
        if (Constant(node) is { } constant)
        {
            return constant.As(wanted ?? constant.Own) ?? throw Refuse($"'{constant.Text}' is no {wanted}", "Write a value of the property's type.");
        }

        switch (Class(node), Type(node))
        {
            case ("COLUMN_REF", _):
                return Column(node) is { } property ? new ColumnScalar(property) : throw Refuse(
                    $"'{string.Join('.', node.GetProperty("column_names").EnumerateArray().Select(n => n.GetString()))}' is no property of {events.EventType.Name}",
                    $"It has {string.Join(", ", events.Properties.Select(p => p.Name))}; text stands in single quotes.");
            case ("FUNCTION", _):
                return Function(node, wanted);
            case ("CAST", _):
                return Cast(node);
            case ("OPERATOR", "OPERATOR_COALESCE"):
                JsonElement[] choices = Children(node);
                Scalar first = choices.Where(c => Constant(c) is null).Select(c => Value(c, wanted)).FirstOrDefault() ?? Value(choices[0], wanted);
                return choices.Select(c => Same(Value(c, first.Type.Kind), first.Type.Kind)).Aggregate(ScalarTranslator.OrElse);
            case ("CASE", _):
                return Case(node, wanted);
            case ("CONJUNCTION" or "OPERATOR" or "COMPARISON" or "BETWEEN", _):
                SqlCondition condition = Condition(node);
                return Apply("Choose", condition.True, True, Apply("Choose", condition.False, False, new ConstantScalar(ValueKind.Boolean, null)));
            default:
                throw Unknown(node);
        }
    }

    private CallScalar Function(JsonElement node, ValueKind? wanted)
    {
        string name = node.GetProperty("function_name").GetString()!;
        JsonElement[] arguments = Children(node);
        if (name == "-" && arguments.Length == 1)
        {
            return Operation("Negate", [Promoted(Value(arguments[0], wanted))]);
        }

        bool isPlain = node.GetProperty("filter").ValueKind == JsonValueKind.Null && !node.GetProperty("distinct").GetBoolean()
            && node.GetProperty("schema").GetString() == "" && node.GetProperty("catalog").GetString() == "";
        if (!isPlain || !Functions.TryGetValue(name, out (string Operator, int Arguments) known) || known.Arguments != arguments.Length)
        {
            throw Refuse($"the function or operator '{name}' with {arguments.Length} arguments is not among those that can be used", $"There are {string.Join(' ', Functions.Keys)}, coalesce, CASE and CAST.");
        }

        if (arguments.Length == 2 && known.Operator is not ("Concat" or "Contains" or "StartsWith" or "EndsWith"))
        {
            (Scalar left, Scalar right) = Pair(arguments[0], arguments[1], wanted);
            return Operation(known.Operator, [Promoted(left), Promoted(right)]);
        }

        ValueKind? kind = known.Operator is "Abs" or "Round" or "Floor" or "Ceiling" ? wanted : ValueKind.String;
        Scalar[] values = [.. arguments.Select(a => Value(a, kind))];
        return Operation(known.Operator, known.Operator is "Abs" ? [Promoted(values[0])] : values);
    }

    private CallScalar Operation(string name, Scalar[] arguments) => TryApply(name, arguments) ?? throw Refuse(
        $"there is no {name} of {string.Join(" and ", arguments.Select(a => a.Type.Kind))}", "Convert by CAST.");

    private Scalar Cast(JsonElement node)
    {
        string type = node.GetProperty("cast_type").GetProperty("id").GetString()!;
        ValueKind kind = type switch
        {
            "TINYINT" => ValueKind.Int8, "SMALLINT" => ValueKind.Int16, "INTEGER" => ValueKind.Int32, "BIGINT" => ValueKind.Int64,
            "UTINYINT" => ValueKind.UInt8, "USMALLINT" => ValueKind.UInt16, "UINTEGER" => ValueKind.UInt32, "UBIGINT" => ValueKind.UInt64,
            "FLOAT" => ValueKind.Float32, "DOUBLE" => ValueKind.Float64, "DECIMAL" => ValueKind.Decimal,
            _ => throw Refuse($"nothing can be converted to {type}", "Convert between numbers only."),
        };
        Scalar value = Value(node.GetProperty("child"), null);
        return node.GetProperty("try_cast").GetBoolean() ? throw Refuse("TRY_CAST cannot be used", "Write CAST.")
            : value.Type.Kind == kind ? value
            : TryApply(ConversionOperators.NameOf(kind), value) ?? throw Refuse($"there is no conversion from {value.Type.Kind} to {kind}", "Convert between numbers only.");
    }

    private Scalar Case(JsonElement node, ValueKind? wanted)
    {
        (JsonElement When, JsonElement Then)[] checks = [.. node.GetProperty("case_checks").EnumerateArray().Select(c => (c.GetProperty("when_expr"), c.GetProperty("then_expr")))];
        JsonElement otherwise = node.GetProperty("else_expr");
        ValueKind kind = wanted ?? checks.Select(c => c.Then).Append(otherwise).Where(e => Constant(e) is not { Text: null }).Select(e => Value(e, null).Type.Kind).First();
        Scalar result = Same(Value(otherwise, kind), kind);
        return checks.Reverse().Aggregate(result, (rest, check) => Apply("Choose", Condition(check.When).True, Same(Value(check.Then, kind), kind), rest));
    }

    /// <summary>Two values of one kind: a constant takes on the other's, and numbers meet in the wider one.</summary>
    private (Scalar Left, Scalar Right) Pair(JsonElement left, JsonElement right, ValueKind? wanted = null)
    {
        if (Constant(left) is { Text: null } || Constant(right) is { Text: null })
        {
            throw Refuse("NULL equals nothing, nor can anything be computed with it", "Write IS NULL or IS NOT NULL.");
        }

        Scalar? one = Constant(left) is null ? Value(left, wanted) : null;
        Scalar other = Beside(right, one?.Type.Kind ?? wanted);
        one ??= Beside(left, other.Type.Kind);
        ValueKind kind = Common(one.Type.Kind, other.Type.Kind);
        return (Widened(one, kind) ?? one, Widened(other, kind) ?? other);
    }

    /// <summary>A value next to one of a kind: a constant takes that kind on if it has the value, and else keeps its own, so that numbers can meet in a wider one.</summary>
    private Scalar Beside(JsonElement node, ValueKind? kind) =>
        Constant(node) is not { } constant ? Value(node, kind)
        : kind is { } wanted && constant.As(wanted) is { } fitting ? fitting
        : constant.Own == ValueKind.String && kind is not null ? throw Refuse($"'{constant.Text}' is no {kind}", "Write a value of the property's type.")
        : Value(node, null);

    private static ValueKind Common(ValueKind one, ValueKind other)
    {
        if (one == other || IntegerRange.Of(one) is not { } left || IntegerRange.Of(other) is not { } right)
        {
            return Array.IndexOf(Promotions, one) > Array.IndexOf(Promotions, other) ? one : other;
        }

        foreach (ValueKind wide in (ReadOnlySpan<ValueKind>)[ValueKind.Int32, ValueKind.UInt32, ValueKind.Int64, ValueKind.UInt64])
        {
            if (IntegerRange.Of(wide)!.Value.Contains(left) && IntegerRange.Of(wide)!.Value.Contains(right))
            {
                return wide;
            }
        }

        return ValueKind.Decimal;
    }

    /// <summary>A value as one of a kind that can hold every value of its own, and of whole numbers those that fit; null if there is none.</summary>
    private static Scalar? Widened(Scalar value, ValueKind kind)
    {
        bool isWhole = IntegerRange.Of(value.Type.Kind) is not null && value.Type.Kind is not ValueKind.Duration;
        bool toWhole = IntegerRange.Of(kind) is not null && kind is not ValueKind.Duration;
        return value.Type.Kind == kind ? value
            : isWhole && (toWhole || kind is ValueKind.Decimal or ValueKind.Float32 or ValueKind.Float64) || (value.Type.Kind, kind) is (ValueKind.Float32, ValueKind.Float64)
                ? OperatorTable.TryApply(ConversionOperators.NameOf(kind), value)
            : null;
    }

    // C# computes numbers of less than 32 bits as those of 32.
    private static Scalar Promoted(Scalar value) =>
        value.Type.Kind is ValueKind.Int8 or ValueKind.UInt8 or ValueKind.Int16 or ValueKind.UInt16 ? Widened(value, ValueKind.Int32)! : value;

    private Scalar Same(Scalar value, ValueKind kind) => Widened(value, kind) ?? throw Refuse($"{value.Type.Kind} and {kind} stand for one value", "Convert by CAST.");

    /// <summary>A constant, perhaps with the name of a type before it.</summary>
    private static SqlConstant? Constant(JsonElement node)
    {
        switch (Class(node))
        {
            case "CONSTANT":
                return SqlConstant.Of(node.GetProperty("value"));
            case "CAST" when Class(node.GetProperty("child")) == "CONSTANT" && SqlConstant.Of(node.GetProperty("child").GetProperty("value")) is { Text: not null, Own: ValueKind.String } text:
                ValueKind? kind = node.GetProperty("cast_type").GetProperty("id").GetString() switch
                {
                    "BOOLEAN" => ValueKind.Boolean,
                    "TIMESTAMP" or "TIMESTAMP WITH TIME ZONE" => ValueKind.Timestamp,
                    "DATE" => ValueKind.Date,
                    "UUID" => ValueKind.Guid,
                    _ => null,
                };
                return kind is { } own ? text with { Own = own } : null;
            default:
                return null;
        }
    }

    private EventProperty? Column(JsonElement node) => Class(node) == "COLUMN_REF" && node.GetProperty("column_names") is var names && names.GetArrayLength() == 1
        ? events.Properties.FirstOrDefault(p => string.Equals(p.Name, names[0].GetString(), StringComparison.OrdinalIgnoreCase))
        : null;

    private static SqlCondition Where(IEnumerable<Scalar> operands, Scalar holds)
    {
        Scalar? present = operands.Where(o => o.Type.IsNullable).Select(o => (Scalar)Apply("Not", ScalarTranslator.IsMissing(o))).Aggregate((Scalar?)null, (all, p) => all is null ? p : Apply("And", all, p));
        Scalar fails = Apply("Not", holds);
        return present is null ? new(holds, fails) : new(Apply("And", present, holds), Apply("And", present, fails));
    }

    private SqlCondition Truth(Scalar value) => value.Type.Kind == ValueKind.Boolean
        ? Where([value], ScalarTranslator.Unwrap(value))
        : throw Refuse($"a condition must be true or false, but this is {value.Type.Kind}", "Compare it with something.");

    private static SqlCondition Definite(Scalar condition) => new(condition, Apply("Not", condition));

    private static SqlCondition Not(SqlCondition condition) => new(condition.False, condition.True);

    private static SqlCondition And(SqlCondition left, SqlCondition right) => new(Apply("And", left.True, right.True), Apply("Or", left.False, right.False));

    private static CallScalar Apply(string name, params Scalar[] arguments) => OperatorTable.Apply(name, arguments);

    private static CallScalar? TryApply(string name, params Scalar[] arguments) => OperatorTable.TryApply(name, arguments);

    private void CheckAlias(JsonElement node)
    {
        if (node.TryGetProperty("alias", out JsonElement alias) && alias.GetString() is { Length: > 0 } name)
        {
            throw Refuse($"an expression is named '{name}'", "Leave the name out.");
        }
    }

    private ArgumentException Unknown(JsonElement node) => Refuse(
        $"{Type(node).Replace('_', ' ').ToLowerInvariant()} is not among what can be used", "Use properties, constants, comparisons, AND, OR, NOT, IN, BETWEEN, IS NULL, arithmetic and CASE.");

    private static JsonElement[] Children(JsonElement node) => [.. node.GetProperty("children").EnumerateArray()];

    private static string Class(JsonElement node) => node.GetProperty("class").GetString()!;

    private static string Type(JsonElement node) => node.GetProperty("type").GetString()!;
}
