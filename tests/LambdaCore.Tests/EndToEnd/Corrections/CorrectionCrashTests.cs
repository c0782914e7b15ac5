using LambdaCore.Storage;
using LambdaCore.Tests.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd.Corrections;

/// <summary>
/// A correction, with the batch before it and the views after it, on a disk that fails at some storage call: it is done or not done, for the log and all views alike once the
/// store was opened again, and the list of changes says which.
/// </summary>
[TestFixture]
internal sealed class CorrectionCrashTests
{
    private const int LongestStep = 9;

    [Test]
    public async Task A_correction_that_ends_at_any_storage_call_is_done_or_not_done([Values] bool dies)
    {
        Random random = Seed.Random(out int seed);
        (int done, int notDone, int call) = (0, 0, 1);
        for (bool ended = true; ended; call += random.Next(1, LongestStep + 1))
        {
            string where = $"seed {seed}, call {call}";
            InMemoryStorage disk = new();
            LambdaStore<Purchase> store = Purchase.Open(disk);
            await FillAsync(store);
            int calls = 0;
            disk.BeforeCall = _ =>
            {
                int now = Interlocked.Increment(ref calls);
                if (dies ? now >= call : now == call)
                {
                    throw new StorageException("The disk refuses.");
                }
            };
            ended = await FailsAsync(store);
            ended |= calls >= call;
            if (!dies)
            {
                disk.BeforeCall = null;
                await AssertAsync(store, where, isOpen: true);
            }

            await CloseAsync(store);
            using InMemoryStorage left = dies ? (random.Next(2) == 0 ? disk.Kill() : disk.Crash(random)) : disk;
            left.BeforeCall = null;
            await using LambdaStore<Purchase> again = Purchase.Open(left);
            bool isDone = await AssertAsync(again, where, isOpen: false);
            await again.RunBatchAsync();
            Assert.That(await AssertAsync(again, where, isOpen: false), Is.EqualTo(isDone), where);
            Assert.That(isDone || ended, where);
            (done, notDone) = isDone ? (done + 1, notDone) : (done, notDone + 1);
        }

        TestContext.Out.WriteLine($"up to call {call}, done {done} times, not done {notDone} times");
        Assert.That(done, Is.Positive);
        Assert.That(notDone, Is.Positive);
    }

    /// <summary>The view shows the events before or after the correction; of a store that was just opened, those that the list of changes speaks of.</summary>
    private static async Task<bool> AssertAsync(LambdaStore<Purchase> store, string where, bool isOpen)
    {
        Dictionary<string, long> counts = await Purchase.CountsAsync(store);
        bool shown = counts.ContainsKey("new");
        Assert.That(counts, Is.EquivalentTo(new Dictionary<string, long> { [shown ? "new" : "old"] = 3, ["other"] = 3 }), where);
        bool recorded = (await store.ReadChangesAsync()).Count > 0;

        // A view that could not follow answers as before until the next batch run.
        Assert.That(shown == recorded || isOpen, $"{where}: recorded {recorded}, shown {shown}");
        return shown;
    }

    private static async Task FillAsync(LambdaStore<Purchase> store)
    {
        for (int i = 0; i < 3; i++)
        {
            await store.AppendAsync(new[] { Purchase.Of("old", i), Purchase.Of("other", i) });
            if (i < 2)
            {
                await store.RunBatchAsync();
            }
        }
    }

    private static async Task<bool> FailsAsync(LambdaStore<Purchase> store)
    {
        try
        {
            Correction made = await store.CorrectAsync(e => e.Product == "old", s => s.Set(e => e.Product, "new"), "renamed");
            return made.Views.Any(v => v.Failure is not null);
        }
        catch (LambdaCoreException)
        {
            return true;
        }
    }

    private static async Task CloseAsync(LambdaStore<Purchase> store)
    {
        try
        {
            await store.DisposeAsync();
        }
        catch (LambdaCoreException)
        {
            // The disk may be gone.
        }
    }
}
