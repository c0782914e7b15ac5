using LambdaCore.Storage;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd.Hostile;

/// <summary>Symbolic links within a store: nothing is read, written or deleted through one, and what cannot be done without is refused by name.</summary>
[TestFixture]
[Platform(Exclude = "Win", Reason = "Making links takes a privilege there.")]
internal sealed class LinkTests
{
    private static readonly string[] Folders = ["log", "log/_delta_log", "wal", "views", "views/by_product", "views/by_product/_delta_log", "views/by_product/_lookup", "speed", "scratch"];

    private static readonly string[] Files = ["LOCK", "log/*.parquet", "log/_delta_log/*.json", "wal/*.wal", "views/by_product/*.parquet", "views/by_product/_delta_log/*.json", "views/by_product/_lookup/*.lookup"];

    private string _folder = "";

    private string Store => Path.Combine(_folder, "store");

    private string Outside => Path.Combine(_folder, "outside");

    [SetUp]
    public async Task CreateStore()
    {
        _folder = Directory.CreateTempSubdirectory("lambdacore-links-").FullName;
        Directory.CreateDirectory(Outside);
        await using LambdaStore<Purchase> store = await OpenAsync();
        await store.AppendAsync(new[] { Purchase.Of("a"), Purchase.Of("b") });
        await store.RunBatchAsync();
        await store.AppendAsync(Purchase.Of("a"));
    }

    [TearDown]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [TestCaseSource(nameof(Folders))]
    public void A_folder_that_is_a_link_is_refused_and_what_it_leads_to_stays_as_it_is(string name)
    {
        string path = Path.Combine(Store, name);
        string target = Path.Combine(Outside, "target");
        if (Directory.Exists(path))
        {
            Directory.Move(path, target);
        }
        else
        {
            Directory.CreateDirectory(target);
        }

        File.WriteAllText(Path.Combine(target, "precious.txt"), "keep");
        Directory.CreateSymbolicLink(path, target);
        string[] before = Content(Outside);
        Assert.That(async () => await UseAsync(), Throws.InstanceOf<StorageException>().With.Message.Contains("symbolic link").And.Message.Contains(path));
        Assert.That(Content(Outside), Is.EqualTo(before));
    }

    [TestCaseSource(nameof(Files))]
    public async Task A_file_that_is_a_link_is_refused_or_made_anew_and_what_it_leads_to_stays_as_it_is(string pattern)
    {
        string path = Directory.GetFiles(Path.Combine(Store, Path.GetDirectoryName(pattern)!), Path.GetFileName(pattern)).Order(StringComparer.Ordinal).Last();
        string target = Path.Combine(Outside, "target");
        File.Move(path, target);
        File.CreateSymbolicLink(path, target);
        string[] before = Content(Outside);
        try
        {
            // What can be computed from the rest of the store may be.
            await UseAsync();
            Assert.That(pattern, Does.StartWith("views/"));
        }
        catch (LambdaCoreException error)
        {
            Assert.That(error.ToString(), Does.Contain("symbolic link"));
        }

        Assert.That(Content(Outside), Is.EqualTo(before));
    }

    [Test]
    public async Task A_store_may_be_reached_by_a_link_to_its_folder()
    {
        Directory.Move(Store, Path.Combine(Outside, "moved"));
        Directory.CreateSymbolicLink(Store, Path.Combine(Outside, "moved"));
        await UseAsync();
    }

    private async Task UseAsync()
    {
        await using LambdaStore<Purchase> store = await OpenAsync();
        Assert.That(await Purchase.CountsAsync(store), Is.EqualTo(new Dictionary<string, long> { ["a"] = 2, ["b"] = 1 }));
        await store.RunBatchAsync(BatchMode.Full);
        Assert.That(await Purchase.CountsAsync(store), Is.EqualTo(new Dictionary<string, long> { ["a"] = 2, ["b"] = 1 }));
        await store.VacuumAsync(TimeSpan.Zero);
    }

    private static string[] Content(string folder) =>
        [.. Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(f => $"{f} {Convert.ToHexString(File.ReadAllBytes(f))}")];

    private Task<LambdaStore<Purchase>> OpenAsync() => LambdaStore.OpenAsync<Purchase>(Store, o =>
    {
        o.EventTime(e => e.At).AddView(Purchase.ByProduct);
        o.BatchThreads = 1;
    });
}
