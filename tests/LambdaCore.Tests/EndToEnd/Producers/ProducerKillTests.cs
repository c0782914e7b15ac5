using LambdaCore.CrashHost;
using LambdaCore.Tests.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd.Producers;

/// <summary>
/// kill -9 at random moments of a real process whose sources start again from what the store tells them, less some events that they repeat, while segments are
/// sealed and batches run: the log has each event of each source once, in order, up to the sequence that it says.
/// </summary>
/// <remarks>LAMBDACORE_KILLS says how many.</remarks>
[TestFixture]
[Platform("Unix")]
internal sealed class ProducerKillTests
{
    private const int KillsPerFolder = 10;
    private const int Sources = 4;

    [TestCase(20)]
    public async Task Sources_of_a_killed_process_go_on_where_the_store_says_and_each_event_is_there_once(int kills)
    {
        kills = int.TryParse(Environment.GetEnvironmentVariable("LAMBDACORE_KILLS"), out int given) ? given : kills;
        Random random = Seed.Random(out _);
        int[] seeds = [.. Enumerable.Range(0, (kills + KillsPerFolder - 1) / KillsPerFolder).Select(_ => random.Next())];
        int acknowledged = 0;
        int repeated = 0;
        await Parallel.ForEachAsync(seeds, new ParallelOptions { MaxDegreeOfParallelism = 2 }, async (seed, _) =>
        {
            string folder = Directory.CreateTempSubdirectory("lambdacore-kill-").FullName;
            try
            {
                List<Acknowledgement> all = [];
                Random lengths = new(seed);
                for (int life = 0; life < Math.Min(KillsPerFolder, kills); life++)
                {
                    TimeSpan length = TimeSpan.FromMilliseconds(Math.Pow(10, 1 + (lengths.NextDouble() * 2)));
                    all.AddRange(await KilledProcess.RunAsync(folder, 0, Sources, length, "repeats"));
                    await CheckAsync(folder, all);
                }

                Interlocked.Add(ref acknowledged, all.Count);
                Interlocked.Add(ref repeated, all.Count(a => a.Count == 0));
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        });
        await TestContext.Out.WriteLineAsync($"{kills} kills, {acknowledged} acknowledgements, {repeated} of them of repeated events only");
        Assert.That(acknowledged, Is.GreaterThan(kills));
        Assert.That(repeated, Is.GreaterThan(0));
    }

    private static async Task CheckAsync(string folder, List<Acknowledgement> acknowledged)
    {
        await using LambdaStore<NumberedEvent> store = await LambdaStore.OpenAsync<NumberedEvent>(folder, NumberedViews.Configure);
        ViewAnswer<int, ProducerTotals> totals = await store.Query(NumberedViews.ByProducer).ExecuteAsync();
        await StoreInternals<NumberedEvent>.Of(store).Log.SealAsync(store.Position, CancellationToken.None);
        List<(int Producer, long Number, string Text)> events = KillTests.MasterDataset(store);
        Assert.That(events, Has.Count.EqualTo(store.Position.Value));
        for (int source = 0; source < Sources; source++)
        {
            long count = (store.CreateProducer(RepeatingSource.NameOf(source)).LastSequence ?? -1) + 1;
            Assert.That(events.Where(e => e.Producer == source).Select(e => e.Number), Is.EqualTo(Enumerable.Range(0, (int)count).Select(i => (long)i)), $"The events of source {source} are not there once each, in order.");
            Assert.That(acknowledged.Where(a => a.Producer == source).Select(a => a.Number).DefaultIfEmpty(-1).Max(), Is.LessThan(count), $"An acknowledged event of source {source} is lost.");
            Assert.That(totals.Rows.SingleOrDefault(r => r.Key == source)?.Result.Count ?? 0, Is.EqualTo(count), $"The view has another number of events of source {source}.");
        }
    }
}
