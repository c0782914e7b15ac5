namespace LambdaCore.Tests.EndToEnd.Evolution;

/// <summary>
/// What a store's events say as their type changes, naively: each change is done to all events at once. What is removed stays with the event, out of sight.
/// </summary>
internal sealed class SchemaOracle
{
    private int _nextId;

    /// <summary>A property, the same whatever it is called.</summary>
    internal sealed class Column
    {
        public required int Id { get; init; }

        public required EvolvingProperty Property { get; set; }

        public List<string> Names { get; } = [];

        public override string ToString() => $"#{Id} {Property}";
    }

    /// <summary>The properties now.</summary>
    public List<Column> Active { get; private set; } = [];

    /// <summary>The properties that were removed, in the order of their removal.</summary>
    public List<Column> Removed { get; } = [];

    /// <summary>The events, in order: values by the id of the property.</summary>
    public List<Dictionary<int, object?>> Events { get; } = [];

    /// <summary>Which of them were rejected.</summary>
    public HashSet<int> Rejected { get; } = [];

    /// <summary>The next type.</summary>
    /// <param name="wanted">Its properties, each with the one that it was before; null if it is new, or comes back.</param>
    public void Become(IEnumerable<(EvolvingProperty Property, Column? Was)> wanted)
    {
        (EvolvingProperty Property, Column? Was)[] properties = [.. wanted];
        Column[] gone = [.. Active.Where(c => properties.All(p => p.Was != c))];
        Active = [.. properties.Select(p => Take(p.Property, p.Was))];
        Removed.AddRange(gone);
    }

    /// <summary>The property that comes back with a name; null if there is none, or it was something else.</summary>
    public Column? Returning(EvolvingProperty property) =>
        Removed.FindLast(c => c.Property.Name == property.Name) is { } column && CanBecome(column.Property.Core, property.Core) ? column : null;

    private Column Take(EvolvingProperty property, Column? was)
    {
        Column? returning = was is null ? Returning(property) : null;
        Column column = was ?? returning ?? new Column { Id = ++_nextId, Property = property };
        bool fills = property.Default is not null && (was is null || (column.Property.IsNullable && !property.IsNullable));
        foreach (Dictionary<int, object?> e in Events)
        {
            object? value = EvolvingValue.Widen(e.GetValueOrDefault(column.Id), property.Core);
            e[column.Id] = fills ? value ?? property.Default : value;
        }

        if (returning is not null)
        {
            Removed.Remove(returning);
        }

        column.Property = property;
        column.Names.Add(property.Name);
        return column;
    }

    /// <summary>Whether values of one type can be read as another.</summary>
    public static bool CanBecome(Type from, Type to)
    {
        (Type Old, Type New) = (Number(from), Number(to));
        return Old == New || (EvolvingValue.Wider.TryGetValue(Old, out Type[]? wider) && wider.Contains(New));
    }

    private static Type Number(Type type) => type.IsEnum ? Enum.GetUnderlyingType(type) : type;
}
