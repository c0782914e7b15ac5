using System.Text;
using LambdaCore.Values;

namespace LambdaCore.Tests.Values;

/// <summary>Random values of every kind, a third of them nasty, and close enough to each other to be equal now and then.</summary>
internal static class RandomValue
{
    public static readonly ValueKind[] Kinds = [.. Enum.GetValues<ValueKind>().Where(k => k is not (ValueKind.Int128 or ValueKind.Sketch))];

    private static readonly double[] Doubles =
        [double.NaN, -double.NaN, 0.0, -0.0, double.PositiveInfinity, double.NegativeInfinity, double.MaxValue, double.MinValue, double.Epsilon, -double.Epsilon, 1, -1];

    private static readonly decimal[] Decimals =
        [0m, new decimal(0, 0, 0, true, 5), decimal.MaxValue, decimal.MinValue, 0.000000001m, -0.000000001m, 1.50m, 1.500m, 79228162514264337593.543950335m, 12345678.987654321m, -12345678.987654321m, 1.0000000000000m];

    private static readonly string[] Strings =
        ["", "\0", "a\0b", "a\0", "a", "A", "\uFFFF", "\uE000", "\U00010000", "\U0010FFFF", "é", "e\u0301", "zz", "\uFFFF\U0001F600", "\U0001F600\uFFFF", new string('x', 43), new string('ÿ', 200)];

    /// <summary>A value of a kind, in its representation.</summary>
    public static object Of(ValueKind kind, Random random) => kind switch
    {
        ValueKind.Boolean => random.Next(2) == 0,
        ValueKind.Int8 => (sbyte)Integer(random, sbyte.MinValue, sbyte.MaxValue),
        ValueKind.UInt8 => (byte)Integer(random, 0, byte.MaxValue),
        ValueKind.Int16 => (short)Integer(random, short.MinValue, short.MaxValue),
        ValueKind.UInt16 => (ushort)Integer(random, 0, ushort.MaxValue),
        ValueKind.Int32 => (int)Integer(random, int.MinValue, int.MaxValue),
        ValueKind.UInt32 => (uint)Integer(random, 0, uint.MaxValue),
        ValueKind.Int64 or ValueKind.Duration => Integer(random, long.MinValue, long.MaxValue),
        ValueKind.UInt64 => random.Next(4) == 0 ? ulong.MaxValue - (ulong)random.Next(3) : (ulong)random.NextInt64() >> random.Next(64),
        ValueKind.Timestamp => Integer(random, UnixTime.FromDateTimeOffset(DateTimeOffset.MinValue), UnixTime.FromDateTimeOffset(DateTimeOffset.MaxValue)),
        ValueKind.Date => (int)Integer(random, UnixTime.FromDateOnly(DateOnly.MinValue), UnixTime.FromDateOnly(DateOnly.MaxValue)),
        ValueKind.Float32 => (float)Double(random),
        ValueKind.Float64 => Double(random),
        ValueKind.Decimal => random.Next(3) == 0 ? Decimals[random.Next(Decimals.Length)] : random.Next(-1_000_000, 1_000_000) / (decimal)Math.Pow(10, random.Next(10)),
        ValueKind.String => random.Next(3) == 0 ? Strings[random.Next(Strings.Length)] : Text(random),
        ValueKind.Guid => random.Next(3) == 0 ? new Guid(random.Next(), 0, 0, new byte[8]) : new Guid(Bytes(random, 16)),
        ValueKind.Binary => random.Next(4) == 0 ? new byte[random.Next(4)] : Bytes(random, random.Next(6)),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };

    private static long Integer(Random random, long least, long greatest) => random.Next(4) switch
    {
        0 => least + random.Next(2),
        1 => greatest - random.Next(2),
        2 => random.NextInt64(Math.Max(least, -3), 4),
        _ => random.NextInt64(least, greatest),
    };

    private static double Double(Random random) => random.Next(3) switch
    {
        0 => Doubles[random.Next(Doubles.Length)],
        1 => random.Next(-5, 5),
        _ => (random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-300, 300)),
    };

    private static string Text(Random random)
    {
        StringBuilder text = new();
        for (int i = random.Next(5); i > 0; i--)
        {
            text.Append(random.Next(4) switch
            {
                0 => new Rune(random.Next(0x10000, 0x110000)),
                1 => new Rune(random.Next(0xE000, 0x10000)),
                2 => new Rune(random.Next(0, 3)),
                _ => new Rune(random.Next('a', 'e')),
            });
        }

        return text.ToString();
    }

    private static byte[] Bytes(Random random, int length)
    {
        byte[] bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }
}
