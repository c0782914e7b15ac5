using LambdaCore.Values;

namespace LambdaCore.Log;

/// <summary>
/// Which property of an event type is which column of a store. Its own name comes first, then the names that it says it had, then, for a program that is older than the
/// store, a name that the column had; last come columns of properties that were removed.
/// </summary>
internal sealed class SchemaMatch
{
    private readonly Dictionary<EventProperty, StoredColumn> _columns = [];
    private readonly Dictionary<EventProperty, int> _newIds = [];

    /// <summary>Finds them.</summary>
    /// <param name="stored">What the store's events have and had.</param>
    /// <param name="events">The event type.</param>
    public SchemaMatch(StoredSchema stored, EventSchema events)
    {
        string type = events.EventType.Name;
        foreach (EventProperty property in events.Properties)
        {
            StoredColumn? own = stored.Active.FirstOrDefault(c => c.Name == property.Name);
            StoredColumn[] former = [.. stored.Active.Where(c => c != own && property.FormerNames.Contains(c.Name, StringComparer.Ordinal) && !Had(own, c))];
            if (former.Length > 1 && Array.FindAll(former, c => former.All(other => other == c || Had(c, other))) is [var had])
            {
                // The others have names that this one had: these names are spoken for.
                former = [had];
            }

            if (own is not null && former.Length > 0)
            {
                Clashes.Add($"{type}.{property.Name} was formerly '{former[0].Name}', says [FormerName], but the store has both '{property.Name}' and '{former[0].Name}'. Take the attribute away: '{property.Name}' is read as it is stored{(events.Properties.Any(p => p.Name == former[0].Name) ? "" : $", and '{former[0].Name}' as removed")}.");
            }
            else if (former.Length > 1)
            {
                Clashes.Add($"{type}.{property.Name} says [FormerName] of '{former[0].Name}' and of '{former[1].Name}', but the store has both, so it cannot be told which of them it is. Take one of the attributes away, or keep both properties.");
            }
            else if (former.Length == 1 && events.Properties.Any(p => p.Name == former[0].Name))
            {
                Clashes.Add($"{type}.{property.Name} was formerly '{former[0].Name}', says [FormerName], but {type} still has a property of that name, so it cannot be told which of them the stored one is. Open the store once with a type without '{former[0].Name}', or take the attribute away.");
            }

            if ((own ?? former.FirstOrDefault()) is { } column)
            {
                _columns[property] = column;
            }
        }

        foreach (EventProperty property in events.Properties.Where(p => !_columns.ContainsKey(p)))
        {
            StoredColumn? found = stored.Active.FirstOrDefault(c => IsFree(c) && c.FormerNames.Contains(property.Name, StringComparer.Ordinal))
                ?? stored.Retired.LastOrDefault(c => IsFree(c) && c.Name == property.Name)
                ?? stored.Retired.LastOrDefault(c => IsFree(c) && property.FormerNames.Contains(c.Name, StringComparer.Ordinal));
            if (found is not null)
            {
                _columns[property] = found;
            }
        }

        int id = stored.Columns.Max(c => c.Id);
        foreach (EventProperty property in events.Properties)
        {
            _newIds[property] = ++id;
        }

        Unmatched = [.. stored.Active.Where(IsFree)];
    }

    /// <summary>What cannot be told, in words.</summary>
    public List<string> Clashes { get; } = [];

    /// <summary>The columns of the store that are no property of the event type.</summary>
    public IReadOnlyList<StoredColumn> Unmatched { get; }

    /// <summary>The column of a property; null if it is new.</summary>
    public StoredColumn? ColumnOf(EventProperty property) => _columns.GetValueOrDefault(property);

    /// <summary>The id of a property's column, if it gets one of its own.</summary>
    public int NewId(EventProperty property) => _newIds[property];

    /// <summary>Whether a column had the name that another has now.</summary>
    private static bool Had(StoredColumn? column, StoredColumn other) => column?.FormerNames.Contains(other.Name, StringComparer.Ordinal) == true;

    private bool IsFree(StoredColumn column) => !_columns.ContainsValue(column);
}
