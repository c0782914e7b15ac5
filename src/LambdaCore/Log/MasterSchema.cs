using LambdaCore.Tables;
using LambdaCore.Values;

namespace LambdaCore.Log;

/// <summary>A column of a table of events.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">What it holds.</param>
internal readonly record struct EventColumn(string Name, ScalarType Type);

/// <summary>A column of the files of a table of events.</summary>
/// <param name="Name">Its name: a property's, one of the log's own, or what became of the name of a removed property.</param>
/// <param name="Type">What it holds.</param>
/// <param name="Id">Its id, which is the field id in Parquet files.</param>
/// <param name="Physical">Its name in Parquet files.</param>
internal sealed record FileColumn(string Name, ScalarType Type, int Id, string Physical);

/// <summary>The columns of the master dataset and of the table of dead letters: the event's, then the log's own.</summary>
internal static class MasterSchema
{
    /// <summary>The column metadata that says which kind of value a wider Delta type stands for.</summary>
    private const string KindKey = "lambdacore.kind";

    private static readonly FileColumn Position = Own(EventSchema.PositionColumn, ValueKind.Int64, 1);
    private static readonly FileColumn IngestedAt = Own(EventSchema.IngestedAtColumn, ValueKind.Timestamp, 2);

    /// <summary>The log's own columns of the master dataset: the position, the time at which the event was appended, and whether only batch views count it.</summary>
    public static readonly IReadOnlyList<FileColumn> OwnOfMaster = [Position, IngestedAt, Own(EventSchema.BatchOnlyColumn, ValueKind.Boolean, 3)];

    /// <summary>The log's own columns of the dead letters: the position, the time at which the event was appended, how far behind the watermark it was, and why it was rejected.</summary>
    public static readonly IReadOnlyList<FileColumn> OwnOfDeadLetters =
        [Position, IngestedAt, Own(EventSchema.LatenessColumn, ValueKind.Duration, 4), Own(EventSchema.ReasonColumn, ValueKind.String, 5)];

    /// <summary>The columns of the properties that events have now, in the order of the event type.</summary>
    public static IReadOnlyList<FileColumn> OfEvents(StoredSchema schema) => [.. schema.Active.Select(c => Of(schema, c))];

    /// <summary>The columns of properties that events had once, each with the type that it had last.</summary>
    public static IReadOnlyList<FileColumn> OfRetired(StoredSchema schema) => [.. schema.Retired.Select(c => Of(schema, c) with { Type = c.Type.AsNullable() })];

    /// <summary>All columns of a table of events: those that a file of it has, which is written now.</summary>
    /// <param name="schema">The events.</param>
    /// <param name="own">The log's own columns in it.</param>
    public static IReadOnlyList<FileColumn> All(StoredSchema schema, IReadOnlyList<FileColumn> own) => [.. OfEvents(schema), .. own, .. OfRetired(schema)];

    /// <summary>The columns as a Delta table declares them.</summary>
    /// <param name="schema">The events.</param>
    /// <param name="own">The log's own columns in it.</param>
    public static DeltaSchema Delta(StoredSchema schema, IReadOnlyList<FileColumn> own)
    {
        FileColumn[] columns = [.. All(schema, own)];
        bool isMapped = columns.Any(c => c.Name != c.Physical);
        Dictionary<int, StoredColumn> stored = schema.Columns.ToDictionary(c => c.Id);
        return new DeltaSchema(columns.Select(c => new DeltaColumn(
            c.Name,
            StoredType.Delta(c.Type.Kind),
            stored.TryGetValue(c.Id, out StoredColumn? column) ? schema.MayBeMissing(column) : c.Type.IsNullable,
            new Dictionary<string, string> { [KindKey] = c.Type.Kind.ToString() })
        {
            Mapping = isMapped ? new DeltaColumnMapping(c.Id, c.Physical) : null,
            FormerTypes = column?.FormerTypes ?? [],
        }));
    }

    private static FileColumn Of(StoredSchema schema, StoredColumn column) => new(schema.NameOf(column), column.Type, column.Id, column.Physical);

    private static FileColumn Own(string name, ValueKind kind, int id) => new(name, new ScalarType(kind, false), id, name);
}
