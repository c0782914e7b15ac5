using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd;

/// <summary>What opening a store refuses, and what it mends.</summary>
[TestFixture]
internal sealed class OpeningTests
{
    private string _folder = "";

    [SetUp]
    public void CreateFolder() => _folder = Directory.CreateTempSubdirectory("lambdacore-opening-").FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public async Task A_folder_serves_one_open_store_at_a_time()
    {
        await using (await OpenAsync())
        {
            Assert.That(OpenAsync, Throws.InstanceOf<StoreLockedException>().With.Message.Contains("this process"));
        }

        await using LambdaStore<Purchase> again = await OpenAsync();
        Assert.That(again.Position, Is.EqualTo(LogPosition.Zero));
    }

    [TestCase("a*b")]
    [TestCase("a?b")]
    [TestCase("a[b]c")]
    public void A_folder_whose_name_is_a_pattern_to_DuckDB_is_refused(string name)
    {
        string folder = Path.Combine(_folder, name);
        Assert.That(
            () => LambdaStore.OpenAsync<Purchase>(folder, o => o.EventTime(e => e.At).AddView(Purchase.ByProduct)),
            Throws.ArgumentException.With.Message.Contains(name));
        Assert.That(Directory.Exists(folder), Is.False);
    }

    [Test]
    public async Task A_speed_view_that_was_loaded_from_segments_says_how_old_it_is()
    {
        await using (LambdaStore<Purchase> store = await OpenAsync())
        {
            await store.AppendAsync(Purchase.Of("a"));
            await store.RunBatchAsync();
        }

        Directory.Delete(Path.Combine(_folder, "views"), recursive: true);
        await using LambdaStore<Purchase> again = await OpenAsync();
        ViewEntry<string, long>? entry = await again.GetAsync(Purchase.ByProduct, "a");
        Assert.That(entry!.Receipt.Source, Is.EqualTo(AnswerSource.Speed));
        Assert.That(entry.Receipt.Layers[^1].Staleness, Is.Not.Null.And.GreaterThanOrEqualTo(TimeSpan.Zero));
    }

    private static readonly (Action<LambdaStoreOptions<Purchase>> Configure, string Says)[] BadOptions =
    [
        (o => o.QueueCapacity = 0, "QueueCapacity"),
        (o => o.SegmentEvents = 0, "SegmentEvents"),
        (o => o.SpeedMemoryBytes = 1, "SpeedMemoryBytes"),
        (o => o.BatchMemoryBytes = 1, "BatchMemoryBytes"),
        (o => o.BatchThreads = 0, "BatchThreads"),
        (o => o.Durability = (Durability)77, "Durability"),
        (o => o.Backpressure = (Backpressure)77, "Backpressure"),
        (o => o.TimeProvider = null!, "TimeProvider"),
        (o => o.LoggerFactory = null!, "LoggerFactory"),
        (o => o.EventTime(e => e.Product), "Product"),
        (o => o.EventTime(e => e.At.AddDays(1)), "event time"),
        (o => o.AddView(Purchase.ByProduct), "by_product"),
        (o => o.AddView(View.Of<Purchase>("BY_PRODUCT").GroupBy(e => e.Product).Select(g => g.Count())), "BY_PRODUCT"),
        (o => o.AddView(null!), "view"),
    ];

    [TestCaseSource(nameof(BadOptions))]
    public void An_option_out_of_its_range_is_refused_by_name((Action<LambdaStoreOptions<Purchase>> Configure, string Says) it)
    {
        Assert.That(
            () => LambdaStore.OpenAsync<Purchase>(_folder, o =>
            {
                o.EventTime(e => e.At).AddView(Purchase.ByProduct);
                it.Configure(o);
            }),
            Throws.InstanceOf<ArgumentException>().With.Message.Contains(it.Says));
        Assert.That(Directory.EnumerateFileSystemEntries(_folder), Is.Empty);
    }

