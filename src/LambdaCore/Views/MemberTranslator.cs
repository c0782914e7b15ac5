using System.Collections;
using System.Linq.Expressions;
using System.Reflection;
using LambdaCore.Values;

namespace LambdaCore.Views;

/// <summary>The members and methods of .NET's own types that have a meaning in both layers.</summary>
internal static class MemberTranslator
{
    private static readonly Dictionary<Type, string[]> Members = new()
    {
        [typeof(string)] = ["Length"],
        [typeof(DateTimeOffset)] = ["Year", "Month", "Day", "Hour", "Minute", "Second", "Millisecond", "DayOfYear", "DayOfWeek"],
        [typeof(DateTime)] = ["Year", "Month", "Day", "Hour", "Minute", "Second", "Millisecond", "DayOfYear", "DayOfWeek"],
        [typeof(DateOnly)] = ["Year", "Month", "Day", "DayOfYear", "DayOfWeek", "DayNumber"],
        [typeof(TimeSpan)] = ["Days", "Hours", "Minutes", "Seconds", "Ticks", "TotalDays", "TotalHours", "TotalMinutes", "TotalSeconds", "TotalMilliseconds"],
    };

    private static readonly Dictionary<string, string> TextMethods = new()
    {
        ["Contains"] = "Contains",
        ["StartsWith"] = "StartsWith",
        ["EndsWith"] = "EndsWith",
        ["ToLowerInvariant"] = "ToLower",
        ["ToUpperInvariant"] = "ToUpper",
        ["Trim"] = "Trim",
        ["Substring"] = "Substring",
        ["Replace"] = "Replace",
    };

    private static readonly HashSet<string> MathMethods = ["Abs", "Min", "Max", "Floor", "Ceiling", "Round", "Truncate", "Sqrt"];

    /// <summary>A member of a scalar, or null if it has no meaning.</summary>
    public static Scalar? Member(ScalarTranslator translator, MemberExpression member)
    {
        if (member.Expression is not { } owner || member.Member.DeclaringType is not { } type)
        {
            return null;
        }

        string name = member.Member.Name;
        if (Nullable.GetUnderlyingType(type) is not null)
        {
            Scalar nullable = translator.Value(owner);
            return name == nameof(Nullable<>.HasValue) ? OperatorTable.Apply("Not", ScalarTranslator.IsMissing(nullable)) : ScalarTranslator.Unwrap(nullable);
        }

        if (Members.TryGetValue(type, out string[]? known) && known.Contains(name))
        {
            return translator.Apply(member, name, translator.Value(owner));
        }

        return (type == typeof(DateTimeOffset) || type == typeof(DateTime)) && name == "Date" ? WindowOperator.Apply(new TumblingWindows(TimeSpan.FromDays(1)), translator.Value(owner))
            : type == typeof(DateTimeOffset) && name == nameof(DateTimeOffset.UtcDateTime) ? translator.Value(owner)
            : null;
    }

    /// <summary>A call, or null if it has no meaning.</summary>
    public static Scalar? Call(ScalarTranslator translator, MethodCallExpression call)
    {
        Type type = call.Method.DeclaringType!;
        string name = call.Method.Name;
        return type == typeof(Window) ? WindowTranslator.Call(translator, call)
            : name == "Contains" && type != typeof(string) ? Membership(translator, call)
            : name == "Equals" ? Equals(translator, call)
            : type == typeof(string) ? Text(translator, call)
            : (type == typeof(Math) || type == typeof(decimal)) && MathMethods.Contains(name) ? Math(translator, call)
            : Nullable.GetUnderlyingType(type) is not null && name == nameof(Nullable<>.GetValueOrDefault) ? ValueOrDefault(translator, call)
            : type == typeof(DateTimeOffset) || type == typeof(DateTime) ? Time(translator, call)
            : type == typeof(DateOnly) && name == nameof(DateOnly.FromDateTime) ? OperatorTable.Apply("ToDate", translator.Value(call.Arguments[0]))
            : null;
    }

