using LambdaCore.Storage;
using LambdaCore.Tests.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd.Retaining;

/// <summary>Wherever retention is stopped, by a refusing disk, a killed process or a power cut, the answers stay, and the next call completes it.</summary>
[TestFixture]
internal sealed class RetentionCrashTests
{
    private static readonly Retention Age = Retention.Of(age: TimeSpan.FromHours(2));

    [Test]
    public async Task A_refused_call_leaves_the_answers_and_the_next_attempt_completes()
    {
        using RetentionScene prepared = await PrepareAsync();
        int refused = 0;
        for (int call = 1; ; call++)
        {
            using RetentionScene scene = prepared.Copy();
            await using LambdaStore<Tick> store = scene.Open(Age);
            bool failed = await RefusedAsync(scene, call, () => store.ApplyRetentionAsync());
            Assert.That(await RetentionScene.WrongAsync(store), Is.Null, $"call {call}");
            if (!failed)
            {
                break;
            }

            refused++;
            await RetentionScene.AppendAsync(store, 3);
            try
            {
                await store.RunBatchAsync();
                Assert.That(store.RawStart.Value, Is.EqualTo(50), $"call {call}");
            }
            catch (LambdaCoreException error) when (error.LastsUntilReopened)
            {
                // The commit that removes the segments failed, and whether it exists only shows when the store is opened again.
            }

            Assert.That(await RetentionScene.WrongAsync(store), Is.Null, $"call {call}");
            await store.DisposeAsync();
            await using LambdaStore<Tick> again = scene.Open(Age);
            await again.RunBatchAsync(call % 2 == 0 ? BatchMode.Full : BatchMode.Incremental);
            Assert.That(again.RawStart.Value, Is.EqualTo(50), $"call {call}");
            Assert.That(await RetentionScene.WrongAsync(again), Is.Null, $"call {call}");
        }

        TestContext.Out.WriteLine($"{refused} calls refused");
        Assert.That(refused, Is.GreaterThan(25));
    }

    [Test]
    public async Task A_crash_at_any_call_leaves_the_answers_and_a_store_that_goes_on([Values] bool powerCut)
    {
        Random random = Seed.Random(out int seed);
        using RetentionScene prepared = await PrepareAsync();
        int crashes = 0;
        for (int call = 1; ; call++)
        {
            using RetentionScene scene = prepared.Copy();
            string where = $"seed {seed}, call {call}";
            bool dead;
            LambdaStore<Tick> store = scene.Open(Age);
            try
            {
                dead = await RefusedAsync(scene, call, () => store.ApplyRetentionAsync(), forEver: true);
                await store.DisposeAsync();
            }
            catch (LambdaCoreException)
            {
                dead = true;
            }

            if (!dead)
            {
                break;
            }

            crashes++;
            InMemoryStorage left = powerCut ? scene.Disk.Crash(random) : scene.Disk.Kill();
            scene.Disk.Dispose();
            scene.Disk = left;
            await using (LambdaStore<Tick> again = scene.Open(Age))
            {
                Assert.That(await RetentionScene.WrongAsync(again), Is.Null, where);
                await RetentionScene.AppendAsync(again, 3);
                await again.RunBatchAsync();
                Assert.That(again.RawStart.Value, Is.EqualTo(50), where);
                Assert.That(await RetentionScene.WrongAsync(again), Is.Null, where);
            }

            if (crashes % 4 == 0)
            {
                await using LambdaStore<Tick> last = scene.Open();
                Assert.That(await RetentionScene.WrongAsync(last), Is.Null, where);
            }
        }

        TestContext.Out.WriteLine($"{crashes} crashes");
        Assert.That(crashes, Is.GreaterThan(25));
    }

    [Test]
    public async Task A_crash_at_any_call_of_dropping_a_view_leaves_a_view_that_is_whole_or_refused_or_gone()
    {
        using RetentionScene prepared = await PrepareAsync();
        await using (LambdaStore<Tick> retaining = prepared.Open(Age))
        {
            await retaining.ApplyRetentionAsync();
        }

        int crashes = 0;
        for (int call = 1; ; call++)
        {
            using RetentionScene scene = prepared.Copy();

            LambdaStore<Tick> store = scene.Open(Age, RetentionScene.ByMinute);
            bool dead;
            try
            {
                dead = await RefusedAsync(scene, call, () => store.DropViewAsync("by_group"), forEver: true);
                await store.DisposeAsync();
            }
            catch (LambdaCoreException)
            {
                dead = true;
            }

            if (!dead)
            {
                break;
            }

            crashes++;
            InMemoryStorage left = scene.Disk.Kill();
            scene.Disk.Dispose();
            scene.Disk = left;
            try
            {
                await using LambdaStore<Tick> whole = scene.Open();
                Assert.That(
                    await RetentionScene.WrongAsync(whole) is null || await RetentionScene.WrongAsync(whole, 50, RetentionScene.ByGroup) is null, Is.True, $"call {call}");
                continue;
            }
            catch (LambdaCoreException error)
            {
                Assert.That(error.Message, Does.Contain("by_group").And.Contain("DropViewAsync"), $"call {call}");
            }

            await using (LambdaStore<Tick> without = scene.Open(Age, RetentionScene.ByMinute))
            {
                await without.DropViewAsync("by_group");
            }

            await using LambdaStore<Tick> anew = scene.Open();
            Assert.That(await RetentionScene.WrongAsync(anew, 50, RetentionScene.ByGroup), Is.Null, $"call {call}");
        }

        Assert.That(crashes, Is.GreaterThan(5));
    }

    /// <summary>Two views, one of which has a layer that goes beyond the new raw start; an archive of an earlier retention is there already.</summary>
    private static async Task<RetentionScene> PrepareAsync()
    {
        RetentionScene scene = new();
        await using LambdaStore<Tick> store = scene.Open(Age);
        await scene.AppendBatchesAsync(store, 30, 20, 10, 5);
        Assert.That(store.RawStart.Value, Is.EqualTo(30));
        return scene;
    }

    /// <summary>Refuses one storage call of some work, or all from it on.</summary>
    /// <returns>Whether the work came to that call.</returns>
    private static async Task<bool> RefusedAsync(RetentionScene scene, int call, Func<Task> work, bool forEver = false)
    {
        int left = call;
        scene.Disk.BeforeCall = _ =>
        {
            left--;
            if (left == 0 || (forEver && left < 0))
            {
                throw new StorageException("The disk refuses.");
            }
        };
        try
        {
            await work();
        }
        catch (LambdaCoreException)
        {
        }

        if (!forEver || left > 0)
        {
            scene.Disk.BeforeCall = null;
        }

        return left <= 0;
    }
}
