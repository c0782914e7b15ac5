using LambdaCore.Storage;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd.Retaining;

/// <summary>Archive layers are truth: what nothing can compute again is neither deleted nor passed over in silence.</summary>
[TestFixture]
internal sealed class ArchiveLayerTests
{
    private RetentionScene _scene = new();

    /// <summary>Two views with an archive of 50 events, and 15 events that can be read.</summary>
    [SetUp]
    public async Task BeginAsync()
    {
        _scene = new RetentionScene();
        await using LambdaStore<Tick> store = _scene.Open();
        await _scene.AppendBatchesAsync(store, 30, 20, 10, 5);
        await store.DisposeAsync();
        await using LambdaStore<Tick> retaining = _scene.Open(Retention.Of(age: TimeSpan.FromHours(2)));
        await retaining.ApplyRetentionAsync();
        Assert.That(RetentionScene.Layers(retaining), Is.EqualTo("[0,50) [50,65)"));
    }

    [TearDown]
    public void End() => _scene.Dispose();

    [Test]
    public async Task A_damaged_archive_layer_is_an_error_that_names_it_and_nothing_is_deleted([Values] bool missing)
    {
        string archive = Lookup("00000000000000000050");
        Damage(archive, missing ? null : -3);
        string[] files = Files();
        Assert.That(() => _scene.Open(), Throws.InstanceOf<LambdaCoreException>().With.Message.Contains(archive).And.Message.Contains("[0,50)").And.Message.Contains("DropViewAsync"));
        Assert.That(Files(), Is.EqualTo(files));
        await using LambdaStore<Tick> without = _scene.Open(Retention.Forever, RetentionScene.ByMinute);
        await without.DropViewAsync("by_group");
        await without.DisposeAsync();
        await using LambdaStore<Tick> anew = _scene.Open();
        Assert.That(await RetentionScene.WrongAsync(anew, 50, RetentionScene.ByGroup), Is.Null, "Dropped and added again, it counts what is left.");
    }

    [Test]
    public async Task Damage_that_a_question_meets_in_an_archive_layer_fails_the_question()
    {
        string archive = Lookup("00000000000000000050");
        Damage(archive, 70);
        await using LambdaStore<Tick> store = _scene.Open();
        Assert.That(
            async () => await store.Query(RetentionScene.ByGroup).ExecuteAsync(),
            Throws.InstanceOf<LambdaCoreException>().With.Message.Contains(archive).And.Message.Contains("raw events before 50 have gone"));
        await RetentionScene.AppendAsync(store, 5);
        await store.RunBatchAsync(BatchMode.Full);
        Assert.That(RetentionScene.Layers(store), Is.EqualTo("[0,50) [50,70)"));
        Assert.That(async () => await store.Query(RetentionScene.ByGroup).ExecuteAsync(), Throws.InstanceOf<LambdaCoreException>(), "No batch mends it.");
        await store.DisposeAsync();
        await using LambdaStore<Tick> retaining = _scene.Open(Retention.Of(bytes: 0));
        await retaining.ApplyRetentionAsync();
        Assert.That(
            async () => await retaining.RunBatchAsync(), Throws.InstanceOf<LambdaCoreException>().With.Message.Contains(archive), "It cannot be merged with the next archive layer.");
        Assert.That(async () => await retaining.Query(RetentionScene.ByGroup).ExecuteAsync(), Throws.InstanceOf<LambdaCoreException>().With.Message.Contains(archive));
    }

    [Test]
    public async Task A_damaged_layer_above_the_archive_is_computed_anew([Values] bool atOpening)
    {
        Damage(Lookup("00000000000000000065"), atOpening ? null : 70);
        await using LambdaStore<Tick> store = _scene.Open();
        Assert.That(await RetentionScene.WrongAsync(store), Is.Null);
        Assert.That(RetentionScene.Layers(store), Is.EqualTo("[0,50) [50,65)"));
    }

    [Test]
    public async Task Damage_above_the_archive_does_not_stop_retention()
    {
        await using (LambdaStore<Tick> store = _scene.Open())
        {
            await _scene.AppendBatchesAsync(store, 2);
        }

        foreach (string layer in _scene.Disk.List("views/by_group/_lookup").Where(f => !f.StartsWith($"{0:D20}", StringComparison.Ordinal)))
        {
            Damage($"views/by_group/_lookup/{layer}", 70);
        }

        await using LambdaStore<Tick> retaining = _scene.Open(Retention.Of(bytes: 0));
        await retaining.ApplyRetentionAsync();
        Assert.That(retaining.RawStart.Value, Is.EqualTo(67));
        Assert.That(await RetentionScene.WrongAsync(retaining), Is.Null);
    }

