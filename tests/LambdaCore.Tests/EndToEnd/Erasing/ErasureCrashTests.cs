using LambdaCore.Storage;
using LambdaCore.Tests.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd.Erasing;

/// <summary>Wherever an erasure or the vacuum after it dies, the store opens in a state that is exact, and erasing again completes it.</summary>
internal sealed class ErasureCrashTests
{
    private const int Erased = 4;

    /// <summary>Each run tries every third call, beginning with one of the first three: all of them take too long.</summary>
    private const int CallsBetween = 3;
    private static readonly DateTimeOffset Noon = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly ViewDefinition<Visit, string, long> ByUser = View.Of<Visit>("by_user").GroupBy(e => e.User).Select(g => g.Count());

    private static readonly ViewDefinition<Visit, int, long> LeftOut = View.Of<Visit>("left_out").GroupBy(e => e.User.Length).Select(g => g.CountDistinct(e => e.User, 100));

    [Test]
    public async Task An_erasure_that_dies_at_any_storage_call_is_completed_by_another()
    {
        Random random = Seed.Random(out _);
        Needle needle = new(random);
        int calls = 1 + random.Next(CallsBetween);
        int before = 0;
        for (bool died = true; died; calls += CallsBetween)
        {
            InMemoryStorage disk = new();
            await PrepareAsync(disk, needle);
            died = await DieAsync(disk, needle, calls);
            using InMemoryStorage left = calls % 2 == 0 ? disk.Crash(new Random(calls)) : disk.Kill();
            disk.Dispose();
            string where = $"call {calls}";
            await using LambdaStore<Visit> again = Open(left, ByUser);
            bool isErased = StoreInternals<Visit>.Of(again).Log.Revision > 0;
            before += isErased ? 0 : 1;
            await AssertAsync(again, needle, isErased ? 0 : Erased, where);
            ErasureReceipt receipt = await again.EraseAsync(e => e.User == needle.User, "a request");
            Assert.That((receipt.Events, receipt.Unfinished.Count), Is.EqualTo((isErased ? 0L : Erased, 0)), where);
            Assert.That((await again.VacuumAsync(TimeSpan.Zero)).Remaining, Is.Empty, where);
            await AssertAsync(again, needle, 0, where);
            Assert.That(Find(left, needle), Is.Empty, where);
        }

        TestContext.Out.WriteLine($"{calls} calls, {before} of them before the commit");
        Assert.That(before, Is.GreaterThan(5));
        Assert.That(calls - before, Is.GreaterThan(10));
    }

    private static async Task PrepareAsync(InMemoryStorage disk, Needle needle)
    {
        await using (LambdaStore<Visit> store = Open(disk, ByUser, LeftOut))
        {
            await store.AppendAsync(Events(needle));
            await store.RunBatchAsync();
        }

        await using (LambdaStore<Visit> store = Open(disk, ByUser))
        {
            await store.AppendAsync(Events(needle));
        }

        Assert.That(Find(disk, needle), Has.Count.GreaterThan(5), "else this test could not fail");
    }

    private static Visit[] Events(Needle needle) =>
        [.. Enumerable.Range(0, 8).Select(n => n % 4 == 1 ? Visit.Of(needle, Noon.AddMinutes(n)) : Visit.At(Noon.AddMinutes(n), n))];

    /// <summary>Erases and vacuums until a storage call, from which on the disk is dead.</summary>
    private static async Task<bool> DieAsync(InMemoryStorage disk, Needle needle, int call)
    {
        bool died = false;
        try
        {
            await using LambdaStore<Visit> store = Open(disk, ByUser);
            int calls = 0;
            disk.BeforeCall = _ =>
            {
                if (Interlocked.Increment(ref calls) >= call)
                {
                    died = true;
                    throw new StorageException("The disk is dead.");
                }
            };
            await store.EraseAsync(e => e.User == needle.User, "a request");
            await store.VacuumAsync(TimeSpan.Zero);
            disk.BeforeCall = null;
        }
        catch (LambdaCoreException) when (died)
        {
        }

        disk.BeforeCall = null;
        return died;
    }

    private static async Task AssertAsync(LambdaStore<Visit> store, Needle needle, int ofNeedle, string where)
    {
        IReadOnlyList<ViewEntry<string, long>> rows = (await store.Query(ByUser).ExecuteAsync()).Rows;
        Assert.That(rows.Where(r => r.Key == needle.User).Sum(r => r.Result), Is.EqualTo(ofNeedle), where);
        Assert.That(rows.Where(r => r.Key != needle.User).Select(r => (r.Key, r.Result)), Is.EqualTo(
            new[] { 0, 2, 3, 4, 6, 7 }.Select(n => ($"user{n}", 2L))), where);
    }

    /// <summary>Looks for the needle in all files of a store in memory.</summary>
    private static IReadOnlyList<string> Find(InMemoryStorage disk, Needle needle)
    {
        string folder = Directory.CreateTempSubdirectory("lambdacore-erasure-").FullName;
        try
        {
            Copy("");
            return needle.Find(folder);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        void Copy(string path)
        {
            Directory.CreateDirectory(Path.Combine(folder, path));
            foreach (string file in disk.List(path))
            {
                string name = path.Length == 0 ? file : $"{path}/{file}";
                File.WriteAllBytes(Path.Combine(folder, name), disk.ReadAll(name));
            }

            foreach (string below in disk.ListFolders(path))
            {
                Copy(path.Length == 0 ? below : $"{path}/{below}");
            }
        }
    }

    private static LambdaStore<Visit> Open(InMemoryStorage disk, params ViewDefinition<Visit>[] views)
    {
        LambdaStoreOptions<Visit> options = new() { BatchThreads = 1 };
        options.EventTime(e => e.Time);
        Array.ForEach(views, v => options.AddView(v));
        options.Validate();
        return StoreOpening.Open("memory", disk, options);
    }
}
