using LambdaCore.Storage;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd.Hostile;

/// <summary>Names of views, properties and folders: any that can be is as good as any other; one that cannot be is refused; and none leads anywhere else.</summary>
[TestFixture]
internal sealed class HostileNameTests
{
    private static readonly string[] NoViewNames =
    [
        "", " ", "it's", "\"quoted\"", "a;b", "DROP TABLE x; --", "../../outside", "..", ".", "/etc/passwd", "a/b", "a\\b", "C:", "PRN.txt", "trailing.", "trailing ", " leading", "a\0b", "\n", "*", "?", "[x]", "%41", "%2e%2e", "~", "~41", "é", "e\u0301", "ß", "日本",
        "\U0001F600", "\u202E", "\uFEFFx", "_delta_log", "_lookup", "${x}", "{}", "-", "--", "'", "new\r\nline", "\u212A", "\uD800", "1st", new('v', 101), new('v', 300), "../scratch", "by_product/../../log",
    ];

    private static readonly string[] OddViewNames = ["select", "table", "null", "true", "con", "PRN", "aux", "nul", "COM1", "lpt9", "x--", "x_-_-", "log", "wal", "views", "scratch", "LOCK", "main", "temp", new('v', 100)];

    private static readonly string[] FolderNames = ["it's a \"store\"", "a;b", "$HOME", "ünï 😀", "trailing. ", "%2e%2e", "~", "-rf", "new\nline", "CON", "#x", "{a,b}", "'; DROP TABLE x; --", new('f', 200)];

    private string _folder = "";

    [SetUp]
    public void CreateFolder() => _folder = Directory.CreateTempSubdirectory("lambdacore-names-").FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public async Task Keywords_and_names_of_devices_are_names_of_views_like_others_and_their_files_lie_in_one_folder_each()
    {
        ViewDefinition<Purchase, string, long>[] views = [.. OddViewNames.Select(name => View.Of<Purchase>(name).GroupBy(e => e.Product).Select(g => g.Count()))];
        string folder = Path.Combine(_folder, "store");
        for (int round = 1; round <= 2; round++)
        {
            await using LambdaStore<Purchase> store = await LambdaStore.OpenAsync<Purchase>(folder, o =>
            {
                o.EventTime(e => e.At);
                o.BatchThreads = 1;
                foreach (ViewDefinition<Purchase, string, long> view in views)
                {
                    o.AddView(view);
                }
            });
            await store.AppendAsync(Purchase.Of("p"));
            await store.RunBatchAsync();
            foreach (ViewDefinition<Purchase, string, long> view in views)
            {
                ViewEntry<string, long>? entry = await store.GetAsync(view, "p");
                Assert.That((entry?.Result, entry?.Receipt.Source), Is.EqualTo(((long?)round, (AnswerSource?)AnswerSource.Batch)), view.Name);
            }
        }

        Assert.That(Directory.GetFileSystemEntries(_folder), Is.EqualTo(new[] { folder }));
        string[] folders = Directory.GetDirectories(Path.Combine(folder, "views"));
        Assert.That(folders, Has.Length.EqualTo(OddViewNames.Length));
        Assert.That(folders.All(d => Directory.GetFiles(d, "*.parquet").Length > 0), Is.True);
        Assert.That(folders.Select(Path.GetFileName), Has.None.Matches("^(?i:con|prn|aux|nul|com1|lpt9)$"), "Windows could not have them.");
    }

    [Test]
    public void A_view_cannot_have_a_name_that_is_not_plain()
    {
        foreach (string name in NoViewNames)
        {
            Assert.That(() => View.Of<Purchase>(name), Throws.InstanceOf<ViewDefinitionException>().Or.InstanceOf<ArgumentException>(), name);
        }
    }

