using LambdaCore.Batch;
using LambdaCore.Tests.Speed;
using NUnit.Framework;

namespace LambdaCore.Tests.Batch;

internal sealed class LayerCursorTests
{
    [Test]
    public void Without_layers_there_is_no_row() => Assert.That(new LayerCursor([]).MoveNext(), Is.False);

    [Test]
    public void Rows_come_in_the_order_of_the_keys_and_those_of_one_key_in_the_order_of_the_layers()
    {
        int seed = Seeds.Next();
        for (int round = 0; round < 60; round++)
        {
            Random random = new(unchecked(seed + round));
            SortedDictionary<byte[], byte[]>[] layers = [.. Enumerable.Range(0, random.Next(1, 12)).Select(layer => RandomLayer(random, layer))];
            LookupFile[] files = [.. layers.Select(layer => LookupScene.Open(LookupScene.Write(layer)))];
            byte[]? low = random.Next(3) == 0 ? null : LookupScene.RandomBytes(random, 1);
            byte[]? high = random.Next(3) == 0 ? null : LookupScene.RandomBytes(random, 1);
            string[] expected =
            [
                .. layers.SelectMany(layer => layer.Keys).Distinct(new SameBytes()).Order(LookupScene.ByBytes)
                    .Where(key => (low is null || LookupScene.ByBytes.Compare(key, low) >= 0) && (high is null || LookupScene.ByBytes.Compare(key, high) < 0))
                    .Select(key => Text(key, layers.Where(layer => layer.ContainsKey(key)).Select(layer => layer[key]))),
            ];

            List<string> found = [];
            LayerCursor cursor = new(files, low, high);
            while (cursor.MoveNext())
            {
                found.Add(Text(cursor.Key.ToArray(), Enumerable.Range(0, cursor.RowCount).Select(row => cursor.State(row).ToArray())));
            }

            Assert.That(found, Is.EqualTo(expected), $"seed {seed}, round {round}");
            Assert.That(cursor.MoveNext(), Is.False, "after the end there is nothing");
        }
    }

    private static SortedDictionary<byte[], byte[]> RandomLayer(Random random, int layer)
    {
        SortedDictionary<byte[], byte[]> rows = LookupScene.NewOracle();
        for (int i = random.Next(4) == 0 ? 0 : random.Next(200); i > 0; i--)
        {
            rows[LookupScene.RandomBytes(random, random.Next(1, 3))] = [(byte)layer, (byte)i];
        }

        return rows;
    }

    private static string Text(byte[] key, IEnumerable<byte[]> states) => $"{Convert.ToHexString(key)}: {string.Join(' ', states.Select(Convert.ToHexString))}";

    private sealed class SameBytes : IEqualityComparer<byte[]>
    {
        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(byte[] bytes) => bytes.Length == 0 ? 0 : bytes[0];
    }
}
