using LambdaCore.Aggregates;
using LambdaCore.Tests.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.Aggregates;

/// <summary>The most frequent values against exact counts.</summary>
[TestFixture]
internal sealed class TopTests
{
    [Test]
    public void Up_to_the_capacity_counts_are_exact_and_without_error()
    {
        Random random = Seed.Random(out int seed);
        for (int round = 0; round < 50; round++)
        {
            (string Value, long Position)[] events = Events(random, random.Next(1, 64), 1.1, random.Next(2000));
            TopState<string> state = Merge(events, 64, random);
            TopItem<string>[] expected = [.. events.GroupBy(e => e.Value).Select(g => new TopItem<string>(g.Key, g.Count(), 0))
                .OrderByDescending(i => i.Count).ThenBy(i => i.Value, StringComparer.Ordinal).Take(10)];
            Assert.That(state.IsExact);
            Assert.That(state.Top(10), Is.EqualTo(expected), $"seed {seed}, round {round}");
        }
    }

    [Test]
    public void Bytes_are_the_same_whatever_the_tree_of_merges_below_and_beyond_the_capacity()
    {
        Random random = Seed.Random(out int seed);
        for (int round = 0; round < 100; round++)
        {
            (string Value, long Position)[] events = Events(random, round % 4 == 0 ? 17 : random.Next(1, 300), random.NextDouble() * 2, random.Next(1000));
            TopState<string> whole = default;
            foreach ((string value, long position) in events)
            {
                whole.Add(16, value, position);
            }

            random.Shuffle(events);
            byte[] tree = StateTree.Write(Merge(events, 16, random));
            Assert.That(tree, Is.EqualTo(StateTree.Write(in whole)), $"seed {seed}, round {round}");
            Assert.That(StateTree.Write(StateTree.Read<TopState<string>>(tree)), Is.EqualTo(tree), $"seed {seed}, round {round}");
        }
    }

    [Test]
    public void Beyond_the_capacity_no_count_is_too_low_and_few_are_too_high_by_more_than_the_error([Values(0.5, 1.0, 1.5)] double skew)
    {
        // The bounds are statistical, so the seed is fixed: 0.7 % of the values may be off by more than the error.
        const int Capacity = 256;
        Random random = new(5);
        int wrong = 0;
        int asked = 0;
        for (int round = 0; round < 20; round++)
        {
            (string Value, long Position)[] events = Events(random, 20_000, skew, 30_000);
            TopState<string> state = Merge(events, Capacity, random);
            Dictionary<string, long> exact = events.GroupBy(e => e.Value).ToDictionary(g => g.Key, g => (long)g.Count());
            TopItem<string>[] top = state.Top(Capacity);
            Assert.That(state.IsExact, Is.False);
            Assert.That(top, Has.Length.EqualTo(Capacity));
            Assert.That(top.All(i => i.Count >= exact[i.Value]), "no count is too low");
            Assert.That(top.All(i => i.Error <= Math.Ceiling(Math.E / 512 * events.Length)), "the error is e / (2 * capacity) of all events, rounded up");
            asked += top.Length;
            wrong += top.Count(i => i.Count - exact[i.Value] > i.Error);
        }

        TestContext.Out.WriteLine($"skew {skew}: {wrong} of {asked} counts beyond the error, {Math.Exp(-CountMin.Depth) * asked:F0} would be allowed");
        Assert.That(wrong, Is.LessThanOrEqualTo(Math.Exp(-CountMin.Depth) * asked));
    }

    [Test]
    public void A_value_with_a_fair_share_of_the_events_is_missed_as_rarely_as_promised()
    {
        // A share of p = 1 / 32 at a capacity of 64: missed with probability below exp(-2) = 13.5 %. The other values are all different, which is the worst case.
        Random random = new(6);
        const int Rounds = 400;
        int missed = 0;
        for (int round = 0; round < Rounds; round++)
        {
            TopState<int> state = default;
            long start = random.NextInt64(1L << 40);
            for (int i = 0; i < 3200; i++)
            {
                state.Add(64, i % 32 == 0 ? -1 : i, start + i);
            }

            missed += state.Top(64).Any(item => item.Value == -1) ? 0 : 1;
        }

        TestContext.Out.WriteLine($"missed {missed} of {Rounds}");
        Assert.That(missed / (double)Rounds, Is.EqualTo(Math.Exp(-2)).Within(0.05));
    }

    [Test]
    public void Memory_beyond_the_capacity_is_bounded_by_the_capacity()
    {
        TopState<long> state = default;
        for (int i = 0; i < 200_000; i++)
        {
            state.Add(100, i * 7L, i);
        }

        // 5 rows of 256 cells of at most 3 bytes, 100 values of 8 bytes with a rank of 8.
        Assert.That(StateTree.Write(in state), Has.Length.LessThanOrEqualTo((5 * 256 * 3) + (100 * 16) + 8));
        Assert.That(state.Count, Is.EqualTo(100));
    }

    private static TopState<string> Merge((string, long)[] events, int capacity, Random random) =>
        StateTree.Merge<TopState<string>, (string Value, long Position)>(events, (ref s, e) => s.Add(capacity, e.Value, e.Position), random);

    private static (string Value, long Position)[] Events(Random random, int distinct, double skew, int count)
    {
        double[] cumulative = new double[distinct];
        double sum = 0;
        for (int i = 0; i < distinct; i++)
        {
            cumulative[i] = sum += Math.Pow(i + 1, -skew);
        }

        long start = random.NextInt64(1L << 40);
        return [.. Enumerable.Range(0, count).Select(i =>
        {
            int at = Array.BinarySearch(cumulative, random.NextDouble() * sum);
            return ($"v{Math.Min(distinct - 1, at < 0 ? ~at : at)}", start + i);
        })];
    }
}
