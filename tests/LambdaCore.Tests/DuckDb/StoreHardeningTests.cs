using LambdaCore.DuckDb;
using LambdaCore.Tests.EndToEnd;
using NUnit.Framework;

namespace LambdaCore.Tests.DuckDb;

/// <summary>The instance that a store really uses, and the one text by which a user's SQL comes near it: a correction.</summary>
[TestFixture]
internal sealed class StoreHardeningTests
{
    private string _folder = "";
    private LambdaStore<Purchase> _store = null!;

    private string Outside => Path.Combine(_folder, "outside.csv");

    [OneTimeSetUp]
    public async Task OpenStore()
    {
        _folder = Directory.CreateTempSubdirectory("lambdacore-escapes-").FullName;
        File.WriteAllText(Outside, "secret\n42\n");
        _store = await LambdaStore.OpenAsync<Purchase>(Path.Combine(_folder, "store"), o => o.EventTime(e => e.At).AddView(Purchase.ByProduct));
        await _store.AppendAsync(Purchase.Of("p"));
        await _store.RunBatchAsync();
    }

    [OneTimeTearDown]
    public async Task CloseStore()
    {
        await _store.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [TestCaseSource(typeof(Escapes), nameof(Escapes.All))]
    public void An_escape_from_the_instance_of_a_store_is_blocked(string attempt)
    {
        string[] before = Entries();
        using DuckDbConnection connection = StoreInternals<Purchase>.Of(_store).DuckDb.Connect();

        Assert.That(() => connection.Execute(Escapes.In(attempt, _folder, Outside)), Throws.TypeOf<DuckDbException>());
        Assert.That(Entries(), Is.EqualTo(before), "nothing was written");
        Assert.That(File.ReadAllText(Outside), Is.EqualTo("secret\n42\n"));
    }

    [Test]
    public async Task No_escape_gets_through_the_text_of_a_correction()
    {
        string[] before = Entries();
        foreach (string attempt in Escapes.All.Concat(Escapes.Deadly))
        {
            string sql = Escapes.In(attempt, _folder, Outside);
            string[] wheres = [sql, $"TRUE; {sql}", $"({sql})", $"Product IN ({sql})", $"Product = '{sql}'; {sql}", $"TRUE /* */ {sql}", $"TRUE -- \n {sql}"];
            foreach (string where in wheres)
            {
                Assert.That(async () => await _store.CorrectAsync(where, "Note = 'x'", "no"), Throws.InstanceOf<ArgumentException>(), where);
            }

            Assert.That(async () => await _store.CorrectAsync("TRUE", $"Note = ({sql})", "no"), Throws.InstanceOf<ArgumentException>(), sql);
            Assert.That(async () => await _store.PreviewAsync("TRUE", $"Note = 'x'; {sql}"), Throws.InstanceOf<ArgumentException>(), sql);
        }

        Assert.That(await _store.ReadChangesAsync(), Is.Empty);
        Assert.That(Entries(), Is.EqualTo(before), "nothing was written");
    }

    [Test]
    public async Task An_escape_that_is_only_a_text_is_only_a_text()
    {
        foreach (string attempt in Escapes.All.Take(40))
        {
            string sql = Escapes.In(attempt, _folder, Outside);
            CorrectionPreview<Purchase> preview = await _store.PreviewAsync($"Product = 'p' OR Product = '{sql.Replace("'", "''", StringComparison.Ordinal)}'", $"Note = '{sql.Replace("'", "''", StringComparison.Ordinal)}'");
            Assert.That(preview.Events, Is.EqualTo(1), sql);
        }
    }

    [Test]
    public async Task A_sort_that_spills_does_so_within_the_store()
    {
        string folder = Path.Combine(_folder, "spilling");
        await using LambdaStore<Purchase> store = await LambdaStore.OpenAsync<Purchase>(folder, o =>
        {
            o.EventTime(e => e.At).AddView(Purchase.ByProduct);
            o.BatchMemoryBytes = 40_000_000;
            o.BatchThreads = 1;
        });
        using DuckDbConnection connection = StoreInternals<Purchase>.Of(store).DuckDb.Connect();
        connection.Execute("CREATE TEMP TABLE big AS SELECT range AS i, repeat('x', 100) || range AS t FROM range(1000000) ORDER BY t");
        Assert.That(Directory.GetFileSystemEntries(Path.Combine(folder, "scratch"), "*", SearchOption.AllDirectories), Is.Not.Empty);
        connection.Execute("DROP TABLE big");
    }

    private string[] Entries() =>
        [.. Directory.GetFileSystemEntries(_folder, "*", SearchOption.AllDirectories).Where(e => !e.StartsWith(Path.Combine(_folder, "store", "scratch"), StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
}
