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
    [Test]
    public Task A_correction_that_ends_at_any_storage_call_is_done_or_not_done([Values] Ending ending) => new EachCall<Purchase>
    {
        Open = disk => Purchase.Open(disk),
        Fill = FillAsync,
        Operate = store => store.CorrectAsync(e => e.Product == "old", s => s.Set(e => e.Product, "new"), "renamed"),
        LongestStep = 9,

        // A view that could not follow answers as before until the next batch run.
        AfterRefusal = ShownAsync,
        Check = async (again, _, where) =>
        {
            bool isDone = await IsDoneAsync(again, where);
            await again.RunBatchAsync();
            Assert.That(await IsDoneAsync(again, where), Is.EqualTo(isDone), where);
            return isDone;
        },
    }.RunAsync(ending, Seed.Random(out _));

    /// <summary>Whether the view shows the events after the correction, as the list of changes says.</summary>
    private static async Task<bool> IsDoneAsync(LambdaStore<Purchase> store, string where)
    {
        bool shown = await ShownAsync(store, where);
        Assert.That((await store.ReadChangesAsync()).Count > 0, Is.EqualTo(shown), where);
        return shown;
    }

    private static async Task<bool> ShownAsync(LambdaStore<Purchase> store, string where)
    {
        Dictionary<string, long> counts = await Purchase.CountsAsync(store);
        bool shown = counts.ContainsKey("new");
        Assert.That(counts, Is.EquivalentTo(new Dictionary<string, long> { [shown ? "new" : "old"] = 3, ["other"] = 3 }), where);
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
}
