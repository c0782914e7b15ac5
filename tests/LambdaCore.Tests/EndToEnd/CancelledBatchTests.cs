using LambdaCore.Log;
using LambdaCore.Storage;
using LambdaCore.Tests.Speed;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd;

/// <summary>A batch run that is cancelled, wherever it is, leaves nothing behind: no file in the scratch folder, and views that answer as before.</summary>
[TestFixture]
internal sealed class CancelledBatchTests
{
    private static readonly ViewDefinition<Purchase, string, double> Sketched =
        View.Of<Purchase>("sketched").GroupBy(e => e.Product).Select(g => (double)g.ApproxDistinct(e => e.At));

    [Test]
    public async Task A_run_that_is_cancelled_while_it_writes_small_segments_into_one_has_succeeded_and_the_next_does_that()
    {
        using InMemoryStorage disk = new();
        for (int run = 1; run < CompactionPlan.Many; run++)
        {
            await using LambdaStore<Purchase> before = Purchase.Open(disk);
            await before.AppendAsync(Purchase.Of("p"));
            await before.RunBatchAsync();
        }

        // The first segment is read by nothing else: the views cover it since long.
        await using LambdaStore<Purchase> store = Purchase.Open(disk);
        await store.AppendAsync(Purchase.Of("p"));
        using CancellationTokenSource cancellation = new();
        disk.BeforeCall = call =>
        {
            if (call.Operation == StorageOperation.Read && call.Path == Segments()[0])
            {
                cancellation.Cancel();
            }
        };
        Assert.That((await store.RunBatchAsync(BatchMode.Incremental, progress: null, cancellation.Token)).End.Value, Is.EqualTo(CompactionPlan.Many));
        disk.BeforeCall = null;
        Assert.That((cancellation.IsCancellationRequested, Segments().Length), Is.EqualTo((true, CompactionPlan.Many)));
        Assert.That(store.BatchStatus.ConsecutiveFailures, Is.Zero);
        await store.RunBatchAsync();
        Assert.That(Segments(), Has.Length.EqualTo(CompactionPlan.Many + 1), "the old ones stay until a vacuum");
        Assert.That((await store.CompactAsync()).SegmentsBefore, Is.EqualTo(1));
        Assert.That((await Purchase.CountsAsync(store))["p"], Is.EqualTo(CompactionPlan.Many));

        string[] Segments() => [.. disk.List("log").Where(f => f.EndsWith(".parquet", StringComparison.Ordinal)).Select(f => $"log/{f}")];
    }

