using System.Buffers.Binary;
using System.Security.Cryptography;
using LambdaCore.Batch;
using LambdaCore.Storage;
using LambdaCore.Values;
using LambdaCore.Tests.Tables;
using NUnit.Framework;

namespace LambdaCore.Tests.Batch;

[TestFixture]
internal sealed class LookupFileTests
{
    [Test]
    public void Random_rows_are_found_scanned_and_counted_as_a_sorted_dictionary_does()
    {
        int seed = TestTable.NewSeed();
        for (int round = 0; round < 60; round++)
        {
            var random = new Random(seed + round);
            SortedDictionary<byte[], byte[]> oracle = RandomOracle(random);
            using LookupFile lookup = LookupScene.Open(LookupScene.Write(oracle));
            AssertSame(lookup, oracle, random, $"seed {seed}, round {round}");
        }
    }

    [Test]
    public void Rows_around_the_length_of_a_block_are_found([Values(-12, -8, -7, -6, -5, -1, 0, 1, 40)] int beyond)
    {
        SortedDictionary<byte[], byte[]> oracle = LookupScene.NewOracle();
        var random = new Random(7);
        for (byte row = 0; row < 12; row++)
        {
            int blocks = row % 4;
            oracle[[row]] = LookupScene.RandomBytes(random, Math.Max(0, (blocks * LookupFooter.BlockLength) + beyond));
        }

        using LookupFile lookup = LookupScene.Open(LookupScene.Write(oracle));
        AssertSame(lookup, oracle, random, $"beyond {beyond}");
    }

    [Test]
    public void A_file_without_rows_finds_nothing()
    {
        using LookupFile lookup = LookupScene.Open(LookupScene.Write(LookupScene.NewOracle()));
        Assert.That(lookup.Count, Is.Zero);
        Assert.That(LookupScene.Get(lookup, []), Is.EqualTo("none"));
        Assert.That(LookupScene.Get(lookup, [1, 2]), Is.EqualTo("none"));
        Assert.That(LookupScene.Scan(lookup, null, null), Is.Empty);
        Assert.That(lookup.CountOf([1], [2]), Is.Zero);
    }

    [Test]
    public void A_view_without_key_columns_has_one_row_with_an_empty_key()
    {
        SortedDictionary<byte[], byte[]> oracle = LookupScene.NewOracle();
        oracle[[]] = [];
        using LookupFile lookup = LookupScene.Open(LookupScene.Write(oracle));
        Assert.That(LookupScene.Get(lookup, []), Is.Empty);
        Assert.That(LookupScene.Scan(lookup, null, null), Has.Count.EqualTo(1));
        Assert.That(LookupScene.Scan(lookup, [], []), Is.Empty, "a range of which the end is the first key");
        Assert.That(LookupScene.Scan(lookup, [0], null), Is.Empty);
    }

    [Test]
    public void A_key_of_the_same_hash_is_told_apart_by_its_bytes()
    {
        SortedDictionary<byte[], byte[]> oracle = LookupScene.NewOracle();
        oracle[[1]] = [1];
        using LookupFile lookup = LookupScene.Open(LookupScene.Write(oracle));
        Assert.That(lookup.TryGet([2], XxHash64.Hash([1]), out _), Is.False);
    }

    [Test]
    public void Keys_that_do_not_ascend_are_refused_and_no_file_is_left()
    {
        using var storage = new InMemoryStorage();
        string path = storage.NewScratchPath(".lookup");
        using (var writer = new LookupWriter(path, LookupScene.View, LookupScene.Covered, 3))
        {
            writer.Add([1, 2], [9]);
            Assert.That(() => writer.Add([1, 2], [9]), Throws.InvalidOperationException.With.Message.Contains("0102"));
            Assert.That(() => writer.Add([1], [9]), Throws.InvalidOperationException);
        }

        Assert.That(Directory.GetFiles(storage.ScratchFolder), Is.Empty);
    }

    [Test]
    public void Length_and_hash_are_those_of_the_file()
    {
        using var storage = new InMemoryStorage();
        string path = storage.NewScratchPath(".lookup");
        using var writer = new LookupWriter(path, LookupScene.View, LookupScene.Covered, 1);
        writer.Add([1], [2]);
        (long length, string sha256) = writer.Complete();
        byte[] content = File.ReadAllBytes(path);
        Assert.That(length, Is.EqualTo(content.Length));
        Assert.That(sha256, Is.EqualTo(Convert.ToHexStringLower(SHA256.HashData(content))));
        Assert.That(Directory.GetFiles(storage.ScratchFolder), Has.Length.EqualTo(1), "nothing but the file is left");
    }

