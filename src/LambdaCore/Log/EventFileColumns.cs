using LambdaCore.DuckDb;
using LambdaCore.Values;

namespace LambdaCore.Log;

/// <summary>The columns of a file of events that is written now: in which order, under which names and with which field ids. Immutable.</summary>
/// <param name="schema">The events.</param>
/// <param name="own">The log's own columns in the file.</param>
internal sealed class EventFileColumns(StoredSchema schema, IReadOnlyList<FileColumn> own)
{
    private readonly IReadOnlyList<FileColumn> _retired = MasterSchema.OfRetired(schema);

    /// <summary>The columns of the properties that events have, in their order, and the log's own.</summary>
    public IReadOnlyList<FileColumn> OfEvents { get; } = [.. MasterSchema.OfEvents(schema), .. own];

    /// <summary>All columns: last come those of properties that events had once.</summary>
    public IReadOnlyList<FileColumn> All => [.. OfEvents, .. _retired];

    /// <summary>The name of the column of event time in the file.</summary>
    public string Time { get; } = schema.EventTimeColumn.Physical;

    /// <summary>The field ids, as an option of DuckDB.</summary>
    public string FieldIds => $"{{{string.Join(", ", All.Select(c => $"{Sql.Text(c.Physical)}: {c.Id}"))}}}";

    /// <summary>The rows of a table that has the columns of properties that events have, as the file has them: without values of others.</summary>
    public string FromEvents(string table) => $"SELECT {string.Join(", ", [.. OfEvents.Select(AsStored), .. _retired.Select(Missing)])} FROM {table}";

    /// <summary>The rows of a query that gives all columns, as the file has them.</summary>
    public string FromAll(string query) => $"SELECT {string.Join(", ", All.Select(AsStored))} FROM ({query}) AS events";

    private static string AsStored(FileColumn column) =>
        column.Name == column.Physical ? Sql.Name(column.Name) : $"{Sql.Name(column.Name)} AS {Sql.Name(column.Physical)}";

    private static string Missing(FileColumn column) => $"CAST(NULL AS {StoredType.Sql(column.Type.Kind)}) AS {Sql.Name(column.Physical)}";
}
