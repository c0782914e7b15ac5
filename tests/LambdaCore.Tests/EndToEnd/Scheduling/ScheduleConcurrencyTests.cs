using LambdaCore.Storage;
using LambdaCore.Tests.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd.Scheduling;

/// <summary>A schedule among runs by hand, appends, failures and closing, all at any moment.</summary>
internal sealed class ScheduleConcurrencyTests
{
    private static int Rounds => int.TryParse(Environment.GetEnvironmentVariable("LAMBDACORE_SEQUENCES"), out int given) ? Math.Clamp(given, 1, 200) : 60;

    [Test]
    public async Task Two_runs_are_never_at_work_at_once()
    {
        Random random = Seed.Random(out _);
        long scheduled = 0;
        for (int round = 0; round < Rounds; round++)
        {
            await using ScheduledStore scene = new(BatchSchedule.AfterEvents(1 + random.Next(20)).OrEvery(TimeSpan.FromSeconds(1 + random.Next(10))));
            List<Task<BatchRun>> byHand = [];
            for (int step = random.Next(3, 12); step > 0; step--)
            {
                switch (random.Next(4))
                {
                    case 0: byHand.Add(scene.Store.RunBatchAsync()); break;
                    case 1: scene.Clock.Advance(TimeSpan.FromSeconds(random.Next(10))); break;
                    case 2: Thread.SpinWait(random.Next(100_000)); break;
                    default: await scene.AppendAsync(random.Next(1, 30)); break;
                }

                Assert.That(await scene.AnswersAsync());
            }

            BatchRun[] ended = await Task.WhenAll(byHand);

            // A run that begins while another is at work fails.
            Assert.That(scene.Store.BatchStatus.LastFailure, Is.Null);
            scheduled += scene.Log.Ids.Count(id => id == 20) - ended.Count(run => run.Views.Count > 0);
        }

        TestContext.Out.WriteLine($"{scheduled} runs by the schedule in {Rounds} rounds");
        Assert.That(scheduled, Is.GreaterThan(0));
    }

    [Test]
    public async Task A_store_closes_at_any_moment_and_nothing_is_lost()
    {
        Random random = Seed.Random(out _);
        using InMemoryStorage disk = new();
        SimulatedClock clock = new();
        long appended = 0;
        int interrupted = 0;
        for (int round = 0; round < Rounds; round++)
        {
            LambdaStore<Purchase> store = Purchase.Open(disk, o =>
            {
                o.AddView(Purchase.ByProduct).TimeProvider = clock;
                o.BatchSchedule = BatchSchedule.AfterEvents(1 + random.Next(10)).OrEvery(TimeSpan.FromSeconds(5));
            });
            Assert.That((await Purchase.CountsAsync(store)).Values.Sum(), Is.EqualTo(appended));
            bool fails = random.Next(2) == 0;
            disk.BeforeCall = !fails ? null : call =>
            {
                if (call.Path.StartsWith("views/", StringComparison.Ordinal) && call.Operation == StorageOperation.Rename)
                {
                    throw new StorageException("The disk refuses.");
                }
            };
            int count = random.Next(12);
            await store.AppendAsync(Enumerable.Range(0, count).Select(i => Purchase.Of($"p{i}", i)).ToArray());
            appended += count;
            clock.Advance(TimeSpan.FromSeconds(random.Next(8)));
            Thread.SpinWait(random.Next(3) * random.Next(400_000));
            interrupted += store.BatchStatus.IsRunning ? 1 : 0;
            await store.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(60));
            disk.BeforeCall = null;
            Assert.That(store.BatchStatus.IsRunning, Is.False);
            Assert.That(clock.NextTimer, Is.Null, "No timer outlives the store.");
        }

        TestContext.Out.WriteLine($"{interrupted} of {Rounds} closings met a run at work");
        Assert.That(interrupted, Is.GreaterThan(0));
    }

    [Test]
    public async Task A_run_by_the_schedule_is_cancelled_by_closing_and_one_by_hand_comes_to_its_end()
    {
        foreach (bool byHand in new[] { false, true })
        {
            await using ScheduledStore scene = new(byHand ? BatchSchedule.ByHand : BatchSchedule.AfterEvents(1));
            using HeldRun held = scene.HoldNextRun();
            await scene.AppendAsync(5);
            Task<BatchRun>? run = byHand ? scene.Store.RunBatchAsync() : null;
            await scene.UntilAsync(() => held.Stands, "a run");
            Task closed = scene.Store.DisposeAsync().AsTask();
            await Task.Delay(20);
            Assert.That(closed.IsCompleted, Is.False, "The run still stands.");
            held.Dispose();
            await closed;
            Assert.That(scene.Store.BatchStatus.LastRun is not null, Is.EqualTo(byHand));
            Assert.That(scene.Store.BatchStatus.LastFailure, Is.Null);
            Assert.That(run?.Result.End.Value ?? 5, Is.EqualTo(5));
        }
    }
}
