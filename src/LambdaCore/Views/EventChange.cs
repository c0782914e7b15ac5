using System.Linq.Expressions;
using LambdaCore.Values;

namespace LambdaCore.Views;

/// <summary>A property and the value that it gets.</summary>
/// <param name="Property">The property.</param>
/// <param name="Value">The value, of the property's kind, over the event as it was.</param>
internal sealed record PropertySetter(EventProperty Property, Scalar Value)
{
    /// <summary>
    /// SQL for the value as an append would have stored it: of the column's type, without negative zero, with one NaN. All else that an append would refuse, no
    /// operator gives.
    /// </summary>
    public string StoredValue
    {
        get
        {
            ValueKind kind = Property.Type.Kind;
            string type = StoredType.Sql(kind);
            SqlText value = ScalarSql.Value(Value);
            return kind is ValueKind.Float32 or ValueKind.Float64
                ? $"CASE WHEN isnan({value.Text}) THEN CAST('nan' AS {type}) ELSE {value} + CAST(0 AS {type}) END"
                : $"CAST({SqlKind.ToStored(kind, value.ToString())} AS {type})";
        }
    }

    /// <summary>SQL that holds for events for which the value cannot be computed; null if it always can.</summary>
    public string? Fails => FailureCondition.Of(Value) is { } fails ? ScalarSql.Condition(fails) : null;

    /// <inheritdoc/>
    public override string ToString() => $"{SqlLiteral.Name(Property.Name)} = {ScalarSql.Value(Value)}";
}

/// <summary>Which events are meant, and which values their properties get: as data, in the terms of definitions. Immutable.</summary>
/// <param name="Condition">The condition on events.</param>
/// <param name="Setters">The setters, at most one for each property; none if the events are to go.</param>
internal sealed record EventChange(Scalar Condition, IReadOnlyList<PropertySetter> Setters)
{
    /// <summary>The functions written in C# that its SQL calls.</summary>
    public IEnumerable<CallbackFunction> Callbacks => Setters.Select(s => s.Value).Prepend(Condition)
        .SelectMany(s => s.Parts).OfType<CallScalar>().Select(c => c.Operator.Callback).OfType<CallbackFunction>();

    /// <summary>SQL that holds for the events meant.</summary>
    public string ConditionSql => ScalarSql.Condition(Condition);

    /// <summary>The setters in words.</summary>
    public string SettersText => string.Join(", ", Setters);

    /// <summary>Reads a change off lambdas.</summary>
    /// <param name="events">The events' columns.</param>
    /// <param name="where">The condition.</param>
    /// <param name="set">Adds the setters; null if the events are to go.</param>
    /// <exception cref="ArgumentException">An expression has no meaning in SQL, or a property cannot be set; the message names the sub-expression.</exception>
    public static EventChange Of<TEvent>(EventSchema events, Expression<Func<TEvent, bool>> where, Action<EventSetters<TEvent>>? set)
    {
        ArgumentNullException.ThrowIfNull(where);
        EventSetters<TEvent> setters = new();
        set?.Invoke(setters);
        if (set is not null && setters.All.Count == 0)
        {
            throw new ArgumentException("No property is set. Write s => s.Set(e => e.Property, value). Nothing was changed.", nameof(set));
        }

        try
        {
            Scalar condition = Translator(where).Condition(where.Body);
            return Of(condition, [.. setters.All.Select(s => new PropertySetter(Property(s.Property), Translator(s.Value).Value(s.Value.Body)))]);
        }
        catch (ViewDefinitionException error)
        {
            throw new ArgumentException($"{error.Message} Nothing was changed.", error);
        }

        ScalarTranslator Translator(LambdaExpression lambda) => new(Refusal.EventChange, events, lambda.Parameters[0]);

        EventProperty Property(LambdaExpression lambda) =>
            WithoutLifting(lambda.Body) is MemberExpression { Expression: ParameterExpression } member && events.Find(member.Member) is { } property
                ? property
                : throw Refusal.Of(Refusal.EventChange, lambda.Body, "it is no stored property of the event.", "Write e => e.Property, and a value of its type.");
    }

    /// <summary>A change of setters that belong to different properties.</summary>
    /// <exception cref="ArgumentException">A property is set twice.</exception>
    public static EventChange Of(Scalar condition, IReadOnlyList<PropertySetter> setters)
    {
        foreach (IGrouping<EventProperty, PropertySetter> same in setters.GroupBy(s => s.Property))
        {
            if (same.Skip(1).Any())
            {
                throw new ArgumentException($"The property {same.Key.Name} is set {same.Count()} times: {string.Join(", ", same)}. Set it once. Nothing was changed.");
            }
        }

        return new EventChange(condition, setters);
    }

    // A value that may be missing makes the compiler lift the property's type too. Whether one is missing, shows for each event.
    private static Expression WithoutLifting(Expression body) =>
        body is UnaryExpression { NodeType: ExpressionType.Convert } lifted && Nullable.GetUnderlyingType(lifted.Type) == lifted.Operand.Type ? lifted.Operand : body;
}
