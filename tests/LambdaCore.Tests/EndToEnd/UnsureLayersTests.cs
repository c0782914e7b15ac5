using LambdaCore.Batch;
using LambdaCore.Serving;
using LambdaCore.Storage;
using LambdaCore.Tables;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd;

/// <summary>
/// After a commit of a view failed, nobody knows what its table has. Whatever the next run finds there, what is served stays until there is something as good, and in the end view and table agree.
/// </summary>
[TestFixture]
internal sealed class UnsureLayersTests
{
    private const string Log = "views/by_product/_delta_log";
    private static readonly int[] LayerKeys = [100, 20];

    private InMemoryStorage _disk = null!;
    private LambdaStore<Purchase> _store = null!;

    [SetUp]
    public async Task BuildLayersAsync()
    {
        _disk = new InMemoryStorage();
        _store = Purchase.Open(_disk);
        foreach (int keys in LayerKeys)
        {
            await _store.AppendAsync(Purchases(keys));
            await _store.RunBatchAsync();
        }
    }

    [TearDown]
    public async Task CloseAsync()
    {
        _disk.BeforeCall = null;
        await _store.DisposeAsync();
        _disk.Dispose();
    }

    [TestCase(1, TestName = "The_layers_that_a_table_has_lost_are_computed_anew(the last)")]
    [TestCase(2, TestName = "The_layers_that_a_table_has_lost_are_computed_anew(all)")]
    [TestCase(0, TestName = "The_layers_that_a_table_has_lost_are_computed_anew(its first commit is damaged)")]
    public async Task The_layers_that_a_table_has_lost(int lost)
    {
        await FailCommitAsync();
        await CheckAsync(3);
        LoseCommits(lost);

        // First even this is refused, and leaves everything as it is.
        Refuse(call => call.Operation == StorageOperation.Rename && call.Path.EndsWith(".lookup", StringComparison.Ordinal));
        Assert.That(() => _store.RunBatchAsync(), Throws.InstanceOf<StorageException>());
        await CheckAsync(3);
        _disk.BeforeCall = null;
        await _store.RunBatchAsync();
        await CheckAsync(3);
        await CheckOpenedAgainAsync(3);
    }

    [Test]
    public async Task A_table_that_cannot_be_read_either_stops_the_run_and_nothing_else()
    {
        await FailCommitAsync();
        Refuse(call => call.Path.StartsWith(Log, StringComparison.Ordinal) && call.Operation is StorageOperation.List or StorageOperation.Read);
        Assert.That(() => _store.RunBatchAsync(), Throws.InstanceOf<StorageException>());
        await CheckAsync(3);
        _disk.BeforeCall = null;
        await _store.RunBatchAsync();
        await CheckOpenedAgainAsync(3);
    }

    [Test]
    public async Task A_damaged_layer_of_a_table_that_has_lost_another_is_mended_while_a_question_waits()
    {
        // Damage shows when a file is mapped anew, and a block of it is read.
        await _store.DisposeAsync();
        Damage($"views/by_product/_lookup/{_disk.List("views/by_product/_lookup")[0]}");
        _store = Purchase.Open(_disk);
        await FailCommitAsync();
        LoseCommits(1);
        await CheckAsync(3);
        await _store.RunBatchAsync();
        await CheckOpenedAgainAsync(3);
    }

    [Test]
    public async Task Damage_that_somebody_else_has_mended_is_no_work()
    {
        OpenStore<Purchase> parts = StoreInternals<Purchase>.Of(_store);
        ServingSnapshot before = parts.Views[0].Snapshot;
        long calls = _disk.Calls;
        await parts.Batches.RepairAsync(parts.Views[0], new LookupDamagedException("views/by_product/_lookup/of a layer that was.lookup", 7, "it is gone"));
        Assert.That((parts.Views[0].Snapshot, _disk.Calls), Is.EqualTo((before, calls)));
    }

