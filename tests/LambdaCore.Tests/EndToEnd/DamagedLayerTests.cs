using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd;

/// <summary>A damaged layer is computed anew from its own range of the log, whenever the damage shows: the answers stay, and so do the other layers.</summary>
[TestFixture]
internal sealed class DamagedLayerTests
{
    private static readonly int[] LayerKeys = [100, 20, 4];

    private string _folder = "";

    [SetUp]
    public async Task CreateStoreAsync()
    {
        _folder = Directory.CreateTempSubdirectory("lambdacore-damage-").FullName;
        await using LambdaStore<Purchase> store = await OpenAsync();
        foreach (int keys in LayerKeys)
        {
            await store.AppendAsync(Enumerable.Range(0, keys).Select(i => Purchase.Of($"p{i}", i)).ToArray());
            await store.RunBatchAsync();
        }
    }

    [TearDown]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public async Task A_layer_that_is_damaged_or_missing_is_computed_anew_and_no_other([Values(0, 1, 2)] int layer, [Values(0, 1, 2, 3)] int quarter)
    {
        string[] files = LookupFiles();
        Assert.That(files, Has.Length.EqualTo(LayerKeys.Length));
        Damage(files[layer], quarter);
        await using (LambdaStore<Purchase> store = await OpenAsync())
        {
            await CheckAsync(store, more: 0);
            IReadOnlyList<LayerReceipt> layers = (await store.Query(Purchase.ByProduct).ExecuteAsync()).Receipt.Layers;
            Assert.That(layers.Where(l => l.Source == AnswerSource.Batch).Select(l => l.Range.Count), Is.EqualTo(LayerKeys.Select(k => (long)k)));
            await store.AppendAsync(Purchase.Of("p0"));
            await store.RunBatchAsync();
            await CheckAsync(store, more: 1);
        }

        await using LambdaStore<Purchase> again = await OpenAsync();
        await CheckAsync(again, more: 1);
    }

    [Test]
    public async Task Several_layers_that_are_damaged_are_computed_anew_for_the_same_question([Values] bool scan)
    {
        Array.ForEach(LookupFiles(), file => Damage(file, quarter: 1));
        await using LambdaStore<Purchase> store = await OpenAsync();
        if (!scan)
        {
            Assert.That((await store.GetAsync(Purchase.ByProduct, "p0"))!.Result, Is.EqualTo(LayerKeys.Length));
        }

        await CheckAsync(store, more: 0);
    }

    [Test]
    public async Task Damage_that_shows_while_layers_are_merged_is_mended_from_the_log([Values(0, 1, 2)] int layer)
    {
        Damage(LookupFiles()[layer], quarter: 1);
        await using LambdaStore<Purchase> store = await OpenAsync();
        await store.AppendAsync(Enumerable.Range(0, 100).Select(i => Purchase.Of($"p{i}", i)).ToArray());
        BatchRun run = await store.RunBatchAsync();
        Assert.That(run.Views.Single().MergedLayers, Is.EqualTo(4));
        Dictionary<string, long> counts = await Purchase.CountsAsync(store);
        Assert.That(counts.Values.Sum(), Is.EqualTo(LayerKeys.Sum() + 100));
        Assert.That(counts["p0"], Is.EqualTo(4));
    }

    [Test]
    public async Task Damage_that_shows_in_a_preview_is_mended_from_the_log([Values] bool all)
    {
        Array.ForEach(all ? LookupFiles() : LookupFiles()[..1], file => Damage(file, quarter: 1));
        await using LambdaStore<Purchase> store = await OpenAsync();
        ViewComparison view = (await store.PreviewAsync(e => e.Product == "p0", s => s.Set(e => e.Product, "q"))).Views.Single();
        Assert.That((view.Rows, view.Added, view.Removed, view.Changed), Is.EqualTo((1L, 1L, 1L, 0L)));
        await CheckAsync(store, more: 0);
    }

    [Test]
    public async Task Damage_that_shows_while_a_correction_patches_a_layer_is_mended_from_the_log()
    {
        Damage(LookupFiles()[0], quarter: 1);
        await using LambdaStore<Purchase> store = await OpenAsync();
        Correction correction = await store.CorrectAsync(e => e.Product == "p99", s => s.Set(e => e.Product, "q"), "a test");
        Assert.That(correction.Views.Single().Failure, Is.Null);
        Dictionary<string, long> counts = await Purchase.CountsAsync(store);
        Assert.That(counts, Has.Count.EqualTo(LayerKeys[0]));
        Assert.That((counts.ContainsKey("p99"), counts["q"], counts["p0"], counts.Values.Sum()), Is.EqualTo((false, 1L, 3L, (long)LayerKeys.Sum())));
    }

    [Test]
    public async Task Layers_that_do_not_follow_each_other_are_of_no_use()
    {
        // The commit that added the second layer is gone, and with it all that came after: what is left says that it covers less.
        string log = Path.Combine(_folder, "views", "by_product", "_delta_log");
        foreach (string commit in Directory.GetFiles(log).Order().Skip(2))
        {
            File.Delete(commit);
        }

        await using LambdaStore<Purchase> store = await OpenAsync();
        await CheckAsync(store, more: 0);
        Assert.That((await store.GetAsync(Purchase.ByProduct, "p0"))!.Receipt.BatchEnd.Value, Is.EqualTo(LayerKeys[0]));
        await store.RunBatchAsync();
        await CheckAsync(store, more: 0);
    }

    private static async Task CheckAsync(LambdaStore<Purchase> store, int more)
    {
        Dictionary<string, long> counts = await Purchase.CountsAsync(store);
        Assert.That(counts, Has.Count.EqualTo(LayerKeys[0]));
        for (int i = 0; i < LayerKeys[0]; i++)
        {
            int expected = LayerKeys.Count(keys => i < keys) + (i == 0 ? more : 0);
            Assert.That(counts[$"p{i}"], Is.EqualTo(expected));
            Assert.That((await store.GetAsync(Purchase.ByProduct, $"p{i}"))!.Result, Is.EqualTo(expected));
        }
    }

    private string[] LookupFiles() => [.. Directory.GetFiles(Path.Combine(_folder, "views", "by_product", "_lookup")).Order()];

    /// <summary>Turns some bits, or with quarter 0 deletes the file.</summary>
    private static void Damage(string file, int quarter)
    {
        if (quarter == 0)
        {
            File.Delete(file);
            return;
        }

        byte[] content = File.ReadAllBytes(file);
        content[content.Length * quarter / 4] ^= 0x55;
        File.WriteAllBytes(file, content);
    }

    private Task<LambdaStore<Purchase>> OpenAsync() => LambdaStore.OpenAsync<Purchase>(_folder, o => o.EventTime(e => e.At).AddView(Purchase.ByProduct));
}
