using LambdaCore.Aggregates;
using LambdaCore.Tests.Values;
using LambdaCore.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.Aggregates;

/// <summary>Quantiles against the sorted list of all numbers.</summary>
[TestFixture]
internal sealed class QuantileTests
{
    private static readonly double[] Shares = [0, 0.001, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 1];

    [Test]
    public void Every_quantile_is_within_the_accuracy_of_the_number_at_its_place_over_any_tree_of_merges([Values(0.001, 0.01, 0.05, 0.25)] double accuracy)
    {
        Random random = Seed.Random(out int seed);
        LogBuckets buckets = new(accuracy);
        for (int round = 0; round < 60; round++)
        {
            double[] numbers = Numbers(random, round % 6, random.Next(1, 3000));
            QuantileState state = StateTree.Merge<QuantileState, double>(numbers, (ref s, n) => s.Add(buckets, n), random);
            double[] sorted = [.. numbers];
            Array.Sort(sorted, ValueOrder.Compare);
            foreach (double share in Shares.Append(random.NextDouble()))
            {
                double exact = sorted[(int)Math.Floor(share * (sorted.Length - 1))];
                double estimate = state.Quantile(buckets, share)!.Value;
                Assert.That(IsWithin(estimate, exact, accuracy), $"seed {seed}, round {round}, {share}: {estimate:R} for {exact:R} of {sorted.Length}");
            }
        }
    }

    [Test]
    public void Bytes_are_the_same_whatever_the_tree_of_merges()
    {
        Random random = Seed.Random(out int seed);
        LogBuckets buckets = new(0.01);
        for (int round = 0; round < 60; round++)
        {
            double[] numbers = Numbers(random, round % 6, random.Next(1000));
            QuantileState whole = default;
            foreach (double number in numbers)
            {
                whole.Add(buckets, number);
            }

            random.Shuffle(numbers);
            byte[] tree = StateTree.Write(StateTree.Merge<QuantileState, double>(numbers, (ref s, n) => s.Add(buckets, n), random));
            Assert.That(tree, Is.EqualTo(StateTree.Write(in whole)), $"seed {seed}, round {round}");
        }
    }

    [Test]
    public void Buckets_follow_each_other_without_gap_and_each_is_as_narrow_as_promised([Values(0.001, 0.01, 0.1, 0.25)] double accuracy)
    {
        LogBuckets buckets = new(accuracy);
        Random random = Seed.Random(out int seed);
        for (int i = 0; i < 20_000; i++)
        {
            double number = BitConverter.Int64BitsToDouble(random.NextInt64(1L << 52, 0x7FF0L << 48));
            int key = buckets.KeyOf(number);
            Assert.That(IsWithin(buckets.ValueOf(key), number, accuracy), $"seed {seed}, {number:R}");
            Assert.That(buckets.KeyOf(buckets.ValueOf(key)), Is.EqualTo(key), $"seed {seed}, what stands for a bucket is in it");
            Assert.That(buckets.KeyOf(-number), Is.EqualTo(-key));
            Assert.That(buckets.KeyOf(Math.BitIncrement(number)), Is.InRange(key, key + 1), $"seed {seed}, {number:R}");
        }

        // As many as the logarithm would need, and one in a hundred more.
        double octaves = Math.Log2(double.MaxValue) + 1022;
        double ideal = octaves * Math.Log(2) / Math.Log((1 + accuracy) / (1 - accuracy));
        Assert.That(buckets.Infinity, Is.InRange(ideal, (ideal * 1.011) + 3));
    }

    [Test]
    public void Numbers_that_are_none_have_their_place_in_the_order_of_values()
    {
        LogBuckets buckets = new(0.01);
        QuantileState state = default;
        foreach (double number in (double[])[double.NaN, double.PositiveInfinity, 5, -0.0, 0, double.Epsilon, -5, double.NegativeInfinity, -double.NaN])
        {
            state.Add(buckets, number);
        }

        double?[] sorted = [.. Enumerable.Range(0, 9).Select(i => state.Quantile(buckets, i / 8.0))];
        Assert.That(sorted[0], Is.EqualTo(double.NegativeInfinity));
        Assert.That(sorted[1], Is.EqualTo(-5).Within(1).Percent);
        Assert.That(sorted[2..5], Is.All.Zero);
        Assert.That(sorted.Any(n => n == 0 && double.IsNegative(n.Value)), Is.False);
        Assert.That(sorted[5], Is.EqualTo(5).Within(1).Percent);
        Assert.That(sorted[6], Is.EqualTo(double.PositiveInfinity));
        Assert.That(sorted[7..], Is.All.NaN);
        Assert.That(default(QuantileState).Quantile(buckets, 0.5), Is.Null);
    }

    [Test]
    public void A_wide_range_costs_what_is_documented()
    {
        LogBuckets buckets = new(0.01);
        QuantileState state = default;
        for (double number = 1e-6; number < 86_400; number *= 1.001)
        {
            state.Add(buckets, number);
        }

        Assert.That(state.Buckets, Is.LessThanOrEqualTo(1280));
        Assert.That(StateTree.Write(in state), Has.Length.LessThanOrEqualTo(4 * 1280));
        Assert.That((2 * buckets.Infinity) + 2, Is.EqualTo(143_220));
        Assert.That((2 * new LogBuckets(0.001).Infinity) + 2, Is.EqualTo(1_432_204));
    }

    [TestCase(0.0009)]
    [TestCase(0.26)]
    [TestCase(0)]
    [TestCase(double.NaN)]
    public void An_accuracy_out_of_range_is_refused(double accuracy) =>
        Assert.That(() => new LogBuckets(accuracy), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("0.01"));

    [Test]
    public void Quantiles_of_different_accuracies_do_not_mix()
    {
        QuantileState fine = default;
        QuantileState coarse = default;
        fine.Add(new LogBuckets(0.01), 1);
        coarse.Add(new LogBuckets(0.02), 1);
        Assert.That(() => fine.Merge(in coarse), Throws.InvalidOperationException);
    }

    internal static bool IsWithin(double estimate, double exact, double accuracy) =>
        estimate.Equals(exact)
        || (double.IsFinite(exact) && (Math.Abs(exact) < 2.2250738585072014E-308 ? estimate == 0 : Math.Abs(estimate - exact) <= accuracy * (1 + 1e-9) * Math.Abs(exact)));

    private static double[] Numbers(Random random, int kind, int count) => [.. Enumerable.Range(0, count).Select(i => kind switch
    {
        0 => random.NextDouble() * 1000,
        1 => Math.Exp(10 * Gaussian(random)),
        2 => 1 / Math.Pow(random.NextDouble(), 2),
        3 => i,
        4 => random.Next(-3, 4),
        _ => (double)RandomValue.Of(ValueKind.Float64, random),
    })];

    private static double Gaussian(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