    /// <summary>The nearest form that is supported, for a member or method that is not.</summary>
    public static string Suggest(MemberInfo member) => (member.DeclaringType?.Name, member.Name) switch
    {
        ("String", "ToLower" or "ToUpper") => $"Write {member.Name}Invariant().",
        ("String", "TrimStart" or "TrimEnd") => "Write Trim().",
        ("String", "Compare" or "CompareTo" or "CompareOrdinal") => "Compare text by == and !=.",
        ("String", "get_Chars") => "Write Substring(index, 1) == \"x\".",
        ("String", _) => "Text has ==, !=, +, Contains, StartsWith, EndsWith, Length, IsNullOrEmpty, IsNullOrWhiteSpace, ToLowerInvariant, ToUpperInvariant, Trim(), Substring and Replace.",
        ("DateTimeOffset", "DateTime" or "LocalDateTime" or "Offset") => "Offsets are not stored; write UtcDateTime.",
        ("DateTimeOffset" or "DateTime", _) => "Times have Year to Millisecond, DayOfWeek, DayOfYear, Date, Add and AddDays to AddMilliseconds, differences, and Window.Minute, Hour, Day and Of.",
        ("TimeSpan", _) => "Durations have Days to Seconds, TotalDays to TotalMilliseconds, Ticks, + and -.",
        ("Math" or "MathF", _) => "Math has Abs, Min, Max, Floor, Ceiling, Round, Truncate and Sqrt.",
        ("Enum", "HasFlag") => "Compare with ==, or store flags as separate properties.",
        (_, "ToString") => "Compare or group by the value itself.",
        _ => "Compute it before the event is appended and make it a property of the event.",
    };

    /// <summary>The nearest form that is supported, for an operator that does not take its arguments.</summary>
    public static string SuggestOperator(string name, IReadOnlyList<Scalar> arguments) => arguments[0].Type.Kind switch
    {
        ValueKind.Binary => "Binary can only be compared with null.",
        ValueKind.Duration => "Compute with TotalSeconds or Ticks.",
        ValueKind.Float32 or ValueKind.Float64 when name is "Min" or "Max" => "Write a < b ? a : b, which says what becomes of NaN.",
        ValueKind.Float32 => "Convert to double.",
        ValueKind.Decimal => "Write a < b ? a : b.",
        ValueKind.Int8 or ValueKind.UInt8 or ValueKind.Int16 or ValueKind.UInt16 => "Convert to int.",
        _ => "Convert both sides to one type of number first.",
    };

    private static Scalar? Text(ScalarTranslator translator, MethodCallExpression call)
    {
        string name = call.Method.Name;
        Expression[] arguments = [.. WithoutComparison(translator, call)];
        if (call.Object is not null)
        {
            return TextMethods.TryGetValue(name, out string? known) && !(name == "Trim" && arguments.Length > 0)
                ? translator.Apply(call, known, [translator.Value(call.Object), .. arguments.Select(translator.Value)])
                : null;
        }

        switch (name)
        {
            case nameof(string.IsNullOrEmpty):
                Scalar text = translator.Value(arguments[0]);
                return OperatorTable.Apply("Or", ScalarTranslator.IsMissing(text), OperatorTable.Apply("Equal", text, ConstantScalar.Of("")));
            case nameof(string.IsNullOrWhiteSpace):
                Scalar blank = translator.Value(arguments[0]);
                return OperatorTable.Apply("Or", ScalarTranslator.IsMissing(blank), OperatorTable.Apply("IsWhiteSpace", blank));
            case nameof(string.Concat) when arguments.All(a => a.Type == typeof(string)):
                return arguments.Select(translator.Value).Aggregate(ScalarTranslator.Concat);
            default:
                return null;
        }
    }

    private static IEnumerable<Expression> WithoutComparison(ScalarTranslator translator, MethodCallExpression call)
    {
        foreach (Expression argument in call.Arguments)
        {
            if (argument.Type != typeof(StringComparison))
            {
                yield return argument;
            }
            else if (!translator.IsClosed(argument) || translator.Evaluate(argument) is not StringComparison.Ordinal)
            {
                throw translator.Refuse(call, "text is compared ordinally in both layers.", "Write StringComparison.Ordinal, or compare ToLowerInvariant() of both sides.");
            }
        }
    }