    [Test]
    public async Task Layers_that_end_before_those_that_serve_never_take_their_place()
    {
        ServedView<Purchase> view = StoreInternals<Purchase>.Of(_store).Views[0];
        ServingSnapshot before = view.Snapshot;
        Assert.That(() => view.Replace([before.Batches[0]]), Throws.InstanceOf<LambdaCoreException>().With.Message.Contains("'by_product'").And.Message.Contains("end at 100").And.Message.Contains("went on to 120"));
        Assert.That(view.Snapshot, Is.SameAs(before));
        ServedView<Purchase>.ReplaceAll([]);
        await CheckAsync(0);
    }

    [Test]
    public async Task Layers_of_different_revisions_of_the_log_are_never_put_beside_each_other()
    {
        Refuse(call => call.Operation == StorageOperation.Rename && call.Path.EndsWith(".lookup", StringComparison.Ordinal));
        Correction correction = await _store.CorrectAsync(e => e.Product == "p0", set => set.Set(e => e.Product, "p1"), "a test");
        _disk.BeforeCall = null;
        Assert.That(correction.Views.Single().Failure, Is.Not.Null);
        ServedView<Purchase> view = StoreInternals<Purchase>.Of(_store).Views[0];
        IReadOnlyList<BatchView> layers = view.Snapshot.Batches;
        Assert.That(
            () => view.Batch.Compute([layers[0]], layers[1].Range, ProgressReporter.None, CancellationToken.None),
            Throws.InvalidOperationException.With.Message.Contains("beside others of revision 0"));
        await _store.RunBatchAsync();
        Dictionary<string, long> counts = await Purchase.CountsAsync(_store);
        Assert.That((counts.ContainsKey("p0"), counts["p1"]), Is.EqualTo((false, 4L)));
    }

    [Test]
    public async Task What_all_views_cover_ends_where_the_view_ends_that_the_disk_refuses()
    {
        await _store.DisposeAsync();
        ViewDefinition<Purchase, decimal, long> byPrice = View.Of<Purchase>("by_price").GroupBy(e => e.Price).Select(g => g.Count());
        _store = Purchase.Open(_disk, o => o.AddView(Purchase.ByProduct).AddView(byPrice));
        await _store.RunBatchAsync();
        await _store.AppendAsync(Purchases(3));
        Refuse(call => call.Operation == StorageOperation.Rename && call.Path.StartsWith("views/by_price/", StringComparison.Ordinal));
        Assert.That(() => _store.RunBatchAsync(), Throws.InstanceOf<StorageException>());
        _disk.BeforeCall = null;
        Assert.That((await _store.Query(Purchase.ByProduct).ExecuteAsync()).Receipt.BatchEnd.Value, Is.EqualTo(123));
        Assert.That(StoreInternals<Purchase>.Of(_store).Batches.CoveredEnd.Value, Is.EqualTo(120));
        Assert.That((await _store.GetAsync(byPrice, 1.5m))!.Result, Is.EqualTo(123));
    }

    [TestCase("first")]
    [TestCase("middle")]
    [TestCase("end")]
    [TestCase("revision")]
    public async Task A_table_whose_layers_cannot_be_all_there_is_is_of_no_use_and_is_computed_anew(string fault)
    {
        await _store.AppendAsync(Purchases(3));
        await _store.RunBatchAsync();
        OpenStore<Purchase> parts = StoreInternals<Purchase>.Of(_store);
        Guid storeId = parts.Log.StoreId;
        await _store.DisposeAsync();
        DeltaTable table = DeltaTable.Open(_disk, TimeProvider.System, "views/by_product", storeId)!;
        KeyValuePair<string, string>[] facts = fault == "revision" ? [] : [new("revision", "0")];
        table.Commit([], fault switch { "first" => [table.Files[0].Path], "middle" => [table.Files[1].Path], _ => [] }, fault == "end" ? 122 : 123, "BATCH", facts);
        _disk.PublishNew("views/by_product/notes.txt", [1]);

        _store = Purchase.Open(_disk);
        await CheckAsync(3);
        Assert.That((await _store.Query(Purchase.ByProduct).ExecuteAsync()).Receipt.Source, Is.EqualTo(AnswerSource.Speed), "of the layers nothing is served");
        await _store.RunBatchAsync();
        await CheckOpenedAgainAsync(3);
    }

