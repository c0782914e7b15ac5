using LambdaCore.Values;

namespace LambdaCore.Log;

/// <summary>
/// All properties that the events of a store have or had, and all shapes that the event type had: what it takes to read any file of events as the event type is
/// now. It stands in the metadata of the master dataset. Immutable.
/// </summary>
/// <param name="columns">All properties, by id.</param>
/// <param name="versions">All shapes, oldest first.</param>
/// <param name="eventTime">The id of the column of event time.</param>
/// <param name="amendments">The ids of the columns by which events amend others; null if they never do.</param>
internal sealed class StoredSchema(IReadOnlyList<StoredColumn> columns, IReadOnlyList<SchemaVersion> versions, int eventTime, StoredAmendments? amendments = null)
{
    /// <summary>The id of the first property; smaller ones are those of the log's own columns.</summary>
    public const int FirstColumn = 16;

    /// <summary>The tag of a file of events that says with which schema it was written.</summary>
    public const string Tag = "schema";

    /// <summary>All properties, by id.</summary>
    public IReadOnlyList<StoredColumn> Columns => columns;

    /// <summary>All shapes, oldest first.</summary>
    public IReadOnlyList<SchemaVersion> Versions => versions;

    /// <summary>The id of the column of event time.</summary>
    public int EventTime => eventTime;

    /// <summary>The ids of the columns by which events amend others; null if they never do.</summary>
    public StoredAmendments? Amendments => amendments;

    /// <summary>The columns that say what an event is known by, and what it amends; null if events never do.</summary>
    public (StoredColumn Id, StoredColumn Amends)? AmendmentColumns =>
        amendments is { } ids ? (columns.First(c => c.Id == ids.Id), columns.First(c => c.Id == ids.Amends)) : null;

    /// <summary>The shape of the event type now.</summary>
    public SchemaVersion Newest => Versions[^1];

    /// <summary>The properties that the event type has now, in its order.</summary>
    public IReadOnlyList<StoredColumn> Active { get; } = [.. versions[^1].Columns.Select(v => columns.First(c => c.Id == v.Column))];

    /// <summary>The properties that it had once, those that were removed last at the end.</summary>
    public IReadOnlyList<StoredColumn> Retired { get; } =
        [.. columns.Where(c => c.IsRetired).OrderBy(c => versions.Last(v => v.TypeOf(c.Id) is not null).Id).ThenBy(c => c.Id)];

    /// <summary>The property that holds the event time.</summary>
    public StoredColumn EventTimeColumn => columns.First(c => c.Id == eventTime);

    /// <summary>The tag for a file that is written now.</summary>
    public KeyValuePair<string, string> NewestTag => KeyValuePair.Create(Tag, $"{Newest.Id}");

    /// <summary>The schema of a store whose events have had no other.</summary>
    /// <param name="events">The event type.</param>
    /// <param name="eventTime">The property of event time.</param>
    /// <param name="fingerprint">The fingerprint of the encoding.</param>
    /// <param name="version">The number of its only shape.</param>
    public static StoredSchema First(EventSchema events, EventProperty eventTime, ulong fingerprint, int version = 1)
    {
        StoredColumn[] columns = [.. events.Properties.Select((p, i) => new StoredColumn(FirstColumn + i, p.Name, p.Name, p.Type) { FormerNames = p.FormerNames })];
        return new StoredSchema(
            columns,
            [new SchemaVersion(version, LogPosition.Zero, fingerprint, [.. columns.Select(c => new VersionColumn(c.Id, c.Type))])],
            columns.Single(c => c.Name == eventTime.Name).Id);
    }

    /// <summary>The same, with other columns by which events amend others.</summary>
    public StoredSchema With(StoredAmendments? amending) => new(columns, versions, eventTime, amending);

    /// <summary>Whether files that were written with a schema have a column; those of schemas before the property came do not.</summary>
    public bool Has(int schema, StoredColumn column) => Versions.Any(v => v.Id <= schema && v.TypeOf(column.Id) is not null);

    /// <summary>The type of a column in files that were written with a schema; files have all columns that there were, those of removed properties too.</summary>
    public ScalarType TypeIn(int schema, StoredColumn column) => Versions.Last(v => v.Id <= schema && v.TypeOf(column.Id) is not null).TypeOf(column.Id)!.Value;

    /// <summary>Whether a file may have no value of a property, so that readers from outside may find none.</summary>
    public bool MayBeMissing(StoredColumn column) => Versions.Any(v => v.TypeOf(column.Id) is not { IsNullable: false });

    /// <summary>The name of a column for readers from outside: the property's, unless it was removed and another has the name now.</summary>
    public string NameOf(StoredColumn column)
    {
        if (!column.IsRetired)
        {
            return column.Name;
        }

        // Of removed properties with one name the last keeps it.
        bool isTaken = Active.Concat(Retired.SkipWhile(c => c != column).Skip(1)).Any(c => string.Equals(c.Name, column.Name, StringComparison.OrdinalIgnoreCase));
        return isTaken ? Unused(column.Name, column.Id, Columns.Where(c => c != column).Select(c => c.Name)) : column.Name;
    }

    /// <summary>The shape of the event type now, in words.</summary>
    public string DescribeNewest() => string.Join(", ", Active.Select(c => $"{c.Name} {c.Type}").Concat(Retired.Select(c => $"without {NameOf(c)}")));

    /// <summary>A name like another that is not used.</summary>
    public static string Unused(string name, int id, IEnumerable<string> used)
    {
        HashSet<string> taken = new(used, StringComparer.OrdinalIgnoreCase);
        string unused = name;
        for (string suffix = $"_{id}"; taken.Contains(unused); suffix = $"_{suffix}")
        {
            unused = $"{name}{suffix}";
        }

        return unused;
    }

    /// <summary>The number of the shape that a file of events was written with.</summary>
    public static int VersionOf(Tables.DeltaFile file) => int.Parse(file.Tags[Tag], System.Globalization.CultureInfo.InvariantCulture);
}
