using LambdaCore.Storage;
using NUnit.Framework;

namespace LambdaCore.Tests.Storage;

[TestFixture]
internal sealed class Crc32CTests
{
    [Test]
    public void The_published_examples_have_their_published_checksums()
    {
        Assert.Multiple(() =>
        {
            Assert.That(Crc32C.Of("123456789"u8), Is.EqualTo(0xE3069283u));
            Assert.That(Crc32C.Of(new byte[32]), Is.EqualTo(0x8A9136AAu), "RFC 3720, B.4");
            Assert.That(Crc32C.Of([.. Enumerable.Repeat((byte)0xFF, 32)]), Is.EqualTo(0x62A8AB43u), "RFC 3720, B.4");
            Assert.That(Crc32C.Of([.. Enumerable.Range(0, 32).Select(number => (byte)number)]), Is.EqualTo(0x46DD794Eu), "RFC 3720, B.4");
            Assert.That(Crc32C.Of([]), Is.Zero);
        });
    }

    [Test]
    public void A_checksum_can_be_continued_at_any_place()
    {
        byte[] bytes = new byte[100];
        new Random(1).NextBytes(bytes);
        uint whole = Crc32C.Of(bytes);
        for (int cut = 0; cut <= bytes.Length; cut++)
        {
            Assert.That(Crc32C.Of(bytes.AsSpan(cut), Crc32C.Of(bytes.AsSpan(0, cut))), Is.EqualTo(whole), $"cut at {cut}");
        }
    }
}