    private static Scalar Equals(ScalarTranslator translator, MethodCallExpression call)
    {
        Expression[] sides = [.. WithoutComparison(translator, call)];
        if (call.Object is not null)
        {
            sides = [call.Object, .. sides];
        }

        // Equals(object) boxes what it is given.
        sides = [.. sides.Select(s => s is UnaryExpression { NodeType: ExpressionType.Convert } box && s.Type == typeof(object) ? box.Operand : s)];
        return sides.Length == 2 && sides[0].Type == sides[1].Type
            ? translator.Apply(call, "Equal", translator.Value(sides[0]), translator.Value(sides[1]))
            : throw translator.Refuse(call, "the two sides have different types.", "Write ==.");
    }

    private static Scalar Math(ScalarTranslator translator, MethodCallExpression call)
    {
        Scalar[] arguments = [.. call.Arguments.Select(translator.Value)];
        return translator.Apply(call, call.Method.Name, arguments);
    }

    private static Scalar ValueOrDefault(ScalarTranslator translator, MethodCallExpression call)
    {
        Expression fallback = call.Arguments.Count > 0 ? call.Arguments[0] : Expression.Default(call.Type);
        return ScalarTranslator.OrElse(translator.Value(call.Object!), translator.Value(fallback));
    }

    private static Scalar? Time(ScalarTranslator translator, MethodCallExpression call)
    {
        if (call.Object is null)
        {
            return null;
        }

        Scalar time = translator.Value(call.Object);
        Func<double, TimeSpan>? unit = call.Method.Name switch
        {
            "AddDays" => TimeSpan.FromDays,
            "AddHours" => TimeSpan.FromHours,
            "AddMinutes" => TimeSpan.FromMinutes,
            "AddSeconds" => TimeSpan.FromSeconds,
            "AddMilliseconds" => TimeSpan.FromMilliseconds,
            _ => null,
        };
        if (unit is not null)
        {
            return translator.IsClosed(call.Arguments[0])
                ? OperatorTable.Apply("Shift", time, new ConstantScalar(ValueKind.Duration, unit((double)translator.Evaluate(call.Arguments[0])!).Ticks))
                : throw translator.Refuse(call, "the distance depends on the event.", "Add a TimeSpan property of the event.");
        }

        return call.Method.Name switch
        {
            "ToUniversalTime" => time,
            "Add" => OperatorTable.Apply("Shift", time, translator.Value(call.Arguments[0])),
            "Subtract" when call.Arguments[0].Type != typeof(TimeSpan) => OperatorTable.Apply("Difference", time, translator.Value(call.Arguments[0])),
            "Subtract" => OperatorTable.Apply("Shift", time, OperatorTable.Apply("Subtract", new ConstantScalar(ValueKind.Duration, 0L), translator.Value(call.Arguments[0]))),
            _ => null,
        };
    }

    private static MembershipScalar? Membership(ScalarTranslator translator, MethodCallExpression call)
    {
        Expression? list = call.Object ?? (call.Arguments.Count > 1 ? call.Arguments[0] : null);
        Expression item = call.Arguments[call.Object is null && call.Arguments.Count > 1 ? 1 : 0];

        // An array turns into a span, which cannot be evaluated as an object.
        list = list switch
        {
            MethodCallExpression { Method.Name: "op_Implicit" } toSpan => toSpan.Arguments[0],
            UnaryExpression { NodeType: ExpressionType.Convert, Method.Name: "op_Implicit" } toSpan => toSpan.Operand,
            _ => list,
        };
        if (list is null || !translator.IsClosed(list) || translator.Evaluate(list) is not IEnumerable values)
        {
            return null;
        }

        Scalar operand = translator.Value(item);
        ConstantScalar[] members = [.. values.Cast<object?>().Select(v => (ConstantScalar)translator.Value(Expression.Constant(v, item.Type)))];
        if (members.Any(m => m.MayBeNaN))
        {
            throw translator.Refuse(call, "NaN is in the list, which == finds nowhere and Contains finds in C#.", "Leave NaN out and write double.IsNaN... as a property of the event.");
        }

        return operand.Type.Kind == ValueKind.Binary
            ? throw translator.Refuse(call, "binary can only be compared with null.", "Use a string or Guid property.")
            : new MembershipScalar(operand, [.. members.Where(m => m.Value is not null).DistinctBy(m => m.Text)], members.Any(m => m.Value is null));
    }
}
