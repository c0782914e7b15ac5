using LambdaCore.CrashHost;
using LambdaCore.DuckDb;
using LambdaCore.Log;
using LambdaCore.Tests.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd;

/// <summary>
/// kill -9 at random moments of a real process that appends with <see cref="Durability.Fsync"/> while segments are sealed and batches
/// run: no acknowledged event is lost, none is invented, the order is kept, and the views are the fold of what is there.
/// </summary>
[TestFixture]
[Platform("Unix")]
internal sealed class KillTests
{
    private const int Chains = 2;
    private const int KillsPerFolder = 10;
    private const int Producers = 4;

    [TestCase(100)]
    public async Task A_killed_process_loses_nothing_that_it_acknowledged(int kills)
    {
        Random random = Seed.Random(out int seed);
        int[] seeds = [.. Enumerable.Range(0, kills / KillsPerFolder).Select(_ => random.Next())];
        int acknowledged = 0;
        await Parallel.ForEachAsync(seeds, new ParallelOptions { MaxDegreeOfParallelism = Chains }, async (chain, _) =>
            Interlocked.Add(ref acknowledged, await KillAgainAndAgainAsync(new Random(chain))));
        await TestContext.Out.WriteLineAsync($"{kills} kills, {acknowledged} acknowledgements");
        Assert.That(acknowledged, Is.GreaterThan(kills));
    }

    /// <summary>Kills one store's processes one after another.</summary>
    /// <returns>How many appends were acknowledged.</returns>
    private static async Task<int> KillAgainAndAgainAsync(Random random)
    {
        string folder = Directory.CreateTempSubdirectory("lambdacore-kill-").FullName;
        try
        {
            List<Acknowledgement> acknowledged = [];
            for (int life = 0; life < KillsPerFolder; life++)
            {
                TimeSpan length = TimeSpan.FromMilliseconds(Math.Pow(10, 1 + (random.NextDouble() * 2)));
                acknowledged.AddRange(await KilledProcess.RunAsync(folder, life * Producers, Producers, length));
                await CheckAsync(folder, acknowledged);
            }

            return acknowledged.Count;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task CheckAsync(string folder, List<Acknowledgement> acknowledged)
    {
        await using LambdaStore<NumberedEvent> store = await LambdaStore.OpenAsync<NumberedEvent>(folder, NumberedViews.Configure);
        ViewAnswer<int, ProducerTotals> totals = await store.Query(NumberedViews.ByProducer).ExecuteAsync();
        ViewAnswer<long, long> numbers = await store.Query(NumberedViews.ByNumber).ExecuteAsync();
        await StoreInternals<NumberedEvent>.Of(store).Log.SealAsync(store.Position, CancellationToken.None);
        List<(int Producer, long Number, string Text)> events = MasterDataset(store);

        Assert.That(events, Has.Count.EqualTo(store.Position.Value), "The log's end is not the number of its events.");
        foreach (Acknowledgement one in acknowledged)
        {
            Assert.That(one.Position + one.Count, Is.LessThanOrEqualTo(events.Count), $"{one} was acknowledged and is lost.");
            Assert.That(
                events.GetRange((int)one.Position, one.Count).Select(e => (e.Producer, e.Number)),
                Is.EqualTo(Enumerable.Range(0, one.Count).Select(i => (one.Producer, one.Number + i))), $"{one} is not where it was acknowledged.");
        }

        foreach (IGrouping<int, (int Producer, long Number, string Text)> own in events.GroupBy(e => e.Producer))
        {
            Assert.That(own.Select(e => e.Number), Is.EqualTo(Enumerable.Range(0, own.Count()).Select(i => (long)i)), $"The events of producer {own.Key} are not in his order.");
            Assert.That(own.Where(e => e.Text != NumberedEvent.TextOf(e.Producer, e.Number)), Is.Empty, "An event is not as it was appended.");
            Assert.That(EndsOfAppends(own.Key, own.Count()), Does.Contain(own.Count()), $"The last append of producer {own.Key} is there in part.");
        }

        Assert.That(
            totals.Rows.Select(r => (r.Key, r.Result.Count, r.Result.First, r.Result.Last, r.Result.Sum)),
            Is.EqualTo(events.GroupBy(e => e.Producer).OrderBy(g => g.Key).Select(g => (g.Key, (long)g.Count(), 0L, g.Count() - 1L, g.Sum(e => e.Number)))));
        Assert.That(
            numbers.Rows.Select(r => (r.Key, r.Result)),
            Is.EqualTo(events.GroupBy(e => e.Number).OrderBy(g => g.Key).Select(g => (g.Key, (long)g.Count()))));
        Assert.That(totals.Receipt.Position, Is.EqualTo(store.Position));
    }

    /// <summary>Reads all sealed events in the order of the log.</summary>
    internal static List<(int Producer, long Number, string Text)> MasterDataset(LambdaStore<NumberedEvent> store)
    {
        List<(int, long, string)> events = [];
        OpenStore<NumberedEvent> parts = StoreInternals<NumberedEvent>.Of(store);
        if (store.Position == LogPosition.Zero)
        {
            return events;
        }

        using MaterialisedSegments held = parts.Log.Segments(new LogRange(LogPosition.Zero, store.Position));
        using DuckDbConnection connection = parts.DuckDb.Connect();
        using DuckDbResult result = connection.Query($"""SELECT "Producer", "Number", "Text" FROM {held.Source} ORDER BY _position""");
        while (result.NextChunk())
        {
            for (int row = 0; row < result.RowCount; row++)
            {
                events.Add(((int)result.Column(0).Value(row)!, (long)result.Column(1).Value(row)!, (string)result.Column(2).Value(row)!));
            }
        }

        return events;
    }

    /// <summary>Where the appends of a producer end, up to and beyond a number of events.</summary>
    private static List<int> EndsOfAppends(int producer, int events)
    {
        List<int> ends = [];
        int end = 0;
        foreach (int size in AppendSizes.Of(producer))
        {
            ends.Add(end += size);
            if (end >= events)
            {
                break;
            }
        }

        return ends;
    }
}
