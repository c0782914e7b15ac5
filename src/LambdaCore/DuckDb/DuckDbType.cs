namespace LambdaCore.DuckDb;

/// <summary>DuckDB's type ids, as its C API numbers them.</summary>
internal enum DuckDbType
{
    Invalid = 0,
    Boolean = 1,
    TinyInt = 2,
    SmallInt = 3,
    Integer = 4,
    BigInt = 5,
    UTinyInt = 6,
    USmallInt = 7,
    UInteger = 8,
    UBigInt = 9,
    Float = 10,
    Double = 11,

    /// <summary>Microseconds since 1970-01-01, no zone.</summary>
    Timestamp = 12,

    /// <summary>Days since 1970-01-01, 32 bits.</summary>
    Date = 13,

    /// <summary>Microseconds since midnight.</summary>
    Time = 14,
    Interval = 15,

    /// <summary>128 bits, signed.</summary>
    HugeInt = 16,
    Varchar = 17,
    Blob = 18,

    /// <summary>An unscaled integer of 16, 32, 64 or 128 bits, by its width.</summary>
    Decimal = 19,
    TimestampSeconds = 20,
    TimestampMilliseconds = 21,
    TimestampNanoseconds = 22,
    Enum = 23,
    List = 24,
    Struct = 25,
    Map = 26,

    /// <summary>128 bits, with the highest bit flipped so that signed order is the order of the text.</summary>
    Uuid = 27,
    Union = 28,
    Bit = 29,
    TimeWithZone = 30,

    /// <summary>Microseconds since 1970-01-01 UTC.</summary>
    TimestampWithZone = 31,

    /// <summary>128 bits, unsigned.</summary>
    UHugeInt = 32,
    Array = 33,
    Any = 34,
    SqlNull = 36,
}
