using LambdaCore.Tables;
using LambdaCore.Values;

namespace LambdaCore.Log;

/// <summary>The columns of the master dataset, as its Delta table declares them.</summary>
internal static class MasterSchema
{
    /// <summary>The column metadata that says which kind of value a wider Delta type stands for.</summary>
    private const string KindKey = "lambdacore.kind";

    /// <summary>The event's columns, then its position and the time at which it was appended.</summary>
    public static DeltaSchema Of(EventSchema schema) => new(
        schema.Properties.Select(p => new DeltaColumn(p.Name, StoredType.Delta(p.Type.Kind), p.Type.IsNullable, KindOf(p.Type.Kind)))
            .Append(new DeltaColumn(EventSchema.PositionColumn, StoredType.Delta(ValueKind.Int64), isNullable: false))
            .Append(new DeltaColumn(EventSchema.IngestedAtColumn, StoredType.Delta(ValueKind.Timestamp), isNullable: false)));

    private static Dictionary<string, string> KindOf(ValueKind kind) => new() { [KindKey] = kind.ToString() };
}
