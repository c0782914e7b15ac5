using LambdaCore.Values;

namespace LambdaCore.Tests.Views;

/// <summary>Random values of every kind, with the ones that break things among them more often than not.</summary>
internal sealed class NastyValues(int seed)
{
    private static readonly string[] Texts =
    [
        "", "a", "A", "ab", "abc", "b", " ", " a\t", "it's", "\"q\"", "a\0b", "\0", "é", "e\u0301", "ß", "STRASSE", "İ", "ı", "ς", "\uFFFF", "\U0001F600", "x\U0001F600y",
        "\u00A0a\u2003", "100%", "a_b", "\\", "$1", "--", "ﬃ", "Ǆ", "long text that does not fit into twelve bytes",
    ];

    private static readonly double[] Doubles =
    [
        0, -0.0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 0.1, double.NaN, double.PositiveInfinity, double.NegativeInfinity, double.MaxValue, double.MinValue, double.Epsilon,
        1e300, -1e300, 1e-300, int.MaxValue, int.MinValue, 2147483648.0, -2147483649.0, 4294967295.0, 4294967296.0, long.MaxValue, long.MinValue, 9223372036854774784.0,
        18446744073709549568.0, 18446744073709551616.0, 79228162514264337593543950335.0, 7.9e28, 255, 256, -128.9, 127.9, 128, 65535.5, 1e15 + 0.3, 123456789.123456789,
    ];

    private static readonly decimal[] Decimals =
    [
        0, 1, -1, 0.5m, 1.50m, 1.5m, 2.5m, -2.5m, 0.000000001m, -0.000000001m, 0.123456789m, decimal.MaxValue, decimal.MinValue, decimal.MaxValue - 1, 79228162514264337593m, 79228162514264337593.5m,
        7922816251426433759354395033m, 1e20m, 1e14m, 281474976710656.000000001m, 100.000m, 3m, 7m, 255m, 256m, int.MaxValue, long.MaxValue, ulong.MaxValue, 18446744073709551616m, 0.333333333m,
    ];

    private static readonly long[] Wholes =
    [
        0, 1, -1, 2, -2, 3, 7, 10, -10, 127, 128, -128, -129, 255, 256, 32767, 32768, -32768, 65535, 65536, int.MaxValue, int.MinValue, int.MaxValue + 1L, int.MinValue - 1L,
        uint.MaxValue, uint.MaxValue + 1L, long.MaxValue, long.MinValue, long.MaxValue - 1, long.MinValue + 1, 1L << 53, (1L << 53) + 1, 3037000500, -3037000500, 46341, 4611686018427387904,
    ];

    private readonly Random _random = new(seed);

    /// <summary>The source of randomness.</summary>
    public Random Random => _random;

    /// <summary>An event.</summary>
    public Anything Event() => new(
        Time(), Flag(), N(Flag()), (sbyte)Whole(), N((sbyte)Whole()), (byte)Whole(), N((byte)Whole()), (short)Whole(), N((short)Whole()), (ushort)Whole(), N((ushort)Whole()),
        (int)Whole(), N((int)Whole()), (uint)Whole(), N((uint)Whole()), Whole(), N(Whole()), (ulong)Whole(), N((ulong)Whole()),
        (float)Double(), N((float)Double()), Double(), N(Double()), Decimal(), N(Decimal()), Text(), _random.Next(4) == 0 ? null : Text(),
        Id(), N(Id()), N(Time()), Time().UtcDateTime, N(Time().UtcDateTime), Date(), N(Date()), Span(), N(Span()),
        (Tint)_random.Next(3), N((Tint)_random.Next(3)), (DayOfWeek)_random.Next(7), Bytes(), _random.Next(4) == 0 ? null : Bytes());

