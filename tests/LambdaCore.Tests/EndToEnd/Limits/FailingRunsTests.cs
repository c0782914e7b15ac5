using LambdaCore.Storage;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd.Limits;

/// <summary>A batch that fails again and again costs nothing but time: the speed layer's parts stay few, and answers exact.</summary>
[TestFixture]
internal sealed class FailingRunsTests
{
    private static readonly ViewDefinition<Purchase, string, double> Sketched =
        View.Of<Purchase>("sketched").GroupBy(e => e.Product).Select(g => (double)g.ApproxDistinct(e => e.At));

    [TestCase(StorageOperation.Rename, "views/by_product/")]
    [TestCase(StorageOperation.Rename, "log/")]
    public async Task However_often_runs_fail_the_speed_layer_has_few_generations_and_the_next_run_covers_all(StorageOperation refused, string folder)
    {
        using InMemoryStorage disk = new();
        await using LambdaStore<Purchase> store = Purchase.Open(disk, o => o.AddView(Purchase.ByProduct).AddView(Sketched));
        disk.BeforeCall = call =>
        {
            if (call.Operation == refused && call.Path.StartsWith(folder, StringComparison.Ordinal))
            {
                throw new StorageException("The disk refuses.");
            }
        };
        int events = 0;
        for (int run = 0; run < 40; run++)
        {
            await store.AppendAsync(new[] { Purchase.Of($"p{run % 7}", run), Purchase.Of("all", run) });
            events += 2;
            Assert.That(async () => await store.RunBatchAsync(), Throws.InstanceOf<LambdaCoreException>());
            Assert.That(Generations(store), Is.LessThanOrEqualTo(4), $"run {run}");
            Assert.That((await Purchase.CountsAsync(store)).Values.Sum(), Is.EqualTo(events), $"run {run}");
            Assert.That((await store.GetAsync(Sketched, "all"))!.Result, Is.EqualTo(run + 1), $"run {run}");
        }

        disk.BeforeCall = null;
        Assert.That((await store.RunBatchAsync()).End.Value, Is.EqualTo(events));
        Assert.That(Generations(store), Is.EqualTo(1));
        Assert.That(Enumerable.Sum((await store.Query(Purchase.ByProduct).From(AnswerSource.Batch).ExecuteAsync()).Rows, r => r.Result), Is.EqualTo(events));
        Assert.That((await store.GetAsync(Sketched, "all"))!.Result, Is.EqualTo(40));
    }

    [Test]
    public async Task Runs_of_other_views_leave_few_generations_to_a_view_that_is_computed_in_the_background()
    {
        using InMemoryStorage disk = new();
        await using (LambdaStore<Purchase> store = Purchase.Open(disk, o => o.AddView(Purchase.ByProduct)))
        {
            await store.AppendAsync(Enumerable.Range(0, 100).Select(i => Purchase.Of($"p{i}", i)).ToArray());
            await store.RunBatchAsync();
        }

        await using LambdaStore<Purchase> again = Purchase.Open(disk, o =>
        {
            o.AddView(Purchase.ByProduct).AddView(Sketched);
            o.Rebuilds = new RebuildOptions { FoldedAtOpening = 0 };
            o.HoldsRebuilds = true;
        });
        for (int run = 0; run < 20; run++)
        {
            await again.AppendAsync(Purchase.Of("all", run));
            await again.RunBatchAsync();
            Assert.That(Generations(again), Is.LessThanOrEqualTo(4), $"run {run}");
            Assert.That((await again.GetAsync(Sketched, "all"))!.Result, Is.EqualTo(run + 1), $"run {run}");
        }
    }

    private static int Generations(LambdaStore<Purchase> store) => StoreInternals<Purchase>.Of(store).Speed.MostGenerations;
}
