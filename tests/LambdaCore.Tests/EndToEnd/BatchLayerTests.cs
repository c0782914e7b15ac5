using LambdaCore.Batch;
using LambdaCore.DuckDb;
using LambdaCore.Serving;
using LambdaCore.Storage;
using LambdaCore.Tests.EndToEnd.Model;
using LambdaCore.Tables;
using LambdaCore.Tests.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd;

/// <summary>Batches that compute only what is new: what the layers hold together is what one computation over everything gives, to the byte.</summary>
[TestFixture]
internal sealed class BatchLayerTests
{
    /// <summary>The views, a few per store, so that each round costs one store and not one per view.</summary>
    public static IEnumerable<TestCaseData> Groups => ViewPool.All.Chunk(12).Select((views, i) => new TestCaseData(i).SetArgDisplayNames([.. views.Select(v => v.Name)]));

    [TestCaseSource(nameof(Groups))]
    public async Task Layers_merged_are_what_one_computation_over_all_events_gives(int group)
    {
        Random random = Seed.Random(out int seed);
        ModelView[] views = [.. ViewPool.All.Skip(group * 12).Take(12)];
        AnyEventSource source = new(random);
        List<AnyEvent> events = [];
        using InMemoryStorage disk = new();
        await using LambdaStore<AnyEvent> store = Open(disk, views);
        OpenStore<AnyEvent> parts = StoreInternals<AnyEvent>.Of(store);
        for (int run = 0; run < 12; run++)
        {
            AnyEvent[] some = source.Next(random.Next(5) == 0 ? 0 : random.Next(1, 60));
            await store.AppendAsync(some);
            LogPosition start = parts.Views[0].Snapshot.End;
            BatchRun done = await store.RunBatchAsync();
            events.AddRange(some);
            Assert.That(done.Views.Where(v => !v.Range.IsEmpty).All(v => v.Range == new LogRange(start, done.End)), Is.True, $"seed {seed}, run {run}");
            Dictionary<string, long> ends = views.ToDictionary(v => v.Name, _ => done.End.Value);
            foreach (ModelView view in views)
            {
                await CheckAsync(view, new StoreMoment(store, ModelLog.Of(events), ends, source, JudgedTimes.ByDefault(events)), $"seed {seed}, run {run}");
                ServingSnapshot snapshot = parts.ViewsByName[view.Name].Snapshot;
                long largest = snapshot.Batches.Select(b => b.Lookup.Count).DefaultIfEmpty().Max();
                Assert.That(snapshot.Batches, Has.Count.LessThanOrEqualTo(MergePlan.MostLayers(largest)), $"seed {seed}, run {run}, {view.Name}");
            }
        }

        foreach (ServedView<AnyEvent> view in parts.Views)
        {
            BatchView merged = view.Batch.Merge([], view.Snapshot.Batches, ProgressReporter.None, CancellationToken.None);
            view.Replace([merged]);
        }

        Dictionary<string, (List<string> Lookup, List<string> Parquet)> incremental = parts.Views.ToDictionary(v => v.Plan.Name, v => Dump(parts, disk, v));
        BatchRun full = await store.RunBatchAsync(BatchMode.Full);
        Assert.That(full.Views.Select(v => (v.Name, v.Range, v.Layers)), Is.EqualTo(views.Select(v => (v.Name, new LogRange(LogPosition.Zero, full.End), 1))));
        foreach (ServedView<AnyEvent> view in parts.Views.Where(v => !v.Plan.Aggregates.Any(a => a.Function.IsOrderDependent)))
        {
            (List<string> lookup, List<string> parquet) = Dump(parts, disk, view);
            Assert.That(incremental[view.Plan.Name].Lookup, Is.EqualTo(lookup), $"seed {seed}, lookup file of {view.Plan.Name}");
            Assert.That(incremental[view.Plan.Name].Parquet, Is.EqualTo(parquet), $"seed {seed}, Parquet file of {view.Plan.Name}");
        }

        foreach (ModelView view in views)
        {
            await CheckAsync(view, new StoreMoment(store, ModelLog.Of(events), views.ToDictionary(v => v.Name, _ => full.End.Value), source, JudgedTimes.ByDefault(events)), $"seed {seed}, after a full batch");
        }
    }

    [Test]
    public async Task A_run_without_new_events_changes_nothing_and_a_full_one_computes_all_the_same()
    {
        using InMemoryStorage disk = new();
        await using LambdaStore<Purchase> store = Purchase.Open(disk);
        Assert.That((await store.RunBatchAsync()).Views, Is.Empty, "There is no event.");
        Assert.That((await store.RunBatchAsync(BatchMode.Full)).Views, Is.Empty, "There is no event.");
        await store.AppendAsync(Purchase.Of("a"));
        await store.RunBatchAsync();
        Assert.That((await store.RunBatchAsync()).Views, Is.Empty);
        BatchRun full = await store.RunBatchAsync(BatchMode.Full);
        Assert.That(full.Views.Select(v => (v.Range.Count, v.Keys, v.Layers, v.MergedLayers)), Is.EqualTo(new[] { (1L, 1L, 1, 0) }));
        Assert.That(full.ToString(), Does.StartWith("full batch to 1 "));
        Assert.That(() => store.RunBatchAsync((BatchMode)7), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("Incremental"));
    }