    /// <summary>A value of a kind in its representation.</summary>
    public object Of(ValueKind kind) => kind switch
    {
        ValueKind.Boolean => Flag(),
        ValueKind.Int8 => (sbyte)Whole(),
        ValueKind.UInt8 => (byte)Whole(),
        ValueKind.Int16 => (short)Whole(),
        ValueKind.UInt16 => (ushort)Whole(),
        ValueKind.Int32 => (int)Whole(),
        ValueKind.UInt32 => (uint)Whole(),
        ValueKind.Int64 => Whole(),
        ValueKind.UInt64 => (ulong)Whole(),
        ValueKind.Float32 => (float)Double(),
        ValueKind.Float64 => Double(),
        ValueKind.Decimal => DecimalUnits.ToDecimal(DecimalUnits.FromDecimal(Decimal())),
        ValueKind.String => Text(),
        ValueKind.Guid => Id(),
        ValueKind.Timestamp => UnixTime.FromDateTimeOffset(Time()),
        ValueKind.Date => UnixTime.FromDateOnly(Date()),
        ValueKind.Duration => Span().Ticks,
        ValueKind.Binary => Bytes(),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };

    private T? N<T>(T value)
        where T : struct => _random.Next(4) == 0 ? null : value;

    private bool Flag() => _random.Next(2) == 0;

    private T Pick<T>(T[] values) => values[_random.Next(values.Length)];

    private long Whole() => _random.Next(5) switch { 0 => _random.NextInt64(), 1 => _random.Next(-20, 20), _ => Pick(Wholes) };

    private double Double() => _random.Next(5) switch
    {
        0 => BitConverter.Int64BitsToDouble(_random.NextInt64(long.MinValue, long.MaxValue)),
        1 => Math.Round((_random.NextDouble() - 0.5) * 1000, 3),
        _ => Pick(Doubles),
    };

    private decimal Decimal() => _random.Next(5) switch
    {
        0 => new decimal(_random.Next(), _random.Next(), _random.Next(3) == 0 ? _random.Next() : 0, Flag(), (byte)_random.Next(10)),
        1 => decimal.Round((decimal)((_random.NextDouble() - 0.5) * 1000), 4),
        _ => Pick(Decimals),
    };

    private string Text() => _random.Next(6) == 0 ? Pick(Texts) + Pick(Texts) : Pick(Texts);

    private Guid Id() => _random.Next(3) == 0 ? Guid.Empty : new Guid(_random.Next(4), 0, 0, [255, 0, 0, 0, 0, 0, 0, (byte)_random.Next(3)]);

    private DateTimeOffset Time() => new DateTimeOffset(
        _random.Next(6) switch
        {
            0 => _random.NextInt64(DateTime.MaxValue.Ticks),
            1 => 0,
            2 => DateTime.MaxValue.Ticks,
            3 => DateTime.UnixEpoch.Ticks + _random.Next(-5, 5),
            _ => DateTime.UnixEpoch.Ticks + _random.NextInt64(-TimeSpan.TicksPerDay * 30000, TimeSpan.TicksPerDay * 30000),
        },
        TimeSpan.Zero);

    private DateOnly Date() => _random.Next(4) switch { 0 => DateOnly.MinValue, 1 => DateOnly.MaxValue, _ => DateOnly.FromDayNumber(_random.Next(DateOnly.MaxValue.DayNumber)) };

    private TimeSpan Span() => _random.Next(4) switch
    {
        0 => Pick([TimeSpan.Zero, TimeSpan.MaxValue, TimeSpan.MinValue, TimeSpan.FromTicks(-1), TimeSpan.FromTicks(1), TimeSpan.FromDays(1), TimeSpan.FromHours(-25)]),
        1 => TimeSpan.FromTicks(_random.NextInt64(long.MinValue, long.MaxValue)),
        _ => TimeSpan.FromTicks(_random.NextInt64(-TimeSpan.TicksPerDay * 100, TimeSpan.TicksPerDay * 100)),
    };

    private byte[] Bytes() => [.. Enumerable.Range(0, _random.Next(3)).Select(_ => (byte)_random.Next(256))];
}
