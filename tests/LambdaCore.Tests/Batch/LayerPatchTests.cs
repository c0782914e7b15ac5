using LambdaCore.Batch;
using LambdaCore.Tests.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.Batch;

/// <summary>A patched layer is the old one without the replaced keys, and with those of them that have a state now.</summary>
[TestFixture]
internal sealed class LayerPatchTests
{
    [Test]
    public void Replaced_keys_have_their_new_states_or_none_and_all_others_their_old_ones()
    {
        Random random = Seed.Random(out int seed);
        for (int round = 0; round < 60; round++)
        {
            byte[][] keys = [.. Enumerable.Range(0, random.Next(12)).Select(_ => LookupScene.RandomBytes(random, random.Next(1, 3))).DistinctBy(Convert.ToHexString)];
            SortedDictionary<byte[], byte[]> old = Some(keys, 2);
            SortedDictionary<byte[], byte[]> replaced = Some(keys, 3);
            SortedDictionary<byte[], byte[]> current = Some([.. replaced.Keys], 2);
            SortedDictionary<byte[], byte[]> expected = LookupScene.NewOracle();
            foreach ((byte[] key, byte[] state) in old.Where(r => !replaced.ContainsKey(r.Key)).Concat(current))
            {
                expected.Add(key, state);
            }

            Assert.That(Merge(old, replaced, current), Is.EqualTo(expected.Select(Text)), $"seed {seed}, round {round}");
        }

        SortedDictionary<byte[], byte[]> Some(byte[][] keys, int oneOf)
        {
            SortedDictionary<byte[], byte[]> some = LookupScene.NewOracle();
            foreach (byte[] key in keys.Where(_ => random.Next(oneOf) > 0))
            {
                some.Add(key, LookupScene.RandomBytes(random, 3));
            }

            return some;
        }
    }

    [TestCase(0)]
    [TestCase(2)]
    [TestCase(4)]
    public void A_state_of_a_key_that_was_to_stay_is_refused(byte computed)
    {
        SortedDictionary<byte[], byte[]> old = LookupScene.NewOracle();
        SortedDictionary<byte[], byte[]> replaced = LookupScene.NewOracle();
        SortedDictionary<byte[], byte[]> current = LookupScene.NewOracle();
        old.Add([2], [20]);
        replaced.Add([1], [0]);
        replaced.Add([3], [0]);
        current.Add([computed], [1]);
        Assert.That(() => Merge(old, replaced, current), Throws.InvalidOperationException.With.Message.Contains($"key {computed:X2} was computed"));
    }

    private static List<string> Merge(SortedDictionary<byte[], byte[]> old, SortedDictionary<byte[], byte[]> replaced, SortedDictionary<byte[], byte[]> current)
    {
        using LookupFile layer = LookupScene.Open(LookupScene.Write(old));
        using LookupFile gone = LookupScene.Open(LookupScene.Write(replaced));
        List<string> rows = [];
        LayerPatch.Merge(
            layer,
            gone,
            visit =>
            {
                foreach ((byte[] key, byte[] state) in current)
                {
                    visit(key, state);
                }
            },
            (key, state) => rows.Add($"{Convert.ToHexString(key)}={Convert.ToHexString(state)}"));
        return rows;
    }

    private static string Text(KeyValuePair<byte[], byte[]> row) => $"{Convert.ToHexString(row.Key)}={Convert.ToHexString(row.Value)}";
}
