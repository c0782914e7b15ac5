namespace LambdaCore.Tests.EndToEnd.Evolution;

/// <summary>A record that the fixtures are read as: renamed, widened, loosened, tightened, without some properties and with new ones.</summary>
internal sealed record ReaderRecord(
    [FormerName("Text")] string Label,
    DateTimeOffset At,
    long Number,
    bool? Boolean,
    [ValueWhenMissing(true)] bool BooleanOrNull,
    [FormerName("Int8")] decimal Small,
    [ValueWhenMissing(-7)] int Int8OrNull,
    [FormerName("UInt8")] ulong? Tiny,
    double? Int16OrNull,
    [FormerName("UInt32OrNull"), FormerName("Never")] long? Wide,
    decimal UInt64,
    DayOfWeek? Day,
    byte[]? Bytes,
    [FormerName("DateOrNull")] DateOnly? Birthday,
    string? Added,
    [ValueWhenMissing(12)] long AddedWithValue)
{
    /// <summary>What is computed is no property of the events.</summary>
    public bool IsLabelled => Label.Length > 0;
}

/// <summary>A class that the fixtures are read as.</summary>
internal sealed class ReaderClass
{
    [ValueWhenMissing("none")]
    public string? Comment { get; set; }

    public decimal? Int64 { get; set; }

    [FormerName("Float32")]
    public double Ratio { get; set; }

    [FormerName("Float32OrNull"), ValueWhenMissing(0.5)]
    public double RatioOrElse { get; set; }

    public long Number { get; set; }

    public DateTimeOffset At { get; set; }

    public Guid? Id { get; set; }

    public Guid? IdOrNull { get; set; }

    [FormerName("Length")]
    public TimeSpan? Duration { get; set; }

    [FormerName("Decimal")]
    public decimal Amount { get; set; }

    public string Text { get; set; } = "";

    public string? TextOrNull { get; set; }

    [FormerName("UInt16OrNull"), ValueWhenMissing(3)]
    public uint Count { get; set; }
}

/// <summary>A struct that the fixtures are read as.</summary>
internal struct ReaderStruct
{
    [FormerName("Day")]
    public decimal Weekday { get; set; }

    public long? DayOrNull { get; set; }

    public DateTimeOffset At { get; set; }

    public DateTimeOffset? Time { get; set; }

    [FormerName("TimeOrNull")]
    public DateTimeOffset? Sent { get; set; }

    public long Number { get; set; }

    public byte[]? BytesOrNull { get; set; }

    public double? Float64 { get; set; }

    [ValueWhenMissing(5)]
    public short UInt8OrNull { get; set; }

    public int? Added { get; set; }
}
