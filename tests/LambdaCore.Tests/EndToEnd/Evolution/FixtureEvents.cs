namespace LambdaCore.Tests.EndToEnd.Evolution;

/// <summary>What the stored fixtures were written with: a record. Never change it, the fixtures stay as they are.</summary>
internal sealed record FixtureRecord(
    DateTimeOffset At,
    long Number,
    bool Boolean,
    bool? BooleanOrNull,
    sbyte Int8,
    sbyte? Int8OrNull,
    byte UInt8,
    byte? UInt8OrNull,
    short Int16,
    short? Int16OrNull,
    ushort UInt16,
    ushort? UInt16OrNull,
    int Int32,
    int? Int32OrNull,
    uint UInt32,
    uint? UInt32OrNull,
    long Int64,
    long? Int64OrNull,
    ulong UInt64,
    ulong? UInt64OrNull,
    float Float32,
    float? Float32OrNull,
    double Float64,
    double? Float64OrNull,
    decimal Decimal,
    decimal? DecimalOrNull,
    string Text,
    string? TextOrNull,
    Guid Id,
    Guid? IdOrNull,
    DateTimeOffset Time,
    DateTimeOffset? TimeOrNull,
    DateOnly Date,
    DateOnly? DateOrNull,
    TimeSpan Length,
    TimeSpan? LengthOrNull,
    byte[] Bytes,
    byte[]? BytesOrNull,
    DayOfWeek Day,
    DayOfWeek? DayOrNull);

/// <summary>What the stored fixtures were written with: a class with setters. Never change it.</summary>
internal sealed class FixtureClass
{
    public DateTimeOffset At { get; set; }

    public long Number { get; set; }

    public bool Boolean { get; set; }

    public bool? BooleanOrNull { get; set; }

    public sbyte Int8 { get; set; }

    public sbyte? Int8OrNull { get; set; }

    public byte UInt8 { get; set; }

    public byte? UInt8OrNull { get; set; }

    public short Int16 { get; set; }

    public short? Int16OrNull { get; set; }

    public ushort UInt16 { get; set; }

    public ushort? UInt16OrNull { get; set; }

    public int Int32 { get; set; }

    public int? Int32OrNull { get; set; }

    public uint UInt32 { get; set; }

    public uint? UInt32OrNull { get; set; }

    public long Int64 { get; set; }

    public long? Int64OrNull { get; set; }

    public ulong UInt64 { get; set; }

    public ulong? UInt64OrNull { get; set; }

    public float Float32 { get; set; }

    public float? Float32OrNull { get; set; }

    public double Float64 { get; set; }

    public double? Float64OrNull { get; set; }

    public decimal Decimal { get; set; }

    public decimal? DecimalOrNull { get; set; }

    public string Text { get; set; } = "";

    public string? TextOrNull { get; set; }

    public Guid Id { get; set; }

    public Guid? IdOrNull { get; set; }

    public DateTimeOffset Time { get; set; }

    public DateTimeOffset? TimeOrNull { get; set; }

    public DateOnly Date { get; set; }

    public DateOnly? DateOrNull { get; set; }

    public TimeSpan Length { get; set; }

    public TimeSpan? LengthOrNull { get; set; }

    public byte[] Bytes { get; set; } = [];

    public byte[]? BytesOrNull { get; set; }

    public DayOfWeek Day { get; set; }

    public DayOfWeek? DayOrNull { get; set; }
}

/// <summary>What the stored fixtures were written with: a struct. Never change it.</summary>
internal readonly record struct FixtureStruct(
    DateTimeOffset At,
    long Number,
    bool Boolean,
    bool? BooleanOrNull,
    sbyte Int8,
    sbyte? Int8OrNull,
    byte UInt8,
    byte? UInt8OrNull,
    short Int16,
    short? Int16OrNull,
    ushort UInt16,
    ushort? UInt16OrNull,
    int Int32,
    int? Int32OrNull,
    uint UInt32,
    uint? UInt32OrNull,
    long Int64,
    long? Int64OrNull,
    ulong UInt64,
    ulong? UInt64OrNull,
    float Float32,
    float? Float32OrNull,
    double Float64,
    double? Float64OrNull,
    decimal Decimal,
    decimal? DecimalOrNull,
    string Text,
    string? TextOrNull,
    Guid Id,
    Guid? IdOrNull,
    DateTimeOffset Time,
    DateTimeOffset? TimeOrNull,
    DateOnly Date,
    DateOnly? DateOrNull,
    TimeSpan Length,
    TimeSpan? LengthOrNull,
    byte[] Bytes,
    byte[]? BytesOrNull,
    DayOfWeek Day,
    DayOfWeek? DayOrNull);
