using LambdaCore.Values;

namespace LambdaCore.Log;

/// <summary>
/// Compares the event type with what a store's events have, and says what they have from now on, or why that cannot be read safely. Properties are the same if they
/// have the same name, or if one says that it had the other's.
/// </summary>
/// <param name="stored">What the store's events have.</param>
/// <param name="events">The event type now.</param>
/// <param name="eventTime">Its property of event time.</param>
/// <param name="fingerprint">The fingerprint of its encoding.</param>
/// <param name="end">The end of the log.</param>
internal sealed class SchemaEvolution(StoredSchema stored, EventSchema events, EventProperty eventTime, ulong fingerprint, LogPosition end)
{
    private readonly SchemaMatch _match = new(stored, events);
    private readonly SchemaRefusals _refusals = new(events.EventType, stored);
    private readonly int _version = stored.Newest.Id + 1;

    /// <summary>What events have from now on.</summary>
    /// <returns>The stored schema itself if nothing changes.</returns>
    /// <exception cref="LambdaCoreException">The store's events cannot be read as the event type safely; the message names each property, both types and the ways out.</exception>
    public StoredSchema Resolve()
    {
        if (end == LogPosition.Zero)
        {
            // No event has ever been appended, so nothing binds.
            return IsSame(StoredSchema.First(events, eventTime, fingerprint)) ? stored : StoredSchema.First(events, eventTime, fingerprint, _version);
        }

        _match.Clashes.ForEach(_refusals.Add);
        List<StoredColumn> active = [.. events.Properties.Select(Evolve)];
        CheckEventTime(active);
        _refusals.ThrowIfAny();

        List<StoredColumn> columns = [.. stored.Columns.Where(c => active.All(a => a.Id != c.Id)).Select(Retire), .. active];
        columns.Sort((left, right) => left.Id.CompareTo(right.Id));
        SchemaVersion version = new(_version, end, fingerprint, [.. active.Select(c => new VersionColumn(c.Id, c.Type))]);
        StoredSchema evolved = new(columns, [.. stored.Versions, version], stored.EventTime);
        return IsSame(evolved) ? stored : evolved;
    }

    private bool IsSame(StoredSchema other) =>
        other.Newest.Fingerprint == stored.Newest.Fingerprint && other.Newest.Columns.SequenceEqual(stored.Newest.Columns)
        && other.Active.Select(c => c.Name).SequenceEqual(stored.Active.Select(c => c.Name));

    private StoredColumn Evolve(EventProperty property)
    {
        StoredColumn? column = _match.ColumnOf(property);
        if (column is { IsRetired: true } && !Widening.Allows(column.Type.Kind, property.Type.Kind) && !Widening.Allows(property.Type.Kind, column.Type.Kind))
        {
            // What was removed under this name was something else. (What was the same, but wider, is not.)
            column = null;
        }

        if (column is null)
        {
            return Add(property);
        }

        if (!Widening.Allows(column.Type.Kind, property.Type.Kind))
        {
            _refusals.OtherKind(property, column);
            return column;
        }

        bool fills = property.WhenMissing is not null && (column.IsRetired || (column.Type.IsNullable && !property.Type.IsNullable));
        StoredColumn evolved = Widen(column, property) with
        {
            IsRetired = false,
            Name = property.Name,
            Type = property.Type,
            FormerNames = Names(column.FormerNames.Append(column.Name), property),
            Fills = fills ? [.. column.Fills, new ColumnFill(_version, property.Type.Kind, property.WhenMissing!)] : column.Fills,
        };
        if (!fills && property.WhenMissing is not null)
        {
            CheckDeclared(property, column);
        }

        CheckMissing(property, evolved, column);
        return evolved;
    }

    private StoredColumn Add(EventProperty property)
    {
        int id = _match.NewId(property);
        string physical = StoredSchema.Unused(property.Name, id, stored.Columns.Select(c => c.Physical));
        StoredColumn added = new(id, physical, property.Name, property.Type)
        {
            FormerNames = Names([], property),
            Fills = property.WhenMissing is { } value ? [new ColumnFill(_version, property.Type.Kind, value)] : [],
        };
        if (stored.Active.FirstOrDefault(c => string.Equals(c.Name, property.Name, StringComparison.OrdinalIgnoreCase)) is { } twin)
        {
            _refusals.OtherCase(property, twin);
        }
        else
        {
            CheckMissing(property, added, null);
        }

        return added;
    }

    private static IReadOnlyList<string> Names(IEnumerable<string> former, EventProperty property) =>
        [.. former.Concat(property.FormerNames).Where(n => n != property.Name).Distinct(StringComparer.Ordinal)];

    private static StoredColumn Widen(StoredColumn column, EventProperty property)
    {
        string before = StoredType.Delta(column.Type.Kind);
        return before == StoredType.Delta(property.Type.Kind) ? column : column with { FormerTypes = [.. column.FormerTypes, before] };
    }

    private static StoredColumn Retire(StoredColumn column) => column with { IsRetired = true };

    /// <summary>A property that is never null must have a value in each event that there is.</summary>
    private void CheckMissing(EventProperty property, StoredColumn evolved, StoredColumn? before)
    {
        if (!property.Type.IsNullable
            && stored.Versions.Where(IsUsed).Any(v => v.TypeOf(evolved.Id) is not { IsNullable: false } && evolved.FillFor(v.Id) is null))
        {
            _refusals.Missing(property, before, _match.Unmatched);
        }
    }

    /// <summary>What a property reads as where it is missing was settled when it came.</summary>
    private void CheckDeclared(EventProperty property, StoredColumn column)
    {
        string? settled = column.Fills.Count == 0 ? null : ValueText.Widened(column.Fills[^1].Value, column.Fills[^1].Kind, property.Type.Kind);
        bool cameLater = stored.Versions[0].TypeOf(column.Id) is null;
        if ((settled is not null || cameLater) && settled != property.WhenMissing)
        {
            _refusals.OtherDefault(property, settled);
        }
    }

    private void CheckEventTime(List<StoredColumn> active)
    {
        StoredColumn wanted = active[events.Properties.ToList().IndexOf(eventTime)];
        if (wanted.Id != stored.EventTime)
        {
            _refusals.OtherEventTime(eventTime, active.Find(c => c.Id == stored.EventTime));
        }
    }

    private bool IsUsed(SchemaVersion version)
    {
        int index = stored.Versions.ToList().IndexOf(version);
        return (index + 1 < stored.Versions.Count ? stored.Versions[index + 1].Start : end) > version.Start;
    }
}
