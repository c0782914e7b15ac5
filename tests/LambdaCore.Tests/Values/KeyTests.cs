using System.Reflection;
using LambdaCore.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.Values;

[TestFixture]
internal sealed class KeyTests
{
    [TestCaseSource(typeof(RandomValue), nameof(RandomValue.Kinds))]
    public void Bytes_compare_as_values_do(ValueKind kind)
    {
        Random random = Seed.Random(out int seed);
        for (int i = 0; i < 5000; i++)
        {
            object left = RandomValue.Of(kind, random);
            object right = RandomValue.Of(kind, random);
            int bytes = Math.Sign(Encode(left).AsSpan().SequenceCompareTo(Encode(right)));
            Assert.That(bytes, Is.EqualTo(Math.Sign(Compare(left, right))), $"{Show(left)} and {Show(right)}, seed {seed}");
        }
    }

    [TestCaseSource(typeof(RandomValue), nameof(RandomValue.Kinds))]
    public void No_key_is_a_prefix_of_another_so_columns_may_follow_each_other(ValueKind kind)
    {
        Random random = Seed.Random(out int seed);
        for (int i = 0; i < 3000; i++)
        {
            (object A, object B) left = (RandomValue.Of(kind, random), RandomValue.Of(ValueKind.UInt8, random));
            (object A, object B) right = (RandomValue.Of(kind, random), RandomValue.Of(ValueKind.UInt8, random));
            int expected = Compare(left.A, right.A) is var first and not 0 ? first : Compare(left.B, right.B);
            int bytes = ((byte[])[.. Encode(left.A), .. Encode(left.B)]).AsSpan().SequenceCompareTo((byte[])[.. Encode(right.A), .. Encode(right.B)]);
            Assert.That(Math.Sign(bytes), Is.EqualTo(Math.Sign(expected)), $"seed {seed}");
        }
    }

    [TestCaseSource(typeof(RandomValue), nameof(RandomValue.Kinds))]
    public void What_was_written_is_read_back(ValueKind kind)
    {
        Random random = Seed.Random(out int seed);
        for (int i = 0; i < 2000; i++)
        {
            object value = RandomValue.Of(kind, random);
            byte[] bytes = Encode(value);
            object back = Decode(kind, bytes);
            Assert.That(Compare(back, value), Is.Zero, $"{Show(value)}, seed {seed}");
            Assert.That(Encode(back), Is.EqualTo(bytes), $"{Show(value)}, seed {seed}");
        }
    }

    [TestCaseSource(typeof(RandomValue), nameof(RandomValue.Kinds))]
    public void Damaged_keys_are_refused_or_read_as_other_keys(ValueKind kind)
    {
        Random random = Seed.Random(out int seed);
        for (int i = 0; i < 1000; i++)
        {
            byte[] bytes = Encode(RandomValue.Of(kind, random));
            byte[] bad = random.Next(2) == 0 ? bytes[..random.Next(bytes.Length)] : [.. bytes];
            if (bad.Length == bytes.Length)
            {
                bad[random.Next(bad.Length)] ^= (byte)(1 << random.Next(8));
            }

            try
            {
                Decode(kind, bad);
            }
            catch (InvalidDataException)
            {
                continue;
            }

            Assert.That(bad, Has.Length.EqualTo(bytes.Length), $"a shortened key was read, seed {seed}: {Convert.ToHexString(bad)}");
        }
    }

    [Test]
    public void Missing_comes_before_present()
    {
        ByteWriter missing = new();
        KeyWriter.WritePresence(missing, false);
        ByteWriter present = new();
        KeyWriter.WritePresence(present, true);
        Assert.That(missing.Written.SequenceCompareTo(present.Written), Is.LessThan(0));
    }

    [Test]
    public void A_surrogate_without_its_partner_is_refused() =>
        Assert.That(() => Encode("a\uD800"), Throws.InstanceOf<System.Text.EncoderFallbackException>());

    private static byte[] Encode(object value)
    {
        ByteWriter writer = new(16);
        switch (value)
        {
            case bool it: KeyWriter.Write(writer, it); break;
            case sbyte it: KeyWriter.Write(writer, it); break;
            case byte it: KeyWriter.Write(writer, it); break;
            case short it: KeyWriter.Write(writer, it); break;
            case ushort it: KeyWriter.Write(writer, it); break;
            case int it: KeyWriter.Write(writer, it); break;
            case uint it: KeyWriter.Write(writer, it); break;
            case long it: KeyWriter.Write(writer, it); break;
            case ulong it: KeyWriter.Write(writer, it); break;
            case float it: KeyWriter.Write(writer, it); break;
            case double it: KeyWriter.Write(writer, it); break;
            case decimal it: KeyWriter.Write(writer, it); break;
            case string it: KeyWriter.Write(writer, it); break;
            case Guid it: KeyWriter.Write(writer, it); break;
            case byte[] it: KeyWriter.Write(writer, it); break;
            default: throw new NotSupportedException($"{value.GetType()}");
        }

        return writer.Written.ToArray();
    }

    private static unsafe object Decode(ValueKind kind, byte[] bytes)
    {
        fixed (byte* start = bytes.Length == 0 ? [0] : bytes)
        {
            ByteReader reader = new(start, bytes.Length);
            object value = kind switch
            {
                ValueKind.Boolean => KeyReader.ReadBoolean(ref reader),
                ValueKind.Int8 => KeyReader.ReadInt8(ref reader),
                ValueKind.UInt8 => KeyReader.ReadUInt8(ref reader),
                ValueKind.Int16 => KeyReader.ReadInt16(ref reader),
                ValueKind.UInt16 => KeyReader.ReadUInt16(ref reader),
                ValueKind.Int32 or ValueKind.Date => KeyReader.ReadInt32(ref reader),
                ValueKind.UInt32 => KeyReader.ReadUInt32(ref reader),
                ValueKind.Int64 or ValueKind.Timestamp or ValueKind.Duration => KeyReader.ReadInt64(ref reader),
                ValueKind.UInt64 => KeyReader.ReadUInt64(ref reader),
                ValueKind.Float32 => KeyReader.ReadFloat32(ref reader),
                ValueKind.Float64 => KeyReader.ReadFloat64(ref reader),
                ValueKind.Decimal => KeyReader.ReadDecimal(ref reader),
                ValueKind.String => KeyReader.ReadString(ref reader),
                ValueKind.Guid => KeyReader.ReadGuid(ref reader),
                ValueKind.Binary => KeyReader.ReadBinary(ref reader),
                _ => throw new NotSupportedException($"{kind}"),
            };
            return reader.Remaining == 0 ? value : throw new InvalidDataException($"{reader.Remaining} bytes are left.");
        }
    }

    private static int Compare(object left, object right) => (int)typeof(ValueOrder)
        .GetMethods().Single(m => m.Name == nameof(ValueOrder.Compare) && m.IsGenericMethod)
        .MakeGenericMethod(left.GetType()).Invoke(null, BindingFlags.DoNotWrapExceptions, null, [left, right], null)!;

    private static string Show(object value) => value is byte[] bytes ? Convert.ToHexString(bytes) : value is string text ? string.Join(' ', text.Select(c => $"{(int)c:X4}")) : $"{value}";
}