    [Test]
    public async Task What_others_put_into_the_folder_of_a_view_stays_when_layers_go()
    {
        _disk.PublishNew("views/by_product/notes.txt", [1]);
        await _store.AppendAsync(Purchases(90));
        BatchRun run = await _store.RunBatchAsync();
        Assert.That(run.Views.Single().MergedLayers, Is.Positive);
        await _store.VacuumAsync();
        Assert.That(_disk.List("views/by_product"), Has.Count.EqualTo(2).And.Member("notes.txt"));
    }

    [Test]
    public void A_layer_that_was_not_written_whole_is_not_prepared_and_leaves_no_file()
    {
        ScratchLayer files = new(_disk);
        File.WriteAllBytes(files.Parquet, [1]);
        File.WriteAllBytes(files.Lookup, [1, 2, 3]);
        Assert.That(() => new PreparedLayer(files, "fingerprint", new LogRange(LogPosition.Zero, new LogPosition(1)), 1), Throws.InstanceOf<LookupDamagedException>());
        Assert.That(File.Exists(files.Parquet) || File.Exists(files.Lookup), Is.False);
    }

    private static Purchase[] Purchases(int count) => [.. Enumerable.Range(0, count).Select(i => Purchase.Of($"p{i}", i))];

    /// <summary>Appends three events, and lets a run fail at the very last: its commit is there, but the run does not know it.</summary>
    private async Task FailCommitAsync()
    {
        await _store.AppendAsync(Purchases(3));
        Refuse(call => call.Operation == StorageOperation.FlushFolder && call.Path == Log);
        Assert.That(() => _store.RunBatchAsync(), Throws.InstanceOf<StorageException>());
        _disk.BeforeCall = null;
    }

    /// <summary>Takes commits from the table: that which failed, and some before it; or damages the first.</summary>
    private void LoseCommits(int count)
    {
        string[] commits = [.. _disk.List(Log).Select(f => $"{Log}/{f}")];
        if (count == 0)
        {
            Damage(commits[0]);
            return;
        }

        foreach (string commit in commits.TakeLast(count + 1))
        {
            _disk.Delete(commit);
        }
    }

    private void Damage(string path)
    {
        byte[] content = _disk.ReadAll(path);
        content[content.Length / 4] ^= 0x55;
        _disk.Delete(path);
        _disk.PublishNew(path, content);
    }

    private void Refuse(Func<StorageCall, bool> refuses) => _disk.BeforeCall = call => _ = refuses(call) ? throw new StorageException($"The disk refuses {call.Operation} of '{call.Path}'.") : 0;

    private async Task CheckOpenedAgainAsync(int more)
    {
        await CheckAsync(more);
        await _store.DisposeAsync();
        _store = Purchase.Open(_disk);
        await CheckAsync(more);
        Receipt receipt = (await _store.Query(Purchase.ByProduct).ExecuteAsync()).Receipt;
        Assert.That((receipt.Source, receipt.BatchEnd.Value), Is.EqualTo((AnswerSource.Batch, (long)(LayerKeys.Sum() + more))));
    }

    private async Task CheckAsync(int more)
    {
        Dictionary<string, long> counts = await Purchase.CountsAsync(_store);
        Assert.That(counts, Is.EquivalentTo(Enumerable.Range(0, LayerKeys[0]).Select(i => KeyValuePair.Create($"p{i}", LayerKeys.Append(more).LongCount(keys => i < keys)))));
    }
}
