using LambdaCore.Storage;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd.Retaining;

/// <summary>A view that has another name keeps its layers, archive layers too: nothing is computed anew.</summary>
[TestFixture]
internal sealed class RenamedViewTests
{
    private static readonly ViewDefinition<Tick, int, Totals> Renamed = RetentionScene.Groups("renamed");

    private RetentionScene _scene = new();

    /// <summary>A store whose views cannot be computed anew at all.</summary>
    [SetUp]
    public async Task BeginAsync()
    {
        _scene = new RetentionScene();
        await using LambdaStore<Tick> store = _scene.Open(Retention.Of(bytes: 0));
        await _scene.AppendBatchesAsync(store, 30, 20);
        Assert.That(store.RawStart.Value, Is.EqualTo(50));
    }

    [TearDown]
    public void End() => _scene.Dispose();

    [Test]
    public async Task Its_layers_move_and_the_former_name_may_stay_in_the_code()
    {
        for (int time = 0; time < 3; time++)
        {
            await using LambdaStore<Tick> store = _scene.OpenRenamed(Renamed, "by_group");
            Assert.That(await RetentionScene.WrongAsync(store, 0, Renamed), Is.Null);
            Assert.That(store.Describe(), Does.Not.Contain("not opened"));
            await RetentionScene.AppendAsync(store, 10);
            await store.RunBatchAsync(time == 1 ? BatchMode.Full : BatchMode.Incremental);
            Assert.That(await RetentionScene.WrongAsync(store, 0, Renamed), Is.Null);
        }

        Assert.That(_scene.Disk.List("views/by_group").Concat(_scene.Disk.List("views/by_group/_delta_log")), Is.Empty);
        await using LambdaStore<Tick> back = _scene.OpenRenamed(RetentionScene.ByGroup, "renamed");
        Assert.That(await RetentionScene.WrongAsync(back), Is.Null, "And back.");
    }

    [Test]
    public async Task A_former_name_that_nothing_has_does_not_matter_and_one_that_is_in_use_is_refused()
    {
        await using (LambdaStore<Tick> store = _scene.OpenRenamed(RetentionScene.ByGroup, "nobody"))
        {
            Assert.That(await RetentionScene.WrongAsync(store), Is.Null);
        }

        Assert.That(() => _scene.OpenRenamed(Renamed, "BY_minute"), Throws.ArgumentException.With.Message.Contains("'BY_minute'"));
    }

    [Test]
    public async Task Two_views_do_not_become_one()
    {
        ViewDefinition<Tick, int, Totals> other = RetentionScene.Groups("other");
        await using (LambdaStore<Tick> store = _scene.Open(Retention.Forever, other))
        {
            await RetentionScene.AppendAsync(store, 5);
            await store.RunBatchAsync();
        }

        Assert.That(() => _scene.OpenRenamed(other, "by_group"), Throws.InstanceOf<LambdaCoreException>().With.Message.Contains("views of both names"));
        await using (LambdaStore<Tick> store = _scene.OpenRenamed(Renamed, "by_group"))
        {
            Assert.That(await RetentionScene.WrongAsync(store, 0, Renamed), Is.Null);
        }

        // Somebody takes the former name for a new view.
        await using (LambdaStore<Tick> store = _scene.Open(Retention.Forever, RetentionScene.ByGroup))
        {
            await store.RunBatchAsync();
        }

        Assert.That(() => _scene.OpenRenamed(Renamed, "by_group"), Throws.InstanceOf<LambdaCoreException>().With.Message.Contains("views of both names"));
    }

    [Test]
    public async Task Wherever_a_renaming_is_stopped_the_next_opening_completes_it()
    {
        int stopped = 0;
        for (int call = 1; ; call++)
        {
            using RetentionScene scene = _scene.Copy();
            int left = call;
            scene.Disk.BeforeCall = c =>
            {
                // Before that nothing is renamed yet, and what comes after it is an opening like others.
                left -= c.Path.StartsWith("views/renamed", StringComparison.Ordinal) || c.Path.StartsWith("views/by_group", StringComparison.Ordinal) ? 1 : 0;
                if (left <= 0)
                {
                    throw new StorageException("The power is gone.");
                }
            };
            try
            {
                await using LambdaStore<Tick> store = scene.OpenRenamed(Renamed, "by_group");
                left = int.MaxValue;
                break;
            }
            catch (LambdaCoreException)
            {
                stopped++;
            }

            InMemoryStorage after = call % 2 == 0 ? scene.Disk.Crash(new Random(call)) : scene.Disk.Kill();
            scene.Disk.BeforeCall = null;
            scene.Disk.Dispose();
            scene.Disk = after;
            await using LambdaStore<Tick> again = scene.OpenRenamed(Renamed, "by_group");
            Assert.That(await RetentionScene.WrongAsync(again, 0, Renamed), Is.Null, $"call {call}");
            Assert.That(again.Describe(), Does.Not.Contain("not opened"), $"call {call}");
        }

        TestContext.Out.WriteLine($"{stopped} times stopped");
        Assert.That(stopped, Is.GreaterThan(40));
    }
}
