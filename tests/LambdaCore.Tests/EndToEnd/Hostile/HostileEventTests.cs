using LambdaCore.Storage;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd.Hostile;

/// <summary>Events that are too large, that throw, that are null, or that change under way: refused by name, or harmless; and never anybody else's affair.</summary>
[TestFixture]
internal sealed class HostileEventTests
{
    private const int SmallMemory = 16 << 20;
    private const int Limit = SmallMemory / 16;

    private static readonly ViewDefinition<Document, string, DocumentState> ByKey = View.Of<Document>("by_key").GroupBy(e => e.Key)
        .Select(g => new DocumentState(g.Count(), g.Latest(e => e.Text), g.Latest(e => e.Content)));

    private static readonly ViewDefinition<Trap, int, long> ByNumber = View.Of<Trap>("by_number").GroupBy(e => e.Number).Select(g => g.Count());

    [TestCase("Key")]
    [TestCase("Text")]
    [TestCase("Content")]
    public async Task An_event_of_the_largest_size_goes_through_everything_and_a_larger_one_is_refused_by_its_property(string property)
    {
        string folder = Directory.CreateTempSubdirectory("lambdacore-large-").FullName;
        try
        {
            Document largest = Of(property, Limit - 100);
            await using (LambdaStore<Document> store = await OpenAsync(folder))
            {
                await store.AppendAsync(Of("", 0) with { Key = "small" });
                Assert.That(
                    async () => await store.AppendAsync(Of(property, Limit + 1)),
                    Throws.ArgumentException.With.Message.Contains($"Document.{property} takes 1,048,5").And.Message.Contains("1,048,576 at most").And.Message.Contains("BatchMemoryBytes"));
                Assert.That(
                    async () => await store.AppendAsync(new[] { Of("", 0) with { Key = "other" }, Of(property, 100 << 20), Of("", 0) with { Key = "other" } }),
                    Throws.ArgumentException.With.Message.Contains($"Document.{property}"));
                Assert.That(store.Position.Value, Is.EqualTo(1), "none of the batch");
                await store.AppendAsync(largest);
                await CheckAsync(store, "from the speed layer");
            }

            await using (LambdaStore<Document> store = await OpenAsync(folder))
            {
                await CheckAsync(store, "replayed");
                await store.RunBatchAsync();
                await CheckAsync(store, "from the batch layer");
                Assert.That((await store.CorrectAsync(e => e.Key == "small", s => s.Set(e => e.Text, "corrected"), "x")).Events, Is.EqualTo(1));
                await store.RunBatchAsync(BatchMode.Full);
                await CheckAsync(store, "computed anew");
                Assert.That((await store.EraseAsync(e => e.Key == largest.Key, "x")).Events, Is.EqualTo(1));
            }

            async Task CheckAsync(LambdaStore<Document> store, string when)
            {
                ViewEntry<string, DocumentState>? found = await store.GetAsync(ByKey, largest.Key);
                Assert.That(found?.Result.Text.Length, Is.EqualTo(largest.Text.Length), when);
                Assert.That(found!.Result.Content.AsSpan().SequenceEqual(largest.Content), Is.True, when);
                Assert.That((await store.Query(ByKey).ExecuteAsync()).Rows, Has.Count.EqualTo(2), when);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Test]
    public async Task A_hundred_megabytes_are_refused_by_a_store_with_all_the_memory_too()
    {
        using InMemoryStorage disk = new();
        LambdaStoreOptions<Document> options = new();
        options.EventTime(e => e.At).AddView(ByKey);
        await using LambdaStore<Document> store = StoreOpening.Open("memory", disk, options);
        Assert.That(async () => await store.AppendAsync(Of("Text", 100 << 20)), Throws.ArgumentException.With.Message.Contains("Document.Text takes 104,857,604 bytes").And.Message.Contains("Nothing was appended"));
        Assert.That(store.Position.Value, Is.Zero);
        await store.AppendAsync(Of("Text", 10));
        Assert.That((await store.Query(ByKey).ExecuteAsync()).Rows, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task An_event_whose_property_throws_is_refused_by_its_name_and_takes_nothing_with_it()
    {
        using InMemoryStorage disk = new();
        await using LambdaStore<Trap> store = Open(disk);
        await store.AppendAsync(new Trap { Number = 1 });
        Trap bad = new() { Number = 2, Thrown = new InvalidOperationException("The getter is broken.") };
        Assert.That(async () => await store.AppendAsync(bad), Throws.ArgumentException.With.Message.Contains("Trap.Text cannot be stored: The getter is broken.").And.Message.Contains("Nothing was appended"));
        Assert.That(async () => await store.AppendAsync(new[] { new Trap { Number = 3 }, bad }), Throws.ArgumentException.With.Message.Contains("Trap.Text"));
        Assert.That(async () => await store.AppendAsync(new[] { new Trap { Number = 3 }, null! }), Throws.InstanceOf<ArgumentException>().With.Message.Contains("null"));
        Assert.That(async () => await store.AppendAsync((Trap)null!), Throws.InstanceOf<ArgumentException>().With.Message.Contains("null"));
        await store.AppendAsync(new Trap { Number = 4 });
        Assert.That((await store.Query(ByNumber).ExecuteAsync()).Rows.Select(r => r.Key), Is.EqualTo(new[] { 1, 4 }));
    }

    [Test]
    public async Task A_caller_who_changes_his_array_under_way_changes_nothing_in_the_store()
    {
        using InMemoryStorage disk = new();
        await using (LambdaStore<Trap> store = Open(disk))
        {
            Random random = new(LambdaCore.Tests.Speed.Seeds.Next());
            Task<LogRange>[] appends = [.. Enumerable.Range(0, 200).Select(round =>
            {
                Trap[] events = [.. Enumerable.Range(0, 10).Select(i => new Trap { Number = i })];
                Task<LogRange> append = store.AppendAsync(events).AsTask();
                if (random.Next(2) == 0)
                {
                    Array.Clear(events);
                }
                else
                {
                    Array.Fill(events, new Trap { Number = 99, Thrown = new InvalidOperationException() });
                }

                return append;
            })];
            await Task.WhenAll(appends);
            await CheckAsync(store);
            await store.RunBatchAsync();
            await CheckAsync(store);
        }

        async Task CheckAsync(LambdaStore<Trap> store) =>
            Assert.That((await store.Query(ByNumber).ExecuteAsync()).Rows.Select(r => (r.Key, r.Result)), Is.EqualTo(Enumerable.Range(0, 10).Select(i => (i, 200L))));
    }

    [Test]
    public void A_type_that_holds_other_things_than_values_is_refused_by_its_property()
    {
        Assert.That(
            async () => await LambdaStore.OpenAsync<Basket>(Path.Combine(Path.GetTempPath(), "lambdacore-never"), o => o.EventTime(e => e.At)),
            Throws.ArgumentException.With.Message.Contains("Basket.Items"));
        Assert.That(Directory.Exists(Path.Combine(Path.GetTempPath(), "lambdacore-never")), Is.False);
    }

    private static Document Of(string property, int size) => new(
        DateTimeOffset.UnixEpoch,
        property == "Key" ? new string('k', size) : "key",
        property == "Text" ? new string('t', size) : "text",
        property == "Content" ? [.. Enumerable.Repeat((byte)7, size)] : []);

    private static Task<LambdaStore<Document>> OpenAsync(string folder) => LambdaStore.OpenAsync<Document>(folder, o =>
    {
        o.EventTime(e => e.At).AddView(ByKey);
        o.BatchMemoryBytes = SmallMemory;
        o.SpeedMemoryBytes = 16 << 20;
    });

    private static LambdaStore<Trap> Open(InMemoryStorage disk)
    {
        LambdaStoreOptions<Trap> options = new() { BatchThreads = 1 };
        options.EventTime(e => e.At).AddView(ByNumber);
        options.Validate();
        return StoreOpening.Open("memory", disk, options);
    }

    internal sealed record Document(DateTimeOffset At, string Key, string Text, byte[] Content);

    internal readonly record struct DocumentState(long Count, string Text, byte[] Content);

    internal sealed class Trap
    {
        private string _text = "";

        public DateTimeOffset At { get; set; } = DateTimeOffset.UnixEpoch;

        public int Number { get; set; }

        public string Text
        {
            get => Thrown is null ? _text : throw Thrown;
            set => _text = value;
        }

        internal Exception? Thrown { get; init; }
    }

    internal sealed record Basket(DateTimeOffset At, IEnumerable<string> Items);
}
