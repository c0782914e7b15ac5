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
    private const string Before = "a 2x 30, b 1x 5";
    private const string After = "a 1x 20, b 1x 7, c 1x 11";

    [Test]
    public Task Amendments_are_applied_or_not_whichever_storage_call_of_the_run_fails([Values] Ending ending) => new EachCall<Order>
    {
        Open = disk => Order.Open(disk),
        Fill = FillAsync,
        Operate = store => store.RunBatchAsync(),
        LongestStep = 4,
        AfterRefusal = ShownAsync,
        Check = async (again, _, where) =>
        {
            bool isDone = await IsDoneAsync(again, where);
            BatchRun run = await again.RunBatchAsync();
            Assert.That(run.Amendments, Is.EqualTo(isDone ? default : new AmendmentRun(Amending: 3, Amended: 3, NotFound: 0)), where);
            Assert.That(await IsDoneAsync(again, where), where);
            Assert.That((await again.ReadChangesAsync()).Select(c => (c.Kind, c.Events)), Is.EqualTo(new[] { (LogChangeKind.Amendment, 3L) }), where);
            return isDone;
        },
    }.RunAsync(ending, Seed.Random(out _));

    /// <summary>Whether the view shows the events after, as the list of changes says.</summary>
    private static async Task<bool> IsDoneAsync(LambdaStore<Order> store, string where)
    {
        bool shown = await ShownAsync(store, where) == After;
        Assert.That((await store.ReadChangesAsync()).Count > 0, Is.EqualTo(shown), where);
        return shown;
    }

    private static async Task<string> ShownAsync(LambdaStore<Order> store, string where)
    {
        string shown = await Order.ShowAsync(store);
        Assert.That(shown, Is.EqualTo(Before).Or.EqualTo(After), where);
        return shown;
    }

    /// <summary>Amended is an event in an old segment, one of the tail, and one that amends it, which is amended in turn.</summary>
    private static async Task FillAsync(LambdaStore<Order> store)
    {
        await store.AppendAsync(new[] { Order.Of(1, "a", 10), Order.Of(2, "a", 20) });
        await store.RunBatchAsync();
        await store.AppendAsync(Order.Of(3, "b", 5));
        await store.AppendAsync(new[] { Order.Of(4, "c", 11).InPlaceOf(1), Order.Of(5, "b", 6).InPlaceOf(3), Order.Of(6, "b", 7).InPlaceOf(3) });
    }
}
