using LambdaCore.Speed;
using LambdaCore.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.Speed;

internal sealed class KeyTableTests
{
    [Test]
    public void A_table_holds_what_a_dictionary_would_hold([ValuesAttribute(5, 1000, 200_000)] int distinct)
    {
        int seed = Seeds.Next();
        var random = new Random(seed);
        var table = new KeyTable<long>();
        for (int round = 0; round < 2; round++)
        {
            var oracle = new Dictionary<string, long>();
            var order = new List<string>();
            for (int i = 0; i < 300_000; i++)
            {
                int number = random.Next(distinct);
                byte[] key = new byte[number % 40];
                new Random(number).NextBytes(key);
                string text = Convert.ToHexString(key);
                if (oracle.TryAdd(text, 0))
                {
                    order.Add(text);
                }

                oracle[text] += i;
                table.GetOrAdd(key, XxHash64.Hash(key)) += i;
            }

            Assert.That(table.Count, Is.EqualTo(oracle.Count), $"seed {seed}");
            for (int number = 0; number < table.Count; number++)
            {
                byte[] key = table.Key(number).ToArray();
                Assert.That(Convert.ToHexString(key), Is.EqualTo(order[number]), $"seed {seed}");
                Assert.That(table.Row(number), Is.EqualTo(oracle[order[number]]), $"seed {seed}");
                Assert.That(table.Hash(number), Is.EqualTo(XxHash64.Hash(key)));
                Assert.That(table.Find(key, XxHash64.Hash(key)), Is.EqualTo(number));
            }

            byte[] missing = new byte[41];
            Assert.That(table.Find(missing, XxHash64.Hash(missing)), Is.EqualTo(-1));
            table.Clear();
            Assert.That(table.Count, Is.Zero);
        }
    }

    [Test]
    public void Keys_of_the_same_hash_are_told_apart()
    {
        var table = new KeyTable<int>();
        for (int i = 0; i < 100; i++)
        {
            table.GetOrAdd(BitConverter.GetBytes(i), 0xFFFF_FFFF_FFFF_FFFF) = i;
        }

        for (int i = 0; i < 100; i++)
        {
            Assert.That(table.GetOrAdd(BitConverter.GetBytes(i), 0xFFFF_FFFF_FFFF_FFFF), Is.EqualTo(i));
        }

        Assert.That(table.Count, Is.EqualTo(100));
    }

    [Test]
    public void A_range_holds_the_keys_from_low_up_to_high()
    {
        byte[][] keys = [[], [0], [1], [1, 0], [1, 0xFF], [1, 0xFF, 0xFF], [2], [0xFF], [0xFF, 0xFF], [0xFF, 0xFF, 1]];
        foreach (byte[] low in keys)
        {
            var prefix = KeyRange.StartingWith(low);
            foreach (byte[] key in keys)
            {
                Assert.That(prefix.Contains(key), Is.EqualTo(key.AsSpan().StartsWith(low)));
                Assert.That(KeyRange.All.Contains(key), Is.True);
                foreach (byte[] high in keys)
                {
                    bool within = key.AsSpan().SequenceCompareTo(low) >= 0 && key.AsSpan().SequenceCompareTo(high) < 0;
                    Assert.That(new KeyRange(low, high).Contains(key), Is.EqualTo(within));
                }
            }
        }
    }

    [Test]
    public void Superseded_records_are_remembered_until_they_are_dropped()
    {
        var superseded = new SupersededRecords();
        long[] addresses = [64, 72, 1 << 16, (1 << 16) + 8, (5L << 40) + 16];
        foreach (long address in addresses)
        {
            superseded.Add(address);
        }

        Assert.That(addresses.Where(superseded.Contains), Is.EqualTo(addresses));
        Assert.That(addresses.Where(address => superseded.Contains(address + 16)), Is.Empty);
        superseded.DropBefore(1 << 16);
        Assert.That(addresses.Where(superseded.Contains), Is.EqualTo(addresses[2..]));
    }
}
