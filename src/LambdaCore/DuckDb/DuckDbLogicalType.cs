namespace LambdaCore.DuckDb;

/// <summary>A column type: a type id, and for a decimal its width (1 to 38 digits) and scale.</summary>
/// <remarks>Nested types are not needed and not described here.</remarks>
internal readonly record struct DuckDbLogicalType(DuckDbType Id, byte Width = 0, byte Scale = 0)
{
    public static DuckDbLogicalType Decimal(byte width, byte scale) => new(DuckDbType.Decimal, width, scale);

    public static implicit operator DuckDbLogicalType(DuckDbType id) => new(id);

    /// <summary>How many bytes one value takes in a vector; 0 for a type that is read by other means.</summary>
    public int ElementSize => Id switch
    {
        DuckDbType.Boolean or DuckDbType.TinyInt or DuckDbType.UTinyInt => 1,
        DuckDbType.SmallInt or DuckDbType.USmallInt => 2,
        DuckDbType.Integer or DuckDbType.UInteger or DuckDbType.Float or DuckDbType.Date => 4,
        DuckDbType.BigInt or DuckDbType.UBigInt or DuckDbType.Double or DuckDbType.Time or DuckDbType.Timestamp
            or DuckDbType.TimestampSeconds or DuckDbType.TimestampMilliseconds or DuckDbType.TimestampNanoseconds
            or DuckDbType.TimestampWithZone or DuckDbType.TimeWithZone => 8,
        DuckDbType.HugeInt or DuckDbType.UHugeInt or DuckDbType.Uuid or DuckDbType.Interval => 16,
        DuckDbType.Varchar or DuckDbType.Blob => 16,
        DuckDbType.Decimal => Width switch { <= 4 => 2, <= 9 => 4, <= 18 => 8, _ => 16 },
        _ => 0,
    };

    /// <summary>Whether values are runs of bytes, read and written by <c>Bytes</c> and <c>SetBytes</c>.</summary>
    public bool IsBytes => Id is DuckDbType.Varchar or DuckDbType.Blob;

    public override string ToString() => Id == DuckDbType.Decimal ? $"Decimal({Width},{Scale})" : Id.ToString();

    internal LogicalTypeHandle CreateHandle() => Id == DuckDbType.Decimal
        ? NativeMethods.CreateDecimalType(Width, Scale)
        : NativeMethods.CreateLogicalType(Id);

    internal static DuckDbLogicalType FromHandle(LogicalTypeHandle handle)
    {
        DuckDbType id = NativeMethods.GetTypeId(handle);
        return id == DuckDbType.Decimal
            ? Decimal(NativeMethods.DecimalWidth(handle), NativeMethods.DecimalScale(handle))
            : id;
    }
}
