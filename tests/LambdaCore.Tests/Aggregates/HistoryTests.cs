using LambdaCore.Aggregates;
using LambdaCore.Tests.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.Aggregates;

/// <summary>The first and last values by event time against sorting all of them.</summary>
[TestFixture]
internal sealed class HistoryTests
{
    [Test]
    public void The_first_and_last_values_are_those_of_a_sorted_list_over_any_tree_of_merges()
    {
        Random random = Seed.Random(out int seed);
        for (int round = 0; round < 200; round++)
        {
            int capacity = random.Next(1, 20);
            (long Time, long Position, int Value)[] events = [.. Enumerable.Range(0, random.Next(60)).Select(i => (random.NextInt64(-4, 4), (long)i, random.Next()))];
            int[] inOrder = [.. events.OrderBy(e => e.Time).ThenBy(e => e.Position).Select(e => e.Value)];
            random.Shuffle(events);
            Assert.That(Merge<Lowest>(events, capacity, random), Is.EqualTo(inOrder.Take(capacity)), $"first, seed {seed}, round {round}");
            Assert.That(Merge<Highest>(events, capacity, random), Is.EqualTo(inOrder.Reverse().Take(capacity)), $"last, seed {seed}, round {round}");
        }
    }

    private static int[] Merge<TEnd>((long Time, long Position, int Value)[] events, int capacity, Random random)
        where TEnd : IEnd
    {
        HistoryState<int, TEnd> state = StateTree.Merge<HistoryState<int, TEnd>, (long Time, long Position, int Value)>(
            events, (ref s, e) => s.Add(capacity, e.Value, new EventStamp(e.Time, e.Position).Order), random);
        return [.. Enumerable.Range(0, state.Count).Select(i => state[i])];
    }
}
