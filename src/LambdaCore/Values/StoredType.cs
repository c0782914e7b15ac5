namespace LambdaCore.Values;

/// <summary>
/// How each kind of value is stored in Parquet: the type of its column in DuckDB's SQL and in a Delta table's
/// schema. Delta has no unsigned, 128-bit, Guid or duration types, so these stand in the next wider signed integer, in a
/// decimal without digits after the point, as lower-case text, and as ticks of 100 ns.
/// </summary>
internal static class StoredType
{
    /// <summary>The column's type in DuckDB's SQL.</summary>
    public static string Sql(ValueKind kind) => kind switch
    {
        ValueKind.Boolean => "BOOLEAN",
        ValueKind.Int8 => "TINYINT",
        ValueKind.Int16 or ValueKind.UInt8 => "SMALLINT",
        ValueKind.Int32 or ValueKind.UInt16 => "INTEGER",
        ValueKind.Int64 or ValueKind.UInt32 or ValueKind.Duration => "BIGINT",
        ValueKind.UInt64 => "DECIMAL(20,0)",
        ValueKind.Int128 => "DECIMAL(38,0)",
        ValueKind.Float32 => "FLOAT",
        ValueKind.Float64 => "DOUBLE",
        ValueKind.Decimal => "DECIMAL(38,9)",
        ValueKind.String or ValueKind.Guid => "VARCHAR",
        ValueKind.Timestamp => "TIMESTAMP WITH TIME ZONE",
        ValueKind.Date => "DATE",
        ValueKind.Binary or ValueKind.Sketch => "BLOB",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };

    /// <summary>The column's type in the schema of a Delta table.</summary>
    public static string Delta(ValueKind kind) => kind switch
    {
        ValueKind.Boolean => "boolean",
        ValueKind.Int8 => "byte",
        ValueKind.Int16 or ValueKind.UInt8 => "short",
        ValueKind.Int32 or ValueKind.UInt16 => "integer",
        ValueKind.Int64 or ValueKind.UInt32 or ValueKind.Duration => "long",
        ValueKind.UInt64 => "decimal(20,0)",
        ValueKind.Int128 => "decimal(38,0)",
        ValueKind.Float32 => "float",
        ValueKind.Float64 => "double",
        ValueKind.Decimal => "decimal(38,9)",
        ValueKind.String or ValueKind.Guid => "string",
        ValueKind.Timestamp => "timestamp",
        ValueKind.Date => "date",
        ValueKind.Binary or ValueKind.Sketch => "binary",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };
}