    [Test]
    public async Task A_run_cancelled_at_any_of_its_steps_leaves_nothing_behind_and_the_next_one_succeeds([Values] BatchMode mode)
    {
        string folder = Directory.CreateTempSubdirectory("lambdacore-cancel-").FullName;
        try
        {
            await using LambdaStore<Purchase> store = Purchase.Open(new PhysicalStorage(folder), o => o.AddView(Purchase.ByProduct).AddView(Sketched));
            long events = 0;
            int cancelled = 0;
            for (int step = 1; step < 30; step++)
            {
                // Layers in proportion to be merged, so that there is a step for everything.
                for (int run = 0; run < 2; run++)
                {
                    await AppendAsync(30);
                    if (run == 0)
                    {
                        await store.RunBatchAsync();
                    }
                }

                using CancellationTokenSource cancellation = new();
                int left = step;
                Told progress = new(_ =>
                {
                    if (--left == 0)
                    {
                        cancellation.Cancel();
                    }
                });
                try
                {
                    await store.RunBatchAsync(mode, progress, cancellation.Token);
                }
                catch (OperationCanceledException)
                {
                    cancelled++;
                }

                await CheckAsync($"cancelled at step {step}");
                BatchRun next = await store.RunBatchAsync(mode);
                Assert.That(next.End.Value, Is.EqualTo(events));
                await CheckAsync($"after step {step}");
            }

            Assert.That(cancelled, Is.GreaterThanOrEqualTo(5));

            async Task AppendAsync(int count)
            {
                await store.AppendAsync(Enumerable.Range(0, count).Select(i => Purchase.Of($"p{i}", (int)events + i)).ToArray());
                events += count;
            }

            async Task CheckAsync(string where)
            {
                Assert.That(Directory.GetFileSystemEntries(Path.Combine(folder, "scratch")), Is.Empty, where);
                Assert.That((await Purchase.CountsAsync(store)).Values.Sum(), Is.EqualTo(events), where);
                Assert.That((await store.Query(Sketched).ExecuteAsync()).Rows.Sum(r => r.Result), Is.EqualTo(events), where);
                Assert.That((await store.GetAsync(Purchase.ByProduct, "p7"))!.Result, Is.EqualTo(events / 30), where);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Test]
    public async Task A_run_cancelled_at_any_moment_leaves_nothing_behind()
    {
        int seed = Seeds.Next();
        Random random = new(seed);
        string folder = Directory.CreateTempSubdirectory("lambdacore-cancel-").FullName;
        try
        {
            await using LambdaStore<Purchase> store = Purchase.Open(new PhysicalStorage(folder), o => o.AddView(Purchase.ByProduct).AddView(Sketched));
            long events = 0;
            for (int round = 0; round < 15; round++)
            {
                await store.AppendAsync(Enumerable.Range(0, 20_000).Select(i => Purchase.Of($"p{i % 5000}", (int)events + i)).ToArray());
                events += 20_000;
                using CancellationTokenSource cancellation = new();
                Task<BatchRun> run = store.RunBatchAsync(random.Next(2) == 0 ? BatchMode.Full : BatchMode.Incremental, cancellationToken: cancellation.Token);
                await Task.Delay(random.Next(120));
                await cancellation.CancelAsync();
                try
                {
                    await run;
                }
                catch (OperationCanceledException)
                {
                }

                Assert.That(Directory.GetFileSystemEntries(Path.Combine(folder, "scratch")), Is.Empty, $"seed {seed}, round {round}");
                Assert.That((await Purchase.CountsAsync(store)).Values.Sum(), Is.EqualTo(events), $"seed {seed}, round {round}");
            }

            Assert.That((await store.RunBatchAsync()).End.Value, Is.EqualTo(events));
            Assert.That((await store.Query(Purchase.ByProduct).From(AnswerSource.Batch).ExecuteAsync()).Rows.Sum(r => r.Result), Is.EqualTo(events));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Test]
    public async Task Progress_goes_through_the_phases_of_each_view()
    {
        using InMemoryStorage disk = new();
        await using LambdaStore<Purchase> store = Purchase.Open(disk, o => o.AddView(Purchase.ByProduct).AddView(Sketched));
        List<BatchProgress> told = [];
        for (int run = 0; run < 2; run++)
        {
            await store.AppendAsync(Enumerable.Range(0, 50).Select(i => Purchase.Of($"p{i}", i)).ToArray());
            told.Clear();
            await store.RunBatchAsync(BatchMode.Incremental, new Told(told.Add));
        }

        Assert.That(told[0], Is.EqualTo(new BatchProgress(null, BatchPhase.Sealing, 0, 50, 0, null)));
        foreach (string view in new[] { "by_product", "sketched" })
        {
            BatchProgress[] of = [.. told.Where(p => p.View == view)];
            Assert.That(of.Select(p => p.Phase).Distinct(), Is.EqualTo(new[] { BatchPhase.Computing, BatchPhase.Publishing, BatchPhase.Merging }));
            Assert.That(of.All(p => p.Rows <= p.TotalRows), Is.True);
            Assert.That(of.First(p => p.Phase == BatchPhase.Computing).TotalRows, Is.EqualTo(50));
            Assert.That(of.First(p => p.Phase == BatchPhase.Merging).TotalRows, Is.EqualTo(100), "two layers of 50 keys");
        }

        Assert.That(told.Select(p => p.Bytes), Is.Ordered);
        Assert.That(told[^1].Bytes, Is.Positive);
    }

    [Test]
    public async Task What_a_display_throws_does_not_disturb_the_run()
    {
        using InMemoryStorage disk = new();
        await using LambdaStore<Purchase> store = Purchase.Open(disk);
        await store.AppendAsync(Purchase.Of("a"));
        BatchRun run = await store.RunBatchAsync(BatchMode.Full, new Told(_ => throw new InvalidOperationException("The display is broken.")));
        Assert.That(run.Views, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task A_view_that_fails_does_not_keep_the_others_from_their_batch()
    {
        using InMemoryStorage disk = new();
        await using LambdaStore<Purchase> store = Purchase.Open(disk, o => o.AddView(Sketched).AddView(Purchase.ByProduct));
        await store.AppendAsync(new[] { Purchase.Of("a"), Purchase.Of("b", 1) });
        disk.BeforeCall = call =>
        {
            if (call.Operation == StorageOperation.Rename && call.Path.StartsWith("views/sketched/", StringComparison.Ordinal))
            {
                throw new StorageException("The disk refuses.");
            }
        };
        Assert.That(async () => await store.RunBatchAsync(), Throws.InstanceOf<StorageException>());
        Assert.That((await store.Query(Purchase.ByProduct).From(AnswerSource.Batch).ExecuteAsync()).Receipt.BatchEnd.Value, Is.EqualTo(2));
        Assert.That((await store.GetAsync(Sketched, "a"))!.Receipt.BatchEnd.Value, Is.Zero);
        disk.BeforeCall = null;
        Assert.That((await store.RunBatchAsync()).Views.Select(v => v.Name), Is.EqualTo(new[] { "sketched" }));
        Assert.That((await store.GetAsync(Sketched, "a"))!.Result, Is.EqualTo(1));
    }

    private sealed class Told(Action<BatchProgress> tell) : IProgress<BatchProgress>
    {
        public void Report(BatchProgress value) => tell(value);
    }
}