    [Test]
    public async Task Whatever_name_is_dropped_or_said_to_be_a_former_one_nothing_else_is_touched()
    {
        string folder = Path.Combine(_folder, "store");
        File.WriteAllText(Path.Combine(_folder, "outside"), "keep");
        await using (LambdaStore<Purchase> store = await OpenAsync(null))
        {
            await store.AppendAsync(Purchase.Of("p"));
            await store.RunBatchAsync();
            string[] before = Entries();
            foreach (string name in NoViewNames)
            {
                try
                {
                    await store.DropViewAsync(name);
                }
                catch (ArgumentException)
                {
                }

                Assert.That(Entries(), Is.EqualTo(before), name);
            }
        }

        string[] closed = Entries();
        foreach (string name in NoViewNames)
        {
            try
            {
                await using LambdaStore<Purchase> store = await OpenAsync(name);
                Assert.That((await store.GetAsync(Purchase.ByProduct, "p"))?.Receipt.Source, Is.EqualTo(AnswerSource.Batch), name);
            }
            catch (ArgumentException)
            {
            }

            Assert.That(Entries(), Is.EqualTo(closed), name);
        }

        string[] Entries() => [.. Directory.GetFileSystemEntries(_folder, "*", SearchOption.AllDirectories).Where(e => !e.Contains("/wal/", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

        Task<LambdaStore<Purchase>> OpenAsync(string? formerName) => LambdaStore.OpenAsync<Purchase>(folder, o => o.EventTime(e => e.At).AddView(Purchase.ByProduct, formerName: formerName));
    }

    [Test]
    public async Task Properties_may_have_the_names_of_keywords_and_of_any_alphabet()
    {
        ViewDefinition<Odd, OddKey, OddState> view = View.Of<Odd>("odd").GroupBy(e => new OddKey(e.Select, e.From, e.Größe))
            .Select(g => new OddState(g.Count(), g.Sum(e => e.Where), g.Latest(e => e.@class), g.Max(e => e.日本), g.Sum(e => e.Order), g.Latest(e => e.Group), g.Min(e => e.ſ), g.Sum(e => e.AVeryLongName_AVeryLongName_AVeryLongName_AVeryLongName_AVeryLongName_AVeryLongName_AVeryLongName_AVeryLongName_AVeryLongName)));
        using InMemoryStorage disk = new();
        LambdaStoreOptions<Odd> options = new() { BatchThreads = 1 };
        options.EventTime(e => e.Table).AddView(view);
        options.Validate();
        await using LambdaStore<Odd> store = StoreOpening.Open("memory", disk, options);
        Odd[] events = [.. Enumerable.Range(0, 20).Select(i => new Odd(DateTimeOffset.UnixEpoch.AddHours(i), i % 2, $"f{i % 3}", i % 2 == 0, i, $"c{i}", i, i, $"g{i}", i, i))];
        await store.AppendAsync(events);
        OddState[] speed = [.. (await store.Query(view).ExecuteAsync()).Rows.Select(r => r.Result)];
        await store.RunBatchAsync();
        Assert.That((await store.Query(view).ExecuteAsync()).Rows.Select(r => r.Result), Is.EqualTo(speed));
        Assert.That((await store.AsOf(store.Position).Query(view).ExecuteAsync()).Rows.Select(r => r.Result), Is.EqualTo(speed));
        Assert.That((await store.CorrectAsync("\"Select\" = 1 AND \"From\" = 'f0' AND \"Größe\" = FALSE", "\"Where\" = \"Where\" + 100, \"class\" = 'x'", "sql")).Events, Is.EqualTo(3));
        Assert.That((await store.CorrectAsync(e => e.日本 < 3 && e.ſ >= 0, s => s.Set(e => e.Order, e => e.Order + 1), "typed")).Events, Is.EqualTo(3));
        ViewAnswer<OddKey, OddState> corrected = await store.Query(view).ExecuteAsync();
        Assert.That(corrected.Rows.Sum(r => r.Result.Where), Is.EqualTo(events.Sum(e => e.Where) + 300));
        Assert.That(corrected.Rows.Sum(r => r.Result.Order), Is.EqualTo(events.Sum(e => e.Order) + 3));
        await store.RunBatchAsync(BatchMode.Full);
        Assert.That((await store.Query(view).ExecuteAsync()).Rows.Select(r => r.Result), Is.EqualTo(corrected.Rows.Select(r => r.Result)));
    }

    [Test]
    public void Properties_whose_names_differ_in_case_only_are_refused() =>
        Assert.That(
            async () => await LambdaStore.OpenAsync<Twins>(Path.Combine(_folder, "never"), o => o.EventTime(e => e.At)),
            Throws.ArgumentException.With.Message.Contains("Twins.").And.Message.Contains("differ only in case"));

    [TestCaseSource(nameof(FolderNames))]
    public async Task A_store_may_live_in_a_folder_of_any_name_and_be_forked_to_one(string name)
    {
        string folder = Path.Combine(_folder, name);
        string fork = Path.Combine(_folder, $"{name[..Math.Min(name.Length, 50)]} fork");
        await using (LambdaStore<Purchase> store = await LambdaStore.OpenAsync<Purchase>(folder, o => o.EventTime(e => e.At).AddView(Purchase.ByProduct)))
        {
            await store.AppendAsync(Purchase.Of("p"));
            await store.RunBatchAsync();
            Assert.That((await store.CorrectAsync(e => e.Product == "p", s => s.Set(e => e.Note, "x"), "x")).Events, Is.EqualTo(1));
            await store.ForkAsync(fork);
            await store.AppendAsync(Purchase.Of("q"));
        }

        await using LambdaStore<Purchase> copy = await LambdaStore.OpenAsync<Purchase>(fork, o => o.EventTime(e => e.At).AddView(Purchase.ByProduct));
        Assert.That(await Purchase.CountsAsync(copy), Is.EqualTo(new Dictionary<string, long> { ["p"] = 1 }));
        Assert.That(Directory.GetFileSystemEntries(_folder), Is.EquivalentTo(new[] { folder, fork }));
    }

    [Test]
    public void A_folder_that_no_file_system_can_have_is_refused()
    {
        Assert.That(async () => await LambdaStore.OpenAsync<Purchase>(Path.Combine(_folder, "a\0b"), o => o.EventTime(e => e.At)), Throws.InstanceOf<ArgumentException>());
        Assert.That(async () => await LambdaStore.OpenAsync<Purchase>(Path.Combine(_folder, new string('x', 300)), o => o.EventTime(e => e.At)), Throws.InstanceOf<StorageException>());
        Assert.That(async () => await LambdaStore.OpenAsync<Purchase>(" ", o => o.EventTime(e => e.At)), Throws.InstanceOf<ArgumentException>());
        Assert.That(Directory.GetFileSystemEntries(_folder), Is.Empty);
    }

    internal sealed record Odd(
        DateTimeOffset Table, long Select, string From, bool Größe, long Where, string @class, long 日本, long Order, string Group, long ſ,
        long AVeryLongName_AVeryLongName_AVeryLongName_AVeryLongName_AVeryLongName_AVeryLongName_AVeryLongName_AVeryLongName_AVeryLongName);

    internal readonly record struct OddKey(long Select, string From, bool Größe);

    internal readonly record struct OddState(long Having, long Where, string Class, long Limit, long Order, string Union, long Least, long Most);

    internal sealed record Twins(DateTimeOffset At, long Value)
    {
        public long value { get; init; }
    }
}
