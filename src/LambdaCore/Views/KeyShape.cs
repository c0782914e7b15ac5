using System.Linq.Expressions;
using System.Reflection;
using LambdaCore.Values;

namespace LambdaCore.Views;

/// <summary>
/// How a key type is made of the key's columns: a scalar is one column; of a record, struct or anonymous type each
/// constructor parameter or initialized member is one. Reads columns out of a key and puts a key together.
/// </summary>
internal sealed class KeyShape
{
    private readonly NewExpression? _construction;

    private KeyShape(Type keyType, IReadOnlyList<KeyMember> members, NewExpression? construction)
    {
        KeyType = keyType;
        Members = members;
        _construction = construction;
    }

    /// <summary>The key type.</summary>
    public Type KeyType { get; }

    /// <summary>The columns: first those of constructor parameters, then initialized ones.</summary>
    public IReadOnlyList<KeyMember> Members { get; }

    /// <summary>The columns by which states are kept: all but the start of a session, which the states themselves know.</summary>
    public IEnumerable<KeyMember> StateMembers => Members.Where(m => m.Column.SessionGap is null);

    /// <summary>Reads the key's columns off the lambda of a GroupBy.</summary>
    /// <exception cref="ViewDefinitionException">The key has no such shape, or a column may be missing where its type cannot.</exception>
    public static KeyShape Translate(ViewDraft draft, LambdaExpression lambda) => Translate(draft.Translator(lambda), lambda);

    /// <summary>Reads the key's columns off a lambda.</summary>
    /// <exception cref="ViewDefinitionException">The key has no such shape, or a column may be missing where its type cannot.</exception>
    public static KeyShape Translate(ScalarTranslator translator, LambdaExpression lambda)
    {
        Expression body = lambda.Body;
        if (ClrType.TryGetScalar(body.Type, out ScalarType scalar))
        {
            string name = StripConversions(body) is MemberExpression { Member.Name: var member, Expression: ParameterExpression } ? member : "key";
            KeyColumn column = Column(translator, name, body, body.Type.IsValueType ? scalar.IsNullable : null);
            return new KeyShape(body.Type, [new KeyMember(column, null)], null);
        }

        (NewExpression construction, IEnumerable<MemberAssignment> assignments) = body switch
        {
            NewExpression @new => (@new, []),
            MemberInitExpression initializer when initializer.Bindings.All(b => b is MemberAssignment) =>
                (initializer.NewExpression, initializer.Bindings.Cast<MemberAssignment>()),
            _ => throw translator.Refuse(body, "a key must show its columns.", "Write a scalar, new Key(...), new Key { ... } or new { ... }."),
        };
        KeyMember[] members =
        [
            .. construction.Arguments.Select((argument, i) => Member(translator, ParameterMember(translator, construction, i), argument)),
            .. assignments.Select(a => Member(translator, a.Member, a.Expression)),
        ];
        if (members.Length == 0)
        {
            throw translator.Refuse(body, "the key has no columns.", "Give it at least one, or group by a constant.");
        }

        if (members.GroupBy(m => m.Column.Name, StringComparer.OrdinalIgnoreCase).FirstOrDefault(g => g.Count() > 1) is { } twins)
        {
            throw translator.Refuse(body, $"two columns have the name {twins.Key}, which tables do not tell apart.", "Rename one.");
        }

        if (members.Any(m => m.Column.SessionGap is not null) && members.Count(m => m.Column.SessionGap is not null || m.Column.Window is not null) > 1)
        {
            throw translator.Refuse(body, "a key with a session has no other session or window.", "Leave one out, or make two views.");
        }

        return new KeyShape(body.Type, members, construction);
    }

    /// <summary>A key of the same type whose columns are computed otherwise.</summary>
    public KeyShape With(Func<KeyColumn, KeyColumn> change) =>
        new(KeyType, [.. Members.Select(m => new KeyMember(change(m.Column), m.Member))], _construction);

    /// <summary>The value of a column, in its representation, from an expression of the key type.</summary>
    public static Expression Read(Expression key, KeyMember member) =>
        Presence.As(ClrType.ToRepresentation(member.Member is null ? key : Expression.MakeMemberAccess(key, member.Member)), member.Column.Type.Representation);

