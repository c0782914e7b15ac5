namespace LambdaCore.Tests.EndToEnd.Model;

/// <summary>Stored in four bytes.</summary>
internal enum Stage
{
    None = 0,
    Begun = 1,
    Done = 2,
    Negative = -1,
}

/// <summary>Stored in one byte without a sign.</summary>
internal enum Tiny : byte
{
    Zero = 0,
    One = 1,
    Most = 255,
}

/// <summary>Stored in eight bytes without a sign.</summary>
internal enum Huge : ulong
{
    Nothing = 0,
    Everything = ulong.MaxValue,
}

/// <summary>
/// An event with every type of property that a store supports, and the nullable form of each. Some properties come by the
/// constructor, the others by setters, so that both ways of restoring an event are taken.
/// </summary>
/// <param name="Sequence">The event's number in its sequence, whatever position it gets.</param>
/// <param name="At">Event time, with any offset and with ticks below a microsecond.</param>
/// <param name="Category">One of few texts, so that groups have members.</param>
/// <param name="Small">One of few small numbers.</param>
internal sealed record AnyEvent(long Sequence, DateTimeOffset At, string Category, int Small)
{
    public bool Flag { get; init; }

    public sbyte Int8 { get; init; }

    public byte UInt8 { get; init; }

    public short Int16 { get; init; }

    public ushort UInt16 { get; init; }

    public int Int32 { get; init; }

    public uint UInt32 { get; init; }

    public long Int64 { get; init; }

    public ulong UInt64 { get; init; }

    public float Float32 { get; init; }

    public double Float64 { get; init; }

    /// <summary>A number without anything nasty, so that sums of it can be held against something.</summary>
    public double Amount { get; init; }

    public decimal Money { get; init; }

    public string Text { get; init; } = "";

    public Guid Id { get; init; }

    public DateTimeOffset Moment { get; init; }

    public DateTime Utc { get; init; } = DateTime.UnixEpoch;

    public DateOnly Day { get; init; }

    public TimeSpan Span { get; init; }

    public Stage Stage { get; init; }

    public Tiny Tiny { get; init; }

    public Huge Huge { get; init; }

    public byte[] Payload { get; init; } = [];

    public bool? FlagMaybe { get; init; }

    public sbyte? Int8Maybe { get; init; }

    public byte? UInt8Maybe { get; init; }

    public short? Int16Maybe { get; init; }

    public ushort? UInt16Maybe { get; init; }

    public int? Int32Maybe { get; init; }

    public uint? UInt32Maybe { get; init; }

    public long? Int64Maybe { get; init; }

    public ulong? UInt64Maybe { get; init; }

    public float? Float32Maybe { get; init; }

    public double? Float64Maybe { get; init; }

    public double? AmountMaybe { get; init; }

    public decimal? MoneyMaybe { get; init; }

    public string? TextMaybe { get; init; }

    public Guid? IdMaybe { get; init; }

    public DateTimeOffset? MomentMaybe { get; init; }

    public DateTime? UtcMaybe { get; init; }

    public DateOnly? DayMaybe { get; init; }

    public TimeSpan? SpanMaybe { get; init; }

    public Stage? StageMaybe { get; init; }

    public Tiny? TinyMaybe { get; init; }

    public Huge? HugeMaybe { get; init; }

    public byte[]? PayloadMaybe { get; init; }

    /// <summary>The number of the event that this one amends, in a store that knows that events do.</summary>
    public long? Amends { get; init; }

    /// <summary>Computed, so it is no column.</summary>
    public bool IsLate => At < Moment;

    /// <summary>The same event with arrays of its own.</summary>
    public AnyEvent WithOwnArrays() => this with { Payload = [.. Payload], PayloadMaybe = PayloadMaybe is { } bytes ? [.. bytes] : null };
}