    [Test]
    public async Task A_run_reports_what_it_computed_and_merged()
    {
        using InMemoryStorage disk = new();
        await using LambdaStore<Purchase> store = Purchase.Open(disk);
        await AppendAsync(store, 0, 40);
        BatchRunView first = (await store.RunBatchAsync()).Views.Single();
        await AppendAsync(store, 40, 9);
        BatchRunView second = (await store.RunBatchAsync()).Views.Single();
        await AppendAsync(store, 49, 1);
        BatchRunView third = (await store.RunBatchAsync()).Views.Single();
        await AppendAsync(store, 50, 2);
        BatchRunView fourth = (await store.RunBatchAsync()).Views.Single();
        Assert.That(new[] { first, second, third, fourth }.Select(v => (v.Range.Count, v.Keys, v.Layers, v.MergedLayers)),
            Is.EqualTo(new[] { (40L, 40L, 1, 0), (9, 9, 2, 0), (1, 1, 3, 0), (2, 2, 1, 4) }));
        Assert.That(fourth.Bytes, Is.EqualTo(disk.List("views/by_product").Concat(disk.List("views/by_product/_lookup").Select(f => $"_lookup/{f}"))
            .Where(f => f.Contains($"{52:D20}", StringComparison.Ordinal)).Sum(f => disk.Length($"views/by_product/{f}"))), "The layer over the new events, and the merged one.");
        Assert.That(await Purchase.CountsAsync(store), Has.Count.EqualTo(52));
    }

    [Test]
    public async Task Files_that_were_merged_away_stay_until_the_next_run()
    {
        using InMemoryStorage disk = new();
        await using LambdaStore<Purchase> store = Purchase.Open(disk);
        await AppendAsync(store, 0, 4);
        await store.RunBatchAsync();
        await AppendAsync(store, 4, 4);
        await store.RunBatchAsync();
        Assert.That(Parquet(disk), Has.Count.EqualTo(3), "two layers, and what they were merged into");
        await AppendAsync(store, 8, 1);
        await store.RunBatchAsync();
        Assert.That(Parquet(disk), Has.Count.EqualTo(2), "the merged layer, and the new one");
    }

    private static List<string> Parquet(InMemoryStorage disk) => [.. disk.List("views/by_product").Where(f => f.EndsWith(".parquet", StringComparison.Ordinal))];

    private static async Task AppendAsync(LambdaStore<Purchase> store, int first, int count) =>
        await store.AppendAsync(Enumerable.Range(first, count).Select(i => Purchase.Of($"p{i}", i)).ToArray());

    /// <summary>Every row of a view that has one layer: as its lookup file has them, and as its Parquet file has them.</summary>
    private static (List<string> Lookup, List<string> Parquet) Dump(OpenStore<AnyEvent> parts, InMemoryStorage disk, ServedView<AnyEvent> view)
    {
        BatchView layer = view.Snapshot.Batches.Single();
        List<string> lookup = [];
        LookupFile.Enumerator rows = layer.Lookup.Scan(null, null);
        while (rows.MoveNext())
        {
            lookup.Add($"{Convert.ToHexString(rows.Key)} {Convert.ToHexString(rows.State)}");
        }

        List<string> parquet = [];
        using DuckDbConnection connection = parts.DuckDb.Connect();
        string path = disk.Materialise($"views/{ViewFolder.NameOf(view.Plan.Name)}/{layer.FileName}");
        using DuckDbResult result = connection.Query($"SELECT * FROM {Sql.Parquet([path])}");
        string columns = string.Join(", ", Enumerable.Range(0, result.ColumnCount).Select(i => $"{result.ColumnName(i)} {result.ColumnType(i)}"));
        parquet.Add(columns);
        while (result.NextChunk())
        {
            for (int row = 0; row < result.RowCount; row++)
            {
                parquet.Add(string.Join(" | ", Enumerable.Range(0, result.ColumnCount).Select(i => Text(result.Column(i).Value(row)))));
            }
        }

        return (lookup, parquet);
    }

    private static string Text(object? value) => value switch
    {
        null => "NULL",
        byte[] bytes => Convert.ToHexString(bytes),
        double.NaN or float.NaN => "NaN",
        double number => $"{BitConverter.DoubleToInt64Bits(number):X}",
        float number => $"{BitConverter.SingleToInt32Bits(number):X}",
        _ => $"{value}",
    };

    private static async Task CheckAsync(ModelView view, StoreMoment moment, string where)
    {
        try
        {
            await view.CheckAllAsync(moment);
        }
        catch (ModelViolationException violation)
        {
            Assert.Fail($"{where}: {violation.Message}");
        }
    }

    private static LambdaStore<AnyEvent> Open(InMemoryStorage storage, IEnumerable<ModelView> views)
    {
        LambdaStoreOptions<AnyEvent> options = new() { Durability = Durability.Buffered, BatchThreads = 1, SegmentEvents = 70 };
        options.EventTime(e => e.At);
        foreach (ModelView view in views)
        {
            options.AddView(view.Definition);
        }

        return StoreOpening.Open("memory", storage, options);
    }
}
