using LambdaCore.Batch;
using LambdaCore.Storage;
using LambdaCore.Tests.Tables;
using NUnit.Framework;

namespace LambdaCore.Tests.Batch;

/// <summary>Whatever happens to a lookup file: the right answer or an error that says so, never another answer.</summary>
[TestFixture]
internal sealed class LookupDamageTests
{
    [Test]
    public void No_flipped_bit_gives_a_wrong_answer()
    {
        SortedDictionary<byte[], byte[]> oracle = SmallOracle();
        byte[] healthy = LookupScene.Write(oracle);
        int refused = 0;
        for (int bit = 0; bit < healthy.Length * 8; bit++)
        {
            healthy[bit / 8] ^= (byte)(1 << (bit % 8));
            refused += RightOrRefused(healthy, oracle, $"bit {bit}");
            healthy[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        // The file is one block, so that each damage is met by the first read at the latest.
        Assert.That(refused, Is.EqualTo(healthy.Length * 8));
    }

    [Test]
    public void Damage_in_one_of_many_blocks_hurts_only_reads_that_touch_it()
    {
        int seed = TestTable.NewSeed();
        var random = new Random(seed);
        SortedDictionary<byte[], byte[]> oracle = LookupScene.NewOracle();
        for (byte row = 0; row < 100; row++)
        {
            oracle[[row]] = LookupScene.RandomBytes(random, row % 10 == 5 ? 90_000 : random.Next(5000));
        }

        byte[] healthy = LookupScene.Write(oracle);
        int refused = 0;
        for (int round = 0; round < 300; round++)
        {
            int bit = random.Next(healthy.Length * 8);
            healthy[bit / 8] ^= (byte)(1 << (bit % 8));
            refused += RightOrRefused(healthy, oracle, $"seed {seed}, bit {bit}");
            healthy[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        Assert.That(refused, Is.EqualTo(300), "a whole scan touches all rows, and point reads all slots");
        healthy[healthy.Length / 2] ^= 1;
        using LookupFile lookup = LookupScene.Open(healthy);
        Assert.That(LookupScene.Get(lookup, [0]), Is.EqualTo(Convert.ToHexString(oracle[[0]])), "the first row lies before the damage");
        LookupDamagedException error = Assert.Throws<LookupDamagedException>(() => LookupScene.Scan(lookup, null, null));
        Assert.That(error.Message, Does.Contain("views/v/1.lookup"));
        Assert.That(error.Offset, Is.EqualTo(healthy.Length / 2 / LookupFooter.BlockLength * LookupFooter.BlockLength));
    }

    [Test]
    public void Every_truncation_is_refused()
    {
        byte[] healthy = LookupScene.Write(SmallOracle());
        for (int length = 0; length < healthy.Length; length++)
        {
            byte[] truncated = healthy[..length];
            Assert.That(() => LookupScene.Open(truncated), Throws.InstanceOf<LookupDamagedException>(), $"length {length}");
        }
    }

    [Test]
    public void Bytes_that_are_missing_or_too_many_within_are_refused()
    {
        byte[] healthy = LookupScene.Write(SmallOracle());
        for (int at = 0; at < healthy.Length; at += 37)
        {
            Assert.That(() => LookupScene.Open([.. healthy[..at], .. healthy[(at + 1)..]]), Throws.InstanceOf<LookupDamagedException>(), $"without byte {at}");
            Assert.That(() => LookupScene.Open([.. healthy[..at], 0, .. healthy[at..]]), Throws.InstanceOf<LookupDamagedException>(), $"with a byte at {at}");
        }
    }

    [Test]
    public void A_file_of_another_view_or_range_is_refused()
    {
        byte[] content = LookupScene.Write(SmallOracle());
        Assert.That(
            () => LookupFile.Open(new InMemoryMappedFile(content), "p", "another view", LookupScene.Covered),
            Throws.InstanceOf<LambdaCoreException>().With.Message.Contains("another view"));
        Assert.That(
            () => LookupFile.Open(new InMemoryMappedFile(content), "p", LookupScene.View, new LogRange(LogPosition.Zero, LookupScene.Covered.End)),
            Throws.InstanceOf<LambdaCoreException>().With.Message.Contains("[345,12345)").And.Message.Contains("[0,12345)"));
    }

    private static SortedDictionary<byte[], byte[]> SmallOracle()
    {
        SortedDictionary<byte[], byte[]> oracle = LookupScene.NewOracle();
        var random = new Random(3);
        for (byte row = 0; row < 20; row++)
        {
            oracle[[row, 0, (byte)(row * 7)]] = LookupScene.RandomBytes(random, row % 5);
        }

        return oracle;
    }

    /// <summary>Reads everything in every way.</summary>
    /// <returns>1 if something was refused, 0 if all was right.</returns>
    private static int RightOrRefused(byte[] content, SortedDictionary<byte[], byte[]> oracle, string message)
    {
        LookupFile lookup;
        try
        {
            lookup = LookupScene.Open(content);
        }
        catch (LookupDamagedException)
        {
            return 1;
        }
        catch (LambdaCoreException exception)
        {
            Assert.Fail($"{message}: {exception.Message}");
            return 1;
        }

        using (lookup)
        {
            int refused = 0;
            foreach ((byte[] key, byte[] state) in oracle)
            {
                refused |= Try(() => LookupScene.Get(lookup, key), Convert.ToHexString(state), message);
                refused |= Try(() => LookupScene.Get(lookup, [.. key, 1]), "none", message);
            }

            string all = string.Join(' ', oracle.Select(row => $"{Convert.ToHexString(row.Key)}={Convert.ToHexString(row.Value)}"));
            refused |= Try(() => string.Join(' ', LookupScene.Scan(lookup, null, null).Select(row => $"{Convert.ToHexString(row.Key)}={Convert.ToHexString(row.State)}")), all, message);
            byte[] middle = oracle.Keys.ElementAt(oracle.Count / 2);
            refused |= Try(() => $"{lookup.CountOf(null, middle)}", $"{oracle.Count / 2}", message);
            return refused;
        }
    }

    private static int Try(Func<string> read, string expected, string message)
    {
        try
        {
            string found = read();
            if (found != expected)
            {
                Assert.Fail($"{message}: {found} instead of {expected}");
            }

            return 0;
        }
        catch (LookupDamagedException)
        {
            return 1;
        }
    }
}
