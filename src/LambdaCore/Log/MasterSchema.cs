using LambdaCore.Tables;
using LambdaCore.Values;

namespace LambdaCore.Log;

/// <summary>A column of a table of events.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">What it holds.</param>
internal readonly record struct EventColumn(string Name, ScalarType Type);

/// <summary>The columns of the master dataset and of the table of dead letters: the event's, then the log's own.</summary>
internal static class MasterSchema
{
    /// <summary>The column metadata that says which kind of value a wider Delta type stands for.</summary>
    private const string KindKey = "lambdacore.kind";

    private static readonly EventColumn Position = new(EventSchema.PositionColumn, new ScalarType(ValueKind.Int64, false));
    private static readonly EventColumn IngestedAt = new(EventSchema.IngestedAtColumn, new ScalarType(ValueKind.Timestamp, false));

    /// <summary>The master dataset: also the position, the time at which the event was appended, and whether only batch views count it.</summary>
    public static IReadOnlyList<EventColumn> Master(EventSchema schema) =>
        [.. OfEvent(schema), Position, IngestedAt, new EventColumn(EventSchema.BatchOnlyColumn, new ScalarType(ValueKind.Boolean, false))];

    /// <summary>The dead letters: also the position, the time at which the event was appended, how far behind the watermark it was, and why it was rejected.</summary>
    public static IReadOnlyList<EventColumn> DeadLetters(EventSchema schema) =>
    [
        .. OfEvent(schema), Position, IngestedAt,
        new EventColumn(EventSchema.LatenessColumn, new ScalarType(ValueKind.Duration, false)),
        new EventColumn(EventSchema.ReasonColumn, new ScalarType(ValueKind.String, false)),
    ];

    /// <summary>The columns as a Delta table declares them.</summary>
    public static DeltaSchema Delta(IEnumerable<EventColumn> columns) => new(
        columns.Select(c => new DeltaColumn(
            c.Name, StoredType.Delta(c.Type.Kind), c.Type.IsNullable, new Dictionary<string, string> { [KindKey] = c.Type.Kind.ToString() })));

    private static IEnumerable<EventColumn> OfEvent(EventSchema schema) => schema.Properties.Select(p => new EventColumn(p.Name, p.Type));
}