    /// <summary>A key put together from the values of its columns.</summary>
    public Expression Create(IReadOnlyList<Expression> values)
    {
        if (_construction is null)
        {
            return ClrType.FromRepresentation(values[0], KeyType);
        }

        int parameters = _construction.Arguments.Count;
        Expression created = _construction.Constructor is { } constructor
            ? Expression.New(constructor, constructor.GetParameters().Select((p, i) => ClrType.FromRepresentation(values[i], p.ParameterType)))
            : Expression.New(KeyType);
        return Members.Count == parameters
            ? created
            : Expression.MemberInit((NewExpression)created, Members.Skip(parameters).Select((m, i) =>
                Expression.Bind(m.Member!, ClrType.FromRepresentation(values[parameters + i], TypeOf(m.Member!)))));
    }

    private static MemberInfo ParameterMember(ScalarTranslator translator, NewExpression construction, int index)
    {
        if (construction.Members is { } members)
        {
            return members[index];
        }

        ParameterInfo parameter = construction.Constructor!.GetParameters()[index];
        return construction.Type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .FirstOrDefault(p => p.GetMethod is { IsPublic: true } && EventSchema.Matches(parameter, p))
            ?? throw translator.Refuse(construction, $"no readable property of {construction.Type.Name} has the name and type of the constructor's parameter {parameter.Name}, so keys could not be taken apart again.", "Use a record, an object initializer or an anonymous type.");
    }

    private static KeyMember Member(ScalarTranslator translator, MemberInfo member, Expression value)
    {
        // Anonymous types carry no annotation for their strings; the value's own nullability decides there.
        Type type = TypeOf(member);
        NullabilityState state = member is PropertyInfo property ? new NullabilityInfoContext().Create(property).ReadState
            : new NullabilityInfoContext().Create((FieldInfo)member).ReadState;
        bool? nullable = type.IsValueType ? Nullable.GetUnderlyingType(type) is not null
            : state == NullabilityState.NotNull ? false
            : state == NullabilityState.Nullable && !member.DeclaringType!.IsGenericType ? true
            : null;
        return new KeyMember(Column(translator, member.Name, value, nullable), member);
    }

    private static KeyColumn Column(ScalarTranslator translator, string name, Expression value, bool? nullable)
    {
        if (WindowTranslator.IsSession(StripConversions(value)))
        {
            (Scalar time, long gap) = WindowTranslator.Session(translator, (MethodCallExpression)StripConversions(value));
            return new KeyColumn(name, time, time.Type with { IsNullable = nullable ?? false }, null) { SessionGap = gap };
        }

        Scalar scalar = translator.Value(value);
        if (nullable == false && scalar.Type.IsNullable)
        {
            string type = value.Type.IsValueType ? $"{value.Type.Name}?" : "string?";
            throw translator.Refuse(value, $"it may be missing (null, an overflow or a division by zero), but the key's column {name} cannot.",
                $"Make the column nullable and write ({type})(...), or give a default with ??.");
        }

        ScalarType columnType = scalar.Type with { IsNullable = nullable ?? scalar.Type.IsNullable };
        return new KeyColumn(name, scalar, columnType, (scalar as CallScalar)?.Operator.Window);
    }

    private static Expression StripConversions(Expression expression)
    {
        while (expression is UnaryExpression { NodeType: ExpressionType.Convert } convert)
        {
            expression = convert.Operand;
        }

        return expression;
    }

    private static Type TypeOf(MemberInfo member) => member is PropertyInfo property ? property.PropertyType : ((FieldInfo)member).FieldType;
}

/// <summary>One column of a key type.</summary>
/// <param name="Column">The column.</param>
/// <param name="Member">The key's property or field; null if the key is a scalar.</param>
internal sealed record KeyMember(KeyColumn Column, MemberInfo? Member)
{
    private Action<object?, ByteWriter>? _writer;

    /// <summary>Writes a value of the member as <see cref="KeyWriter"/> encodes the column. Compiled once.</summary>
    /// <param name="type">The type of the member, or of the key if it is the column itself.</param>
    public Action<object?, ByteWriter> Writer(Type type)
    {
        if (_writer is null)
        {
            ParameterExpression value = Expression.Parameter(typeof(object), "value");
            ParameterExpression writer = Expression.Parameter(typeof(ByteWriter), "writer");
            Expression representation = Presence.As(ClrType.ToRepresentation(Expression.Convert(value, type)), Column.Type.Representation);
            _writer = Expression.Lambda<Action<object?, ByteWriter>>(KeyCompiler.Write(writer, representation, Column), value, writer).Compile();
        }

        return _writer;
    }
}
