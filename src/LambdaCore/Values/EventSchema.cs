using System.Reflection;

namespace LambdaCore.Values;

/// <summary>
/// The columns of an event type, and how an event is put together again: by the constructor whose parameters all
/// name properties (a record's own), and by setters for the rest. Properties that could not be restored (computed
/// ones) are no columns. Immutable.
/// </summary>
internal sealed class EventSchema
{
    /// <summary>The column that holds an event's log position.</summary>
    public const string PositionColumn = "_position";

    /// <summary>The column that holds the time at which an event was appended.</summary>
    public const string IngestedAtColumn = "_ingested_at";

    /// <summary>The column that says whether an event came so late that only batch views count it.</summary>
    public const string BatchOnlyColumn = "_batch_only";

    /// <summary>The column that says how far behind the watermark a rejected event was.</summary>
    public const string LatenessColumn = "_lateness";

    /// <summary>The column that says why an event was rejected.</summary>
    public const string ReasonColumn = "_reason";

    private EventSchema(Type eventType, ConstructorInfo? constructor, IReadOnlyList<EventProperty> properties)
    {
        EventType = eventType;
        Constructor = constructor;
        Properties = properties;
    }

    /// <summary>The event type.</summary>
    public Type EventType { get; }

    /// <summary>The constructor to restore events with; null for a struct without one.</summary>
    public ConstructorInfo? Constructor { get; }

    /// <summary>The columns, in order of declaration.</summary>
    public IReadOnlyList<EventProperty> Properties { get; }

    /// <summary>Reads the schema off an event type.</summary>
    /// <exception cref="ArgumentException">A property cannot be stored, or events could not be restored; the message names it and what to use instead.</exception>
    public static EventSchema Of(Type eventType)
    {
        if (eventType.IsAbstract || eventType.IsInterface || eventType.ContainsGenericParameters || Nullable.GetUnderlyingType(eventType) is not null)
        {
            throw new ArgumentException($"Events of type {eventType} cannot be restored from the log, since the type cannot be constructed. Use a concrete record, class or struct.", nameof(eventType));
        }

        PropertyInfo[] candidates = [.. eventType.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(p => p.GetMethod is { IsPublic: true } && p.GetIndexParameters().Length == 0)
            .OrderBy(p => p.DeclaringType == eventType ? 1 : 0).ThenBy(p => p.MetadataToken)];
        ConstructorInfo? constructor = ChooseConstructor(eventType, candidates);
        ParameterInfo[] parameters = constructor?.GetParameters() ?? [];
        NullabilityInfoContext nullability = new();
        List<EventProperty> properties = [];
        foreach (PropertyInfo property in candidates)
        {
            bool restorable = property.SetMethod is { IsPublic: true } || parameters.Any(p => Matches(p, property));
            if (restorable)
            {
                properties.Add(Describe(eventType, property, parameters.FirstOrDefault(p => Matches(p, property)), nullability));
            }
        }

        Check(eventType, properties);
        return new EventSchema(eventType, constructor, properties);
    }

    /// <summary>Whether a constructor's parameter is meant for a property.</summary>
    public static bool Matches(ParameterInfo parameter, PropertyInfo property) =>
        parameter.ParameterType == property.PropertyType && string.Equals(parameter.Name, property.Name, StringComparison.OrdinalIgnoreCase);

    /// <summary>The column of a property, or null if the property is no column.</summary>
    public EventProperty? Find(MemberInfo member) =>
        Properties.FirstOrDefault(p => p.Property.Name == member.Name && p.Property.DeclaringType == member.DeclaringType)
        ?? Properties.FirstOrDefault(p => p.Name == member.Name && member.DeclaringType!.IsAssignableFrom(EventType));

    private static ConstructorInfo? ChooseConstructor(Type type, PropertyInfo[] candidates)
    {
        ConstructorInfo? chosen = type.GetConstructors()
            .Where(c => c.GetParameters().All(p => candidates.Any(property => Matches(p, property))))
            .MaxBy(c => c.GetParameters().Length);
        return chosen is null && !type.IsValueType
            ? throw new ArgumentException($"Events of type {type} cannot be restored from the log: no public constructor takes only parameters that name properties of the same type. Use a record, or add a constructor without parameters and setters.")
            : chosen;
    }

    private static EventProperty Describe(Type eventType, PropertyInfo property, ParameterInfo? parameter, NullabilityInfoContext nullability)
    {
        if (!ClrType.TryGetScalar(property.PropertyType, out ScalarType scalar))
        {
            throw new ArgumentException($"Property {eventType.Name}.{property.Name} has type {property.PropertyType}, which cannot be stored. {ClrType.Suggest(property.PropertyType)}");
        }

        bool required = !property.PropertyType.IsValueType && nullability.Create(property).ReadState == NullabilityState.NotNull;
        ScalarType type = required ? scalar.AsRequired() : scalar;
        FormerNameAttribute[] former = [.. property.GetCustomAttributes<FormerNameAttribute>(), .. parameter?.GetCustomAttributes<FormerNameAttribute>() ?? []];
        return new EventProperty(property.Name, property, type)
        {
            FormerNames = [.. former.Select(f => f.Name).Distinct(StringComparer.Ordinal)],
            WhenMissing = WhenMissing(eventType, property, parameter, type.Kind),
        };
    }

    private static string? WhenMissing(Type eventType, PropertyInfo property, ParameterInfo? parameter, ValueKind kind)
    {
        ValueWhenMissingAttribute? declared = property.GetCustomAttribute<ValueWhenMissingAttribute>() ?? parameter?.GetCustomAttribute<ValueWhenMissingAttribute>();
        if (declared is null)
        {
            return null;
        }

        string name = $"{eventType.Name}.{property.Name}";
        try
        {
            return declared.Value is null
                ? throw new FormatException("null is what a missing value of a nullable property reads as anyway")
                : ValueText.Of(declared.Value, kind);
        }
        catch (FormatException error)
        {
            throw new ArgumentException(
                $"[ValueWhenMissing] of {name} says '{declared.Value}', which is no value of type {property.PropertyType.Name}: {error.Message}. Give a value of the property's type, or a text that says one, such as \"12.50\" for a decimal.", error);
        }
    }

    private static void Check(Type eventType, List<EventProperty> properties)
    {
        if (properties.Count == 0)
        {
            throw new ArgumentException($"Event type {eventType} has no public property that can be stored and restored. Give it at least a time.");
        }

        foreach (EventProperty property in properties)
        {
            if (property.Name is PositionColumn or IngestedAtColumn or BatchOnlyColumn or LatenessColumn or ReasonColumn)
            {
                throw new ArgumentException($"Property {eventType.Name}.{property.Name} has the name of one of the log's own columns. Rename it.");
            }

            if (properties.FirstOrDefault(p => p != property && string.Equals(p.Name, property.Name, StringComparison.OrdinalIgnoreCase)) is { } twin)
            {
                throw new ArgumentException($"Properties {eventType.Name}.{property.Name} and {twin.Name} differ only in case, which table formats do not tell apart. Rename one.");
            }

            if (properties.FirstOrDefault(p => p != property && p.FormerNames.Intersect(property.FormerNames, StringComparer.Ordinal).Any()) is { } rival)
            {
                string name = property.FormerNames.Intersect(rival.FormerNames, StringComparer.Ordinal).First();
                throw new ArgumentException($"Properties {eventType.Name}.{property.Name} and {rival.Name} both say [FormerName(\"{name}\")], and a property has become one other. Take one of the two away.");
            }
        }
    }
}
