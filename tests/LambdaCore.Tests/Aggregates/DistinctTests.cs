using LambdaCore.Aggregates;
using LambdaCore.Tests.Values;
using LambdaCore.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.Aggregates;

/// <summary>Exact distinct counts up to a limit, and what comes after it.</summary>
[TestFixture]
internal sealed class DistinctTests
{
    [Test]
    public void Up_to_the_limit_the_count_is_exact_and_beyond_it_the_state_is_that_of_the_sketch_over_any_tree_of_merges()
    {
        Random random = Seed.Random(out int seed);
        for (int round = 0; round < 200; round++)
        {
            int limit = random.Next(1, 60);
            int distinct = random.Next(2) == 0 ? limit + random.Next(-1, 2) : random.Next(1, 200);
            string[] values = [.. Enumerable.Range(0, Math.Max(distinct, 1)).Select(i => $"value {i}")];
            string[] repeated = [.. values, .. values.Take(random.Next(values.Length))];
            random.Shuffle(repeated);
            DistinctState<string> approximate = Merge(repeated, limit, 12, random);
            DistinctState<string> failing = Merge(repeated, limit, 0, random);
            HyperLogLogState sketch = default;
            foreach (string value in values)
            {
                sketch.Add(12, ValueHash.Of(value));
            }

            if (values.Length <= limit)
            {
                Assert.That(approximate.Count, Is.EqualTo(values.Length), $"seed {seed}, round {round}");
                Assert.That(failing.IsExceeded, Is.False, $"seed {seed}, round {round}");
                Assert.That(failing.Count, Is.EqualTo(values.Length), $"seed {seed}, round {round}");
            }
            else
            {
                byte[] expected = [3, (byte)limit, 12, .. StateTree.Write(in sketch)];
                Assert.That(StateTree.Write(in approximate), Is.EqualTo(expected), $"seed {seed}, round {round}");
                Assert.That(approximate.Count, Is.EqualTo(sketch.Estimate()), $"seed {seed}, round {round}");
                Assert.That(StateTree.Write(in failing), Is.EqualTo((byte[])[2, (byte)limit, 0]), $"seed {seed}, round {round}");
                Assert.That(failing.IsExceeded, $"seed {seed}, round {round}");
            }
        }
    }

    [Test]
    public void Values_that_are_equal_in_order_count_once()
    {
        DistinctState<double> doubles = default;
        foreach (double value in (double[])[0.0, -0.0, double.NaN, -double.NaN, 1, 1])
        {
            doubles.Add(10, 0, value);
        }

        DistinctState<decimal> decimals = default;
        decimals.Add(10, 0, 1.5m);
        decimals.Add(10, 0, 1.500m);
        DistinctState<byte[]> arrays = default;
        byte[] array = [1, 2];
        arrays.Add(10, 0, array);
        array[0] = 7;
        arrays.Add(10, 0, [1, 2]);
        Assert.That((doubles.Count, decimals.Count, arrays.Count), Is.EqualTo((3, 1, 1)));
    }

    private static DistinctState<string> Merge(string[] values, int limit, int precision, Random random) =>
        StateTree.Merge<DistinctState<string>, string>(values, (ref s, v) => s.Add(limit, precision, v), random);
}
