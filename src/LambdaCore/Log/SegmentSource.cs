using LambdaCore.DuckDb;
using LambdaCore.Values;

namespace LambdaCore.Log;

/// <summary>A sound file of events, where DuckDB can read it.</summary>
/// <param name="Path">Its physical path.</param>
/// <param name="Schema">The shape of the event type that it was written with.</param>
/// <param name="HasPending">Whether it has events that amend others and were not applied yet (<see cref="PendingAmendments"/>).</param>
internal readonly record struct EventFile(string Path, int Schema, bool HasPending = false);

/// <summary>
/// Files of events that were written with any of the shapes that the event type had, as SQL with the columns that it has now: renamed, widened, filled, and missing
/// where they were not. Conditions reach the files. Immutable.
/// </summary>
/// <remarks>What an event reads as depends only on the shape that it was appended with, whichever the file that it stands in now was written with.</remarks>
/// <param name="schema">What events have and had.</param>
/// <param name="own">The log's own columns in the files.</param>
internal sealed class SegmentSource(StoredSchema schema, IReadOnlyList<FileColumn> own)
{
    private readonly Dictionary<int, string> _columns = schema.Versions.ToDictionary(v => v.Id, v => Select(schema, own, v.Id, withRetired: false));
    private readonly Dictionary<int, string> _allColumns = schema.Versions.ToDictionary(v => v.Id, v => Select(schema, own, v.Id, withRetired: true));
    private readonly Dictionary<int, string> _shapes = schema.Versions.ToDictionary(v => v.Id, v => ShapeOf(schema, v.Id));
    private readonly string _asTheyAre = string.Join(", ", MasterSchema.OfEvents(schema).Concat(own).Select(c => Sql.Name(c.Name)));

    private readonly string? _pending = PendingAmendments.Condition(schema);

    /// <summary>What stands behind FROM: the properties that events have now, and the log's own columns; without amendments that were not applied yet.</summary>
    public string Of(IReadOnlyList<EventFile> files)
    {
        // One shape without detours is by far the most frequent case.
        bool isPlain = files.Count > 0 && files.All(f => f.Schema == files[0].Schema && !f.HasPending) && _columns[files[0].Schema] == _asTheyAre && schema.Retired.Count == 0;
        return isPlain ? Sql.Parquet(files.Select(f => f.Path)) : Union(files, _columns, withPending: false);
    }

    /// <summary>All that the files have: with the columns of properties that events had once, and with amendments that were not applied yet.</summary>
    public string WithRetired(IReadOnlyList<EventFile> files) => Union(files, _allColumns, withPending: true);

    private string Union(IReadOnlyList<EventFile> files, Dictionary<int, string> columns, bool withPending)
    {
        if (files.Count == 0)
        {
            return $"(SELECT {Nothing(schema, own)} WHERE FALSE)";
        }

        IEnumerable<string> alike = files.GroupBy(f => (Shape: _shapes[f.Schema], IsFiltered: f.HasPending && !withPending)).Select(g =>
        {
            string rows = $"SELECT {columns[g.First().Schema]} FROM {Sql.Parquet(g.Select(f => f.Path))}";
            return g.Key.IsFiltered ? $"SELECT * FROM ({rows}) WHERE NOT {_pending}" : rows;
        });
        return $"({string.Join(" UNION ALL ", alike)})";
    }

    /// <summary>What files of one scan must have in common: DuckDB takes the columns and types of the first for those of all. And what they are read as.</summary>
    private static string ShapeOf(StoredSchema schema, int version) => string.Join(
        ", ",
        schema.Columns.Select(c => $"{(schema.Has(version, c) ? StoredType.Sql(schema.TypeIn(version, c).Kind) : "")} {c.FillFor(version)?.Schema}"));

    private static string Nothing(StoredSchema schema, IReadOnlyList<FileColumn> own) =>
        string.Join(", ", MasterSchema.All(schema, own).Select(c => $"CAST(NULL AS {StoredType.Sql(c.Type.Kind)}) AS {Sql.Name(c.Name)}"));

    private static string Select(StoredSchema schema, IReadOnlyList<FileColumn> own, int version, bool withRetired)
    {
        Dictionary<int, StoredColumn> stored = schema.Columns.ToDictionary(c => c.Id);
        IEnumerable<FileColumn> columns = withRetired ? MasterSchema.All(schema, own) : MasterSchema.OfEvents(schema).Concat(own);
        return string.Join(", ", columns.Select(c =>
        {
            string value = stored.TryGetValue(c.Id, out StoredColumn? column) ? Value(schema, column, version) : Sql.Name(c.Name);
            return value == Sql.Name(c.Name) ? value : $"{value} AS {Sql.Name(c.Name)}";
        }));
    }

    private static string Value(StoredSchema schema, StoredColumn column, int version)
    {
        string type = StoredType.Sql(column.Type.Kind);
        string? filled = column.FillFor(version) is { } fill ? Cast(StoredLiteral.Of(fill.Kind, fill.Value), StoredType.Sql(fill.Kind), type) : null;
        if (!schema.Has(version, column))
        {
            return filled ?? $"CAST(NULL AS {type})";
        }

        string value = Cast(Sql.Name(column.Physical), StoredType.Sql(schema.TypeIn(version, column).Kind), type);
        return filled is null ? value : $"coalesce({value}, {filled})";
    }

    private static string Cast(string value, string from, string to) => from == to ? value : $"CAST({value} AS {to})";
}
