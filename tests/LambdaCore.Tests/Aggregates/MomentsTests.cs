using LambdaCore.Aggregates;
using LambdaCore.Tests.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.Aggregates;

/// <summary>Variances against two passes over all numbers, in decimals where doubles would not do.</summary>
[TestFixture]
internal sealed class MomentsTests
{
    [Test]
    public void Squared_distances_are_those_of_two_passes_over_any_tree_of_merges()
    {
        Random random = Seed.Random(out int seed);
        for (int round = 0; round < 200; round++)
        {
            double scale = Math.Pow(10, random.Next(-100, 100));
            double offset = random.Next(2) == 0 ? 0 : scale * Math.Pow(10, random.Next(3));
            double[] numbers = [.. Enumerable.Range(0, random.Next(1, 500)).Select(_ => offset + (scale * (random.NextDouble() - 0.5)))];
            MomentsState state = Merge(numbers, random);
            double mean = numbers.Average();
            double squares = numbers.Sum(n => (n - mean) * (n - mean));
            Assert.That(state.Count, Is.EqualTo(numbers.Length));
            Assert.That(state.Mean, Is.EqualTo(mean).Within(1e-12 * (Math.Abs(offset) + scale)), $"seed {seed}, round {round}");
            Assert.That(state.Squares, Is.EqualTo(squares).Within(1e-9 * squares), $"seed {seed}, round {round}");
        }
    }

    [Test]
    public void Numbers_close_together_and_far_from_zero_keep_their_variance()
    {
        // A sum of squares would need sixteen more digits than a double has: 1e9 squared is 1e18, the variance 2/3.
        Random random = Seed.Random(out int seed);
        double[] numbers = [.. Enumerable.Range(0, 30_000).Select(i => 1e9 + (i % 3))];
        random.Shuffle(numbers);
        MomentsState state = Merge(numbers, random);
        Assert.That(state.Squares / state.Count, Is.EqualTo(2.0 / 3).Within(1e-6), $"seed {seed}");
        Assert.That((numbers.Sum(n => n * n) / numbers.Length) - Math.Pow(numbers.Average(), 2), Is.Not.EqualTo(2.0 / 3).Within(1), "what the textbook formula would give");
    }

    [TestCase(double.NaN)]
    [TestCase(double.PositiveInfinity)]
    [TestCase(double.NegativeInfinity)]
    public void One_number_that_is_none_makes_all_but_the_count_nan_in_any_order(double none)
    {
        Random random = Seed.Random(out int seed);
        for (int round = 0; round < 50; round++)
        {
            double[] numbers = [.. Enumerable.Range(0, 20).Select(_ => random.NextDouble() * 1e300), none, -none];
            random.Shuffle(numbers);
            MomentsState state = Merge(numbers, random);
            Assert.That((state.Count, state.Mean, state.Squares), Is.EqualTo((22L, double.NaN, double.NaN)), $"seed {seed}");
        }
    }

    [Test]
    public void Finite_numbers_never_give_nan_however_far_apart()
    {
        Random random = Seed.Random(out int seed);
        for (int round = 0; round < 300; round++)
        {
            double[] numbers = [.. Enumerable.Range(0, 20).Select(_ => (random.Next(2) == 0 ? 1 : -1) * double.MaxValue * (random.Next(2) == 0 ? 1 : random.NextDouble()))];
            MomentsState state = Merge(numbers, random);
            Assert.That(state.Squares, Is.EqualTo(double.PositiveInfinity), $"seed {seed}");
            Assert.That(double.IsFinite(state.Mean), $"seed {seed}, mean {state.Mean}");
        }
    }

    private static MomentsState Merge(double[] numbers, Random random) =>
        StateTree.Merge<MomentsState, double>(numbers, (ref s, n) => s.Add(n), random);
}
