using System.Text;
using LambdaCore.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.Values;

[TestFixture]
internal sealed class XxHash64Tests
{
    // The test data of xxHash's own sanity check (version 0.8.3), seed 0: prefixes of its generated buffer.
    [TestCase(0, 0xEF46DB3751D8E999UL)]
    [TestCase(1, 0xE934A84ADB052768UL)]
    [TestCase(2, 0x5D48CD60A77E23FFUL)]
    [TestCase(3, 0xFF7E1959CB50794AUL)]
    [TestCase(4, 0x9136A0DCA57457EEUL)]
    [TestCase(8, 0xCDBCF538E71D1348UL)]
    [TestCase(9, 0x554B1AE991EDA6B6UL)]
    [TestCase(14, 0x8282DCC4994E35C8UL)]
    [TestCase(16, 0x98C90B57FDFCB55CUL)]
    [TestCase(17, 0x0D39A2D051A30C2CUL)]
    [TestCase(24, 0xF75A6DEA42DC5BF4UL)]
    [TestCase(64, 0xEF558F8ACAC2B5CDUL)]
    [TestCase(128, 0x90CA021457D96DC5UL)]
    [TestCase(129, 0x41C280132D697ABAUL)]
    [TestCase(222, 0xB641AE8CB691C174UL)]
    [TestCase(240, 0xB81838D483BAEE53UL)]
    [TestCase(241, 0x95D76C8B4D8FC4D6UL)]
    [TestCase(403, 0xD99858FEE82283DFUL)]
    [TestCase(512, 0x4358D2FDD62B58A7UL)]
    [TestCase(2048, 0x5940F2752BC04387UL)]
    [TestCase(4160, 0xEEE6A4E2AC952A5EUL)]
    public void Hashes_are_the_published_ones(int length, ulong expected) =>
        Assert.That(XxHash64.Hash(Sanity(length)), Is.EqualTo(expected));

    [TestCase("abc", 0x44BC2CF5AD770999UL)]
    [TestCase("The quick brown fox jumps over the lazy dog", 0x0B242D361FDA71BCUL)]
    public void Hashes_of_known_texts_are_the_published_ones(string text, ulong expected) =>
        Assert.That(XxHash64.Hash(Encoding.UTF8.GetBytes(text)), Is.EqualTo(expected));

    [Test]
    public void The_hash_of_a_number_is_that_of_its_eight_bytes()
    {
        Random random = Seed.Random(out int seed);
        Assert.That(XxHash64.Hash(0UL), Is.EqualTo(0x34C96ACDCADB1BBB));
        for (int i = 0; i < 1000; i++)
        {
            ulong value = (ulong)random.NextInt64(long.MinValue, long.MaxValue);
            Assert.That(XxHash64.Hash(value), Is.EqualTo(XxHash64.Hash(BitConverter.GetBytes(value))), $"seed {seed}");
        }
    }

    private static byte[] Sanity(int length)
    {
        byte[] buffer = new byte[length];
        ulong generator = 2654435761;
        for (int i = 0; i < length; i++)
        {
            buffer[i] = (byte)(generator >> 56);
            generator *= 11400714785074694797;
        }

        return buffer;
    }
}