    [Test]
    public async Task Another_definition_under_the_name_is_refused_as_long_as_there_is_an_archive()
    {
        ViewDefinition<Tick, int, long> other = View.Of<Tick>("by_group").GroupBy(e => e.Group).Select(g => g.Min(e => e.Number));
        string[] files = Files();
        Assert.That(
            () => _scene.Open(Retention.Forever, other, RetentionScene.ByMinute),
            Throws.InstanceOf<LambdaCoreException>().With.Message.Contains("'by_group'").And.Message.Contains("another name").And.Message.Contains("DropViewAsync"));
        Assert.That(Files(), Is.EqualTo(files));
        await using LambdaStore<Tick> store = _scene.Open();
        Assert.That(await RetentionScene.WrongAsync(store), Is.Null);
    }

    [Test]
    public async Task A_view_whose_folder_is_gone_or_old_is_refused([Values] bool old)
    {
        string log = "views/by_group/_delta_log";
        foreach (string commit in _scene.Disk.List(log).Skip(old ? 2 : 0))
        {
            _scene.Disk.Delete($"{log}/{commit}");
        }

        Assert.That(() => _scene.Open(), Throws.InstanceOf<LambdaCoreException>().With.Message.Contains("views/by_group").And.Message.Contains("raw events before 50"));
        await using LambdaStore<Tick> without = _scene.Open(Retention.Forever, RetentionScene.ByMinute);
        await without.DropViewAsync("by_group");
        await without.DisposeAsync();
        await using LambdaStore<Tick> anew = _scene.Open();
        Assert.That(await RetentionScene.WrongAsync(anew, 50, RetentionScene.ByGroup), Is.Null);
    }

    [Test]
    public async Task An_unreadable_table_is_not_started_anew_where_an_archive_was()
    {
        string commit = $"views/by_group/_delta_log/{1:D20}.json";
        byte[] content = _scene.Disk.ReadAll(commit);
        content[content.Length / 2] ^= 1;
        _scene.Disk.Delete(commit);
        _scene.Disk.PublishNew(commit, content);
        string[] files = Files();
        Assert.That(() => _scene.Open(), Throws.InstanceOf<LambdaCoreException>().With.Message.Contains("'views/by_group'").And.Message.Contains("Nothing was deleted"));
        Assert.That(Files(), Is.EqualTo(files));
        await Task.CompletedTask;
    }

    [Test]
    public async Task An_archive_outlives_the_log_that_it_belongs_to()
    {
        foreach (string folder in new[] { "log/_delta_log", "log/_head", "log", "wal" })
        {
            foreach (string file in _scene.Disk.List(folder))
            {
                _scene.Disk.Delete($"{folder}/{file}");
            }
        }

        Assert.That(() => _scene.Open(), Throws.InstanceOf<LambdaCoreException>().With.Message.Contains("archive layer").And.Message.Contains("Nothing was deleted"));
        await Task.CompletedTask;
    }

    [Test]
    public async Task An_open_view_is_not_dropped_and_an_unknown_one_does_not_matter()
    {
        await using LambdaStore<Tick> store = _scene.Open();
        Assert.That(() => store.DropViewAsync("BY_group"), Throws.ArgumentException.With.Message.Contains("opened with it"));
        await store.DropViewAsync("nobody");
        Assert.That(await RetentionScene.WrongAsync(store), Is.Null);
    }

    private string Lookup(string end) =>
        $"views/by_group/_lookup/{_scene.Disk.List("views/by_group/_lookup").Last(f => f.Contains($"-{end}-", StringComparison.Ordinal))}";

    private string[] Files() =>
        [.. new[] { "views/by_group", "views/by_group/_lookup", "views/by_group/_delta_log", "views/by_minute/_lookup", "log/_delta_log" }.SelectMany(f => _scene.Disk.List(f).Select(n => $"{f}/{n}"))];

    /// <summary>Turns a bit, counted from the end where negative; or deletes the file.</summary>
    private void Damage(string file, int? at)
    {
        byte[] content = _scene.Disk.ReadAll(file);
        _scene.Disk.Delete(file);
        if (at is { } offset)
        {
            content[offset < 0 ? content.Length + offset : offset] ^= 0x10;
            _scene.Disk.PublishNew(file, content);
        }
    }
}