    [Test]
    public void A_store_needs_a_folder_a_configuration_and_an_event_time()
    {
        Assert.That(() => LambdaStore.OpenAsync<Purchase>(" ", _ => { }), Throws.InstanceOf<ArgumentException>());
        Assert.That(() => LambdaStore.OpenAsync<Purchase>(_folder, null!), Throws.ArgumentNullException);
        Assert.That(() => LambdaStore.OpenAsync<Purchase>(_folder, _ => { }), Throws.ArgumentException.With.Message.Contains("EventTime("));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Events_of_another_shape_are_refused_with_a_word_on_the_difference(bool isSealed)
    {
        await FillAsync(batch: isSealed);

        Assert.That(
            () => LambdaStore.OpenAsync<Receipted>(_folder, o => o.EventTime(e => e.At)),
            Throws.InstanceOf<LambdaCoreException>().With.Message.Contains("Price").And.Message.Contains("Amount"));
        await using LambdaStore<Purchase> store = await OpenAsync();
        Assert.That(await Purchase.CountsAsync(store), Has.Count.EqualTo(10), "The refusal has changed nothing.");
    }

    [Test]
    public async Task A_view_whose_definition_has_changed_answers_by_the_new_one()
    {
        await FillAsync(batch: true);
        ViewDefinition<Purchase, DateTimeOffset, decimal> changed = View.Of<Purchase>("by_product").GroupBy(e => Window.Hour(e.At)).Select(g => g.Sum(e => e.Price));

        for (int i = 0; i < 2; i++)
        {
            await using LambdaStore<Purchase> store = await LambdaStore.OpenAsync<Purchase>(_folder, o => o.EventTime(e => e.At).AddView(changed));
            ViewAnswer<DateTimeOffset, decimal> answer = await store.Query(changed).ExecuteAsync();
            Assert.That(answer.Rows.Select(r => (r.Key.Hour, r.Result)), Is.EqualTo(new[] { (0, 90m), (1, 60m) }));
            Assert.That(answer.Receipt.BatchEnd.Value, Is.EqualTo(i * 100));
            await store.RunBatchAsync();
        }

        await using LambdaStore<Purchase> back = await OpenAsync();
        Assert.That(await Purchase.CountsAsync(back), Has.Count.EqualTo(10).And.All.Matches<KeyValuePair<string, long>>(p => p.Value == 10));
    }

    [Test]
    public async Task A_damaged_segment_is_refused_by_name_and_never_answered_from()
    {
        await FillAsync(batch: true);
        string segment = Directory.GetFiles(Path.Combine(_folder, "log"), "*.parquet").Single();
        Damage(segment);

        await using (LambdaStore<Purchase> store = await OpenAsync())
        {
            Assert.That(await Purchase.CountsAsync(store), Has.Count.EqualTo(10), "The batch view has no need of the segment.");
            await store.AppendAsync(Purchase.Of("more"));
            Assert.That((await store.RunBatchAsync()).Views.Single().Range.Count, Is.EqualTo(1), "Nor has a batch over what came since.");
            Assert.That(async () => await store.RunBatchAsync(BatchMode.Full), Throws.InstanceOf<LogCorruptException>().With.Message.Contains(Path.GetFileName(segment)));
            Assert.That(await Purchase.CountsAsync(store), Has.Count.EqualTo(11), "The view answers as before.");
        }

        Directory.Delete(Path.Combine(_folder, "views"), recursive: true);
        Assert.That(OpenAsync, Throws.InstanceOf<LogCorruptException>().With.Message.Contains(Path.GetFileName(segment)));
        File.Delete(segment);
        Assert.That(OpenAsync, Throws.InstanceOf<LambdaCoreException>().With.Message.Contains(Path.GetFileName(segment)));
    }

    [TestCase("_lookup", "*.lookup")]
    [TestCase("", "*.parquet")]
    [TestCase("_delta_log", "*.json")]
    public async Task A_batch_view_that_is_damaged_anywhere_does_not_change_an_answer(string part, string pattern)
    {
        await FillAsync(batch: true);
        foreach (int step in new[] { 1, 2, 3 })
        {
            foreach (string file in Directory.GetFiles(Path.Combine(_folder, "views", "by_product", part), pattern))
            {
                Damage(file, step);
            }

            await using LambdaStore<Purchase> store = await OpenAsync();
            Assert.That(await Purchase.CountsAsync(store), Has.Count.EqualTo(10).And.All.Matches<KeyValuePair<string, long>>(p => p.Value == 10));
            Assert.That((await store.GetAsync(Purchase.ByProduct, "p7"))!.Result, Is.EqualTo(10));
            await store.RunBatchAsync();
            Assert.That(await Purchase.CountsAsync(store), Has.Count.EqualTo(10).And.All.Matches<KeyValuePair<string, long>>(p => p.Value == 10));
        }
    }

    private Task<LambdaStore<Purchase>> OpenAsync() =>
        LambdaStore.OpenAsync<Purchase>(_folder, o => o.EventTime(e => e.At).AddView(Purchase.ByProduct));

    /// <summary>A store with a hundred purchases, one a minute, of ten products.</summary>
    private async Task FillAsync(bool batch)
    {
        await using LambdaStore<Purchase> store = await OpenAsync();
        await store.AppendAsync(Enumerable.Range(0, 100).Select(i => Purchase.Of($"p{i % 10}", i)).ToArray());
        if (batch)
        {
            await store.RunBatchAsync();
        }
    }

    private static void Damage(string file, int step = 2)
    {
        byte[] content = File.ReadAllBytes(file);
        content[content.Length * step / 4] ^= 0x55;
        File.WriteAllBytes(file, content);
    }

    private sealed record Receipted(DateTimeOffset At, string Product, decimal Amount, DateTime Paid, string? Note);
}
