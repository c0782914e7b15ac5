using LambdaCore.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.Values;

[TestFixture]
internal sealed unsafe class BytesTests
{
    [TestCaseSource(typeof(RandomValue), nameof(RandomValue.Kinds))]
    public void Values_come_back_from_their_bytes_and_shortened_bytes_are_refused(ValueKind kind)
    {
        typeof(BytesTests).GetMethod(nameof(RoundTrip), System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Static)!
            .MakeGenericMethod(ScalarType.RepresentationOf(kind)).Invoke(null, [kind]);
    }

    [Test]
    public void Reading_never_leaves_the_memory_it_was_given()
    {
        Random random = Seed.Random(out int seed);
        const byte Canary = 0xA5;
        byte[] memory = new byte[64];
        for (int round = 0; round < 20_000; round++)
        {
            memory.AsSpan().Fill(Canary);
            int length = random.Next(40);
            random.NextBytes(memory.AsSpan(8, length));
            fixed (byte* start = memory)
            {
                ByteReader reader = new(start + 8, length);
                long read = 0;
                try
                {
                    while (true)
                    {
                        long before = reader.Remaining;
                        Read(ref reader, random.Next(14));
                        read += before - reader.Remaining;
                        Assert.That(reader.Remaining, Is.InRange(0, before), $"seed {seed}");
                        if (random.Next(20) == 0)
                        {
                            break;
                        }
                    }
                }
                catch (InvalidDataException)
                {
                }

                Assert.That(read, Is.LessThanOrEqualTo(length), $"seed {seed}");
            }
        }
    }

    [Test]
    public void A_negative_or_huge_length_is_refused()
    {
        fixed (byte* start = new byte[16])
        {
            ByteReader reader = new(start, 16);
            foreach (long count in (long[])[-1, 17, long.MaxValue, long.MinValue])
            {
                ByteReader copy = reader;
                Assert.That(() => Raw(copy, count), Throws.InstanceOf<InvalidDataException>());
            }
        }
    }

    [TestCase(0u, 1)]
    [TestCase(127u, 1)]
    [TestCase(128u, 2)]
    [TestCase(16_383u, 2)]
    [TestCase(16_384u, 3)]
    [TestCase(uint.MaxValue, 5)]
    public void Varints_take_one_to_five_bytes(uint value, int bytes)
    {
        ByteWriter writer = new();
        writer.WriteVarint(value);
        Assert.That(writer.Length, Is.EqualTo(bytes));
        fixed (byte* start = writer.Written)
        {
            Assert.That(new ByteReader(start, bytes).ReadVarint(), Is.EqualTo(value));
        }
    }

    [TestCase("8000", TestName = "A varint with an empty last byte is refused")]
    [TestCase("FFFFFFFF10", TestName = "A varint of more than 32 bits is refused")]
    [TestCase("808080808000", TestName = "A varint of six bytes is refused")]
    public void Varints_have_one_form(string hex) => Assert.That(() => Varint(Convert.FromHexString(hex)), Throws.InstanceOf<InvalidDataException>());

    [Test]
    public void Text_that_is_not_utf8_is_refused() =>
        Assert.That(() => Text([2, 0xC3, 0x28]), Throws.InstanceOf<InvalidDataException>().With.Message.Contains("UTF-8"));

    [Test]
    public void A_surrogate_without_its_partner_is_refused([Values(1, 60)] int length) =>
        Assert.That(() => new ByteWriter().WriteString(new string('\uDC00', length)), Throws.InstanceOf<System.Text.EncoderFallbackException>());

    private static uint Varint(byte[] bytes)
    {
        fixed (byte* start = bytes)
        {
            return new ByteReader(start, bytes.Length).ReadVarint();
        }
    }

    private static string Text(byte[] bytes)
    {
        fixed (byte* start = bytes)
        {
            return new ByteReader(start, bytes.Length).ReadString();
        }
    }

    private static int Raw(ByteReader reader, long count) => reader.ReadRaw(count).Length;

    private static void Read(ref ByteReader reader, int what)
    {
        switch (what)
        {
            case 0: reader.ReadByte(); break;
            case 1: reader.ReadBoolean(); break;
            case 2: reader.ReadInt16(); break;
            case 3: reader.ReadInt32(); break;
            case 4: reader.ReadInt64(); break;
            case 5: reader.ReadInt128(); break;
            case 6: reader.ReadFloat32(); break;
            case 7: reader.ReadFloat64(); break;
            case 8: reader.ReadGuid(); break;
            case 9: reader.ReadVarint(); break;
            case 10: reader.ReadBytes(); break;
            case 11: reader.ReadByteArray(); break;
            case 12: reader.ReadString(); break;
            default: reader.ReadDecimal(); break;
        }
    }

    private static void RoundTrip<T>(ValueKind kind)
        where T : notnull
    {
        Random random = Seed.Random(out int seed);
        ByteWriter writer = new();
        for (int i = 0; i < 1000; i++)
        {
            T value = (T)RandomValue.Of(kind, random);
            writer.Clear();
            ValueCodec.Write(writer, value);
            byte[] bytes = writer.Written.ToArray();
            Assert.That(ValueOrder.Compare(Decode<T>(bytes), value), Is.Zero, $"seed {seed}");
            writer.Clear();
            ValueCodec.Write(writer, Decode<T>(bytes));
            Assert.That(writer.Written.ToArray(), Is.EqualTo(bytes), $"one form, seed {seed}");
            Assert.That(() => Decode<T>(bytes[..random.Next(bytes.Length)]), Throws.InstanceOf<InvalidDataException>(), $"seed {seed}");
        }
    }

    private static T Decode<T>(byte[] bytes)
        where T : notnull
    {
        fixed (byte* start = bytes.Length == 0 ? [0] : bytes)
        {
            ByteReader reader = new(start, bytes.Length);
            return ValueCodec.Read<T>(ref reader);
        }
    }
}
