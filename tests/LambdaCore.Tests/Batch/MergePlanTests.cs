using LambdaCore.Batch;
using LambdaCore.Tests.Speed;
using NUnit.Framework;

namespace LambdaCore.Tests.Batch;

internal sealed class MergePlanTests
{
    [TestCase(new long[] { }, 0)]
    [TestCase(new long[] { 0 }, 0)]
    [TestCase(new long[] { 100 }, 0)]
    [TestCase(new long[] { 100, 24 }, 0)]
    [TestCase(new long[] { 100, 25 }, 2)]
    [TestCase(new long[] { 5, 0 }, 0)]
    [TestCase(new long[] { 4, 0 }, 2)]
    [TestCase(new long[] { 0, 0 }, 2)]
    [TestCase(new long[] { 1000, 100, 5 }, 0)]
    [TestCase(new long[] { 1000, 100, 5, 2 }, 2)]
    [TestCase(new long[] { 1000, 100, 20, 5 }, 3, Description = "20 and 5 are 25, which is a quarter of 100; together they are no quarter of 1000")]
    [TestCase(new long[] { 1000, 100, 90, 1 }, 3, Description = "a pair that an earlier run has left out of proportion")]
    [TestCase(new long[] { 1000, 200, 190, 1 }, 4)]
    public void Layers_out_of_proportion_are_merged_with_all_that_follow(long[] keys, int merged) =>
        Assert.That(MergePlan.LayersToMerge(keys), Is.EqualTo(merged));

    /// <summary>The bound that is promised, the proportion of neighbours, and how often a key is written, over runs of any sizes whose keys meet as they like.</summary>
    [Test]
    public void The_number_of_layers_and_the_keys_written_stay_within_their_bounds()
    {
        int seed = Seeds.Next();
        for (int history = 0; history < 300; history++)
        {
            Random random = new(unchecked(seed + history));
            List<long> layers = [];
            long added = 0;
            long written = 0;
            bool isEven = random.Next(2) == 0;
            long runKeys = random.Next(1, 1000);
            int runs = random.Next(1, 300);
            for (int run = 0; run < runs; run++)
            {
                long keys = isEven ? runKeys : (long)Math.Pow(10, random.NextDouble() * 7) - 1;
                layers.Add(keys);
                added += keys;
                written += keys;
                if (random.Next(10) == 0)
                {
                    // The run was cancelled before it came to merge.
                    continue;
                }

                int count = MergePlan.LayersToMerge(layers);
                if (count > 0)
                {
                    long[] merged = [.. layers.TakeLast(count)];
                    layers.RemoveRange(layers.Count - count, count);

                    // Between all keys in common and none.
                    layers.Add(isEven ? merged.Sum() : random.NextInt64(merged.Max(), merged.Sum() + 1));
                    written += layers[^1];
                }

                string where = $"seed {seed}, history {history}, run {run}: {string.Join(", ", layers)}";
                Assert.That(layers.Zip(layers.Skip(1)).All(pair => Math.Max(1, pair.First) > MergePlan.SizeRatio * Math.Max(1, pair.Second)), Is.True, where);
                double bound = 1 + Math.Log(Math.Max(1, layers.Max()), MergePlan.SizeRatio);
                Assert.That(layers, Has.Count.LessThanOrEqualTo(MergePlan.MostLayers(layers.Max())), where);
                Assert.That(MergePlan.MostLayers(layers.Max()), Is.LessThanOrEqualTo((int)(bound + 1e-9)), where);
            }

            if (isEven)
            {
                double most = 2 + Math.Log(added / (double)runKeys, 1 + (1.0 / MergePlan.SizeRatio));
                Assert.That(written, Is.LessThanOrEqualTo(added * most), $"seed {seed}, history {history}");
            }
        }
    }
}
