using LambdaCore.Values;

namespace LambdaCore.Log;

/// <summary>Why a store's events cannot be read as the event type, all reasons at once, each with the ways out.</summary>
/// <param name="eventType">The event type.</param>
/// <param name="stored">What the store's events have.</param>
internal sealed class SchemaRefusals(Type eventType, StoredSchema stored)
{
    private readonly List<string> _reasons = [];

    /// <summary>Adds a reason.</summary>
    public void Add(string reason) => _reasons.Add(reason);

    /// <summary>A property has another kind, which does not hold all values of the one before.</summary>
    public void OtherKind(EventProperty property, StoredColumn column)
    {
        string wider = string.Join(", ", new[] { column.Type.Kind }.Concat(Widening.To(column.Type.Kind)).Select(k => Name(new ScalarType(k, column.Type.IsNullable))));
        string why = Widening.Allows(property.Type.Kind, column.Type.Kind) ? "it would lose values" : "its values cannot be read as such";
        Add($"{Member(property)} is {Name(property.Type)}, but {Stored(property, column)} as {Name(column.Type)}, and {why}. Declare it as one of {wider}, or give what is new a name of its own and leave out '{column.Name}', whose values stay in the store.");
    }

    /// <summary>A property that is never null has no value in some events.</summary>
    public void Missing(EventProperty property, StoredColumn? column, IReadOnlyList<StoredColumn> unmatched)
    {
        string type = Name(property.Type);
        string[] candidates = [.. unmatched.Where(c => Widening.Allows(c.Type.Kind, property.Type.Kind)).Select(c => $"[FormerName(\"{c.Name}\")]")];
        string rename = column is not null || candidates.Length == 0 ? "" : $", or, if it is what had another name before, say so: {string.Join(" or ", candidates)}";
        string what = column is null ? $"is new, and events that were appended before have no value of it"
            : column.IsRetired ? $"was removed and comes back, and events that were appended meanwhile have no value of it"
            : $"is never null, but {Stored(property, column)} as {Name(column.Type)}, so events may have no value of it";
        Add($"{Member(property)} ({type}) {what}. Declare it as {Name(property.Type.AsNullable())}, or say what they read as: [ValueWhenMissing(...)]{rename}.");
    }

    /// <summary>A property differs from a stored one only in case.</summary>
    public void OtherCase(EventProperty property, StoredColumn column) =>
        Add($"{Member(property)} differs from the stored '{column.Name}' only in case, which table formats do not tell apart. If it is the same property, say so: [FormerName(\"{column.Name}\")]; otherwise give it another name.");

    /// <summary>A property is declared to read as something else where it is missing than it has done so far.</summary>
    /// <param name="property">The property.</param>
    /// <param name="settled">What it has read as; null if missing.</param>
    public void OtherDefault(EventProperty property, string? settled)
    {
        string before = settled is null ? "null" : $"'{settled}'";
        string keep = settled is null ? "Take the attribute away" : $"Declare {before} again, or take the attribute away";
        Add($"{Member(property)} says [ValueWhenMissing] '{property.WhenMissing}', but since it was added, events without a value of it have read as {before}, and answers were given. {keep}; to change what those events say, correct them.");
    }

    /// <summary>Events have another time.</summary>
    /// <param name="property">The property of event time now.</param>
    /// <param name="column">The property that was it, as far as the event type still has it.</param>
    public void OtherEventTime(EventProperty property, StoredColumn? column)
    {
        string before = stored.EventTimeColumn.Name;
        string what = column is null ? "no longer has that property" : "still has that property";
        string rename = column is null ? $"Bring it back, or, if {property.Name} is the same under another name, say so: [FormerName(\"{before}\")]" : $"Write EventTime(e => e.{column.Name}) again";
        Add($"The event time is {Member(property)}, but events are stored with '{before}' as their time, by which it was judged which of them were late; {eventType.Name} {what}. {rename}.");
    }

    /// <summary>Raises the reasons.</summary>
    /// <exception cref="LambdaCoreException">There are any.</exception>
    public void ThrowIfAny()
    {
        if (_reasons.Count > 0)
        {
            throw new LambdaCoreException(
                $"The events of this store cannot be read as {eventType.Name}. {string.Join(' ', _reasons)} Nothing was changed on disk.");
        }
    }

    private string Member(EventProperty property) => $"{eventType.Name}.{property.Name}";

    private static string Stored(EventProperty property, StoredColumn column) => column.Name == property.Name ? "is stored" : $"is stored under its former name '{column.Name}'";

    /// <summary>A type as one writes it in C#.</summary>
    private static string Name(ScalarType type)
    {
        string name = type.Kind switch
        {
            ValueKind.Boolean => "bool",
            ValueKind.Int8 => "sbyte",
            ValueKind.UInt8 => "byte",
            ValueKind.Int16 => "short",
            ValueKind.UInt16 => "ushort",
            ValueKind.Int32 => "int",
            ValueKind.UInt32 => "uint",
            ValueKind.Int64 => "long",
            ValueKind.UInt64 => "ulong",
            ValueKind.Float32 => "float",
            ValueKind.Float64 => "double",
            ValueKind.Decimal => "decimal",
            ValueKind.String => "string",
            ValueKind.Timestamp => "DateTimeOffset",
            ValueKind.Date => "DateOnly",
            ValueKind.Duration => "TimeSpan",
            ValueKind.Binary => "byte[]",
            _ => type.Kind.ToString(),
        };
        return type.IsNullable ? $"{name}?" : name;
    }
}
