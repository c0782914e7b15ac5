using LambdaCore.Storage;
using LambdaCore.Tests.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd.Amending;

/// <summary>
/// A batch run that applies amendments, on a disk that refuses some storage call or goes away with it: answers count what was amended or what amends it, never both and never neither, and the next run
/// does what is left to do, once.
/// </summary>
[TestFixture]
internal sealed class AmendmentCrashTests
{
    private const int LongestStep = 4;
    private const string Before = "a 2x 30, b 1x 5";
    private const string After = "a 1x 20, b 1x 7, c 1x 11";

    [Test]
    public async Task Amendments_are_applied_or_not_whichever_storage_call_of_the_run_fails([Values] bool dies)
    {
        Random random = Seed.Random(out int seed);
        (int done, int notDone, int call) = (0, 0, 1);
        for (bool ended = true; ended; call += random.Next(1, LongestStep + 1))
        {
            string where = $"seed {seed}, call {call}";
            InMemoryStorage disk = new();
            LambdaStore<Order> store = Order.Open(disk);
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
            await using LambdaStore<Order> again = Order.Open(left);
            bool isDone = await AssertAsync(again, where, isOpen: false);
            Assert.That(isDone || ended, where);
            BatchRun run = await again.RunBatchAsync();
            Assert.That(run.Amendments, Is.EqualTo(isDone ? default : new AmendmentRun(Amending: 3, Amended: 3, NotFound: 0)), where);
            Assert.That(await AssertAsync(again, where, isOpen: false), where);
            Assert.That((await again.ReadChangesAsync()).Select(c => (c.Kind, c.Events)), Is.EqualTo(new[] { (LogChangeKind.Amendment, 3L) }), where);
            (done, notDone) = isDone ? (done + 1, notDone) : (done, notDone + 1);
        }

        TestContext.Out.WriteLine($"up to call {call}, applied {done} times, not applied {notDone} times");
        Assert.That(done, Is.Positive);
        Assert.That(notDone, Is.Positive);
    }

    /// <summary>The view shows the events before or after; of a store that was just opened, what the list of changes says.</summary>
    private static async Task<bool> AssertAsync(LambdaStore<Order> store, string where, bool isOpen)
    {
        string shown = await Order.ShowAsync(store);
        Assert.That(shown, Is.EqualTo(Before).Or.EqualTo(After), where);
        bool recorded = (await store.ReadChangesAsync()).Count > 0;
        Assert.That((shown == After) == recorded || isOpen, $"{where}: recorded {recorded}, shown {shown}");
        return shown == After;
    }

    /// <summary>Amended is an event in an old segment, one of the tail, and one that amends it, which is amended in turn.</summary>
    private static async Task FillAsync(LambdaStore<Order> store)
    {
        await store.AppendAsync(new[] { Order.Of(1, "a", 10), Order.Of(2, "a", 20) });
        await store.RunBatchAsync();
        await store.AppendAsync(Order.Of(3, "b", 5));
        await store.AppendAsync(new[] { Order.Of(4, "c", 11).InPlaceOf(1), Order.Of(5, "b", 6).InPlaceOf(3), Order.Of(6, "b", 7).InPlaceOf(3) });
    }

    private static async Task<bool> FailsAsync(LambdaStore<Order> store)
    {
        try
        {
            await store.RunBatchAsync();
            return false;
        }
        catch (LambdaCoreException)
        {
            return true;
        }
    }

    private static async Task CloseAsync(LambdaStore<Order> store)
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