    [Test]
    public void Hashes_beyond_the_memory_limit_come_back_in_order([Values(0, 1, 99, 100, 101, 5000)] int rows)
    {
        int seed = TestTable.NewSeed();
        var random = new Random(seed);
        using var storage = new InMemoryStorage();
        using var slots = new LookupSlots(storage.NewScratchPath(".slots"), 10, memoryLimit: 100);
        List<LookupSlots.Entry> expected = [];
        for (int row = 0; row < rows; row++)
        {
            // Half of the hashes are crowded into few bands.
            ulong hash = (ulong)random.NextInt64() << (row % 2);
            hash = row % 2 == 0 ? hash >> 40 : hash;
            expected.Add(new LookupSlots.Entry(hash, row));
            slots.Add(hash, row);
        }

        List<LookupSlots.Entry> found = [];
        slots.Visit(entries => found.AddRange(entries));
        Assert.That(found.Select(entry => entry.Hash), Is.Ordered, $"seed {seed}");
        Assert.That(found, Is.EquivalentTo(expected), $"seed {seed}");
    }

    [Test]
    public void Threads_that_touch_blocks_for_the_first_time_together_get_right_answers()
    {
        SortedDictionary<byte[], byte[]> oracle = LookupScene.NewOracle();
        var random = new Random(11);
        for (int row = 0; row < 20_000; row++)
        {
            byte[] key = new byte[4];
            BinaryPrimitives.WriteInt32BigEndian(key, row);
            oracle[key] = LookupScene.RandomBytes(random, random.Next(200));
        }

        byte[] content = LookupScene.Write(oracle);
        byte[][] keys = [.. oracle.Keys];
        for (int round = 0; round < 10; round++)
        {
            using LookupFile lookup = LookupScene.Open(content);
            int wrong = 0;
            Parallel.For(0, 4, thread =>
            {
                for (int read = 0; read < 5000; read++)
                {
                    byte[] key = keys[(read * 7919) % keys.Length];
                    if (LookupScene.Get(lookup, key) != Convert.ToHexString(oracle[key]))
                    {
                        Interlocked.Increment(ref wrong);
                    }
                }
            });
            Assert.That(wrong, Is.Zero);
        }
    }

    internal static SortedDictionary<byte[], byte[]> RandomOracle(Random random)
    {
        SortedDictionary<byte[], byte[]> oracle = LookupScene.NewOracle();
        int rows = random.Next(4) switch { 0 => random.Next(4), 1 => random.Next(100), 2 => random.Next(3000), _ => random.Next(300) };
        int longest = rows > 1000 ? 300 : random.Next(3) switch { 0 => 4, 1 => 3000, _ => 80_000 };
        while (oracle.Count < rows)
        {
            // Short keys of few different bytes, so that prefixes, zeros and neighbours are common.
            byte[] key = LookupScene.RandomBytes(random, random.Next(12));
            for (int at = 0; random.Next(2) == 0 && at < key.Length; at++)
            {
                key[at] = (byte)(random.Next(3) * 127);
            }

            oracle[key] = LookupScene.RandomBytes(random, random.Next(5) == 0 ? 0 : random.Next(random.Next(longest) + 1));
        }

        return oracle;
    }

    private static void AssertSame(LookupFile lookup, SortedDictionary<byte[], byte[]> oracle, Random random, string message)
    {
        Assert.That(lookup.Count, Is.EqualTo(oracle.Count), message);
        foreach ((byte[] key, byte[] state) in oracle)
        {
            Assert.That(LookupScene.Get(lookup, key) == Convert.ToHexString(state), Is.True, message);
        }

        byte[][] keys = [.. oracle.Keys];
        for (int probe = 0; probe < 100; probe++)
        {
            byte[] absent = Bound(random, keys) ?? [];
            Assert.That(LookupScene.Get(lookup, absent), Is.EqualTo(oracle.TryGetValue(absent, out byte[]? state) ? Convert.ToHexString(state) : "none"), message);
        }

        for (int range = 0; range < 40; range++)
        {
            byte[]? low = range == 0 ? null : Bound(random, keys);
            byte[]? high = range == 0 ? null : Bound(random, keys);
            List<byte[]> expected = [.. keys.Where(key =>
                (low is null || LookupScene.ByBytes.Compare(key, low) >= 0) && (high is null || LookupScene.ByBytes.Compare(key, high) < 0))];
            List<(byte[] Key, byte[] State)> found = LookupScene.Scan(lookup, low, high);
            Assert.That(found.Count, Is.EqualTo(expected.Count), message);
            Assert.That(found.Zip(expected).All(pair => pair.First.Key.AsSpan().SequenceEqual(pair.Second) && pair.First.State.AsSpan().SequenceEqual(oracle[pair.Second])), Is.True, message);
            Assert.That(lookup.CountOf(low, high), Is.EqualTo(expected.Count), message);
        }
    }

    /// <summary>Nothing, a key that is there, or one that is next to one.</summary>
    private static byte[]? Bound(Random random, byte[][] keys)
    {
        if (keys.Length == 0 || random.Next(8) == 0)
        {
            return random.Next(2) == 0 ? null : LookupScene.RandomBytes(random, random.Next(12));
        }

        byte[] key = keys[random.Next(keys.Length)];
        return random.Next(4) switch
        {
            0 => key,
            1 => [.. key, 0],
            2 => key[..random.Next(key.Length + 1)],
            _ => [.. key[..^Math.Min(1, key.Length)], (byte)random.Next(256)],
        };
    }
}
