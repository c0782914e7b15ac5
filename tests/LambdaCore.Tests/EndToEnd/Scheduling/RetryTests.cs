using LambdaCore.Storage;
using LambdaCore.Tests.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd.Scheduling;

/// <summary>Scheduled runs that fail: when they are tried again, when not, and that answers do not suffer.</summary>
internal sealed class RetryTests
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    [Test]
    public async Task A_run_that_fails_is_tried_again_ever_later_until_it_succeeds()
    {
        await using ScheduledStore scene = new(BatchSchedule.AfterEvents(10));
        scene.BatchDiskFails = true;
        await scene.AppendAsync(10);
        List<double> delays = await DelaysAsync(scene, 14);
        Assert.That(delays[0], Is.EqualTo(1).Within(0.2));
        Assert.That(delays, Is.Ordered);
        foreach ((double delay, double next) in delays.Skip(1).Zip(delays.Skip(2)).Where(pair => pair.Second < Longest.TotalSeconds))
        {
            Assert.That(next / delay, Is.EqualTo(2).Within(0.2));
        }

        Assert.That(delays.TakeLast(3), Is.All.EqualTo(Longest.TotalSeconds));
        BatchStatus failing = scene.Store.BatchStatus;
        Assert.That((failing.ConsecutiveFailures, failing.LastRun, failing.IsRunning, failing.IsScheduleStopped), Is.EqualTo((14, (BatchRun?)null, false, false)));
        Assert.That(failing.LastFailure, Is.TypeOf<StorageException>());
        Assert.That(scene.Log.Ids.Count(id => id == 30), Is.EqualTo(14));
        Assert.That(await scene.AnswersAsync());

        // What was appended meanwhile is covered too.
        await scene.AppendAsync(3);
        scene.BatchDiskFails = false;
        scene.Clock.Advance(Longest + TimeSpan.FromMilliseconds(1));
        await scene.UntilRunAsync(13);
        BatchStatus healed = scene.Store.BatchStatus;
        Assert.That((healed.ConsecutiveFailures, healed.LastFailure), Is.EqualTo((0, failing.LastFailure)));

        // The next failure begins from the start.
        scene.BatchDiskFails = true;
        await scene.AppendAsync(10);
        Assert.That(await DelaysAsync(scene, 3), Is.EqualTo(delays.Take(3)));
    }

    [Test]
    public async Task Delays_vary_at_random_and_never_exceed_the_longest()
    {
        Random random = Seed.Random(out int seed);
        double[][] delays = new double[6][];
        for (int i = 0; i < delays.Length; i++)
        {
            // Two by two they have the same random numbers.
            Random variation = new(seed + (i / 2));
            await using ScheduledStore scene = new(BatchSchedule.AfterEvents(1), variation.NextDouble);
            scene.BatchDiskFails = true;
            await scene.AppendAsync(1 + random.Next(20));
            delays[i] = [.. await DelaysAsync(scene, 12)];
            Assert.That(delays[i], Is.All.InRange(0, Longest.TotalSeconds));
        }

        Assert.That(delays[0], Is.EqualTo(delays[1]));
        Assert.That(delays[2], Is.EqualTo(delays[3]));
        Assert.That(delays.Select(d => d[0]).Distinct().Count(), Is.EqualTo(3));
    }

    [Test]
    public async Task A_run_by_hand_that_succeeds_ends_the_wait_for_the_next_attempt()
    {
        await using ScheduledStore scene = new(BatchSchedule.AfterEvents(10));
        scene.BatchDiskFails = true;
        await scene.AppendAsync(10);
        await DelaysAsync(scene, 8);
        scene.BatchDiskFails = false;
        BatchRun run = await scene.Store.RunBatchAsync();
        await scene.UntilAsync(() => scene.Clock.NextTimer is null && scene.Store.BatchStatus.NextDue is null, "an end of the wait");
        Assert.That(scene.Store.BatchStatus, Has.Property(nameof(BatchStatus.LastRun)).SameAs(run).And.Property(nameof(BatchStatus.ConsecutiveFailures)).Zero);
        await scene.AppendAsync(10);
        await scene.UntilRunAsync(20);
    }

    [Test]
    public async Task A_run_by_hand_that_fails_counts_and_its_caller_is_told()
    {
        await using ScheduledStore scene = new(BatchSchedule.ByHand);
        scene.BatchDiskFails = true;
        await scene.AppendAsync(1);
        Assert.That(async () => await scene.Store.RunBatchAsync(), Throws.TypeOf<StorageException>());
        Assert.That(scene.Store.BatchStatus, Has.Property(nameof(BatchStatus.ConsecutiveFailures)).EqualTo(1).And.Property(nameof(BatchStatus.NextDue)).Null);
        Assert.That(scene.Store.BatchStatus.LastFailureAt, Is.EqualTo(scene.Clock.GetUtcNow()));
    }

    [Test]
    public async Task A_run_that_its_caller_cancels_has_not_failed()
    {
        await using ScheduledStore scene = new(BatchSchedule.ByHand);
        await scene.AppendAsync(1);
        using CancellationTokenSource cancellation = new();
        using HeldRun held = scene.HoldNextRun();
        Task run = scene.Store.RunBatchAsync(cancellation.Token);
        await scene.UntilAsync(() => held.Stands, "a run by hand");
        Assert.That(scene.Store.BatchStatus.IsRunning);
        await cancellation.CancelAsync();
        held.Dispose();
        Assert.That(async () => await run, Throws.InstanceOf<OperationCanceledException>());
        Assert.That(scene.Store.BatchStatus, Is.EqualTo(new BatchStatus()));
    }

    [Test]
    public async Task The_schedule_stops_when_the_log_is_poisoned_and_queries_go_on()
    {
        await using ScheduledStore scene = new(BatchSchedule.Every(TimeSpan.FromHours(1)));
        await scene.UntilWaitingAsync();
        await scene.AppendAsync(5);
        scene.Disk.BeforeCall = call =>
        {
            if (call.Path.StartsWith("wal/", StringComparison.Ordinal) && call.Operation is StorageOperation.Write)
            {
                throw new StorageException("The disk refuses.");
            }
        };
        Assert.That(async () => await scene.Store.AppendAsync(Purchase.Of("lost")), Throws.TypeOf<LogPoisonedException>());
        scene.Disk.BeforeCall = null;
        scene.Clock.Advance(TimeSpan.FromHours(1));
        await StoppedAsync(scene);
        Assert.That(scene.Store.BatchStatus.LastFailure, Is.TypeOf<LogPoisonedException>());
    }

    [Test]
    public async Task The_schedule_stops_when_the_master_dataset_takes_nothing_more()
    {
        await using ScheduledStore scene = new(BatchSchedule.AfterEvents(5));
        scene.Disk.BeforeCall = call =>
        {
            if (call.Path.StartsWith("log/_delta_log", StringComparison.Ordinal))
            {
                throw new StorageException("The disk refuses.");
            }
        };
        await scene.AppendAsync(5);
        await scene.UntilWaitingAsync();
        Assert.That(scene.Store.BatchStatus, Has.Property(nameof(BatchStatus.ConsecutiveFailures)).EqualTo(1));
        scene.Disk.BeforeCall = null;
        scene.Clock.Advance(Longest + TimeSpan.FromMilliseconds(1));
        await StoppedAsync(scene);
        await scene.ReopenAsync();
        await scene.UntilRunAsync(5);
    }

    /// <summary>Lets attempts fail, from the first on, and tells the seconds from each to the next.</summary>
    private static async Task<List<double>> DelaysAsync(ScheduledStore scene, int failures)
    {
        List<double> delays = [];
        for (int i = 1; i <= failures; i++)
        {
            await scene.UntilAsync(() => scene.Store.BatchStatus.ConsecutiveFailures == i, $"failure {i}");
            await scene.UntilWaitingAsync();
            TimeSpan delay = scene.Store.BatchStatus.NextDue!.Value - scene.Clock.GetUtcNow();
            delays.Add(delay.TotalSeconds);
            if (i < failures)
            {
                scene.Clock.Advance(delay + TimeSpan.FromMilliseconds(1));
            }
        }

        return delays;
    }

    private static async Task StoppedAsync(ScheduledStore scene)
    {
        await scene.UntilAsync(() => scene.Store.BatchStatus.IsScheduleStopped, "an end of the schedule");
        await scene.UntilAsync(() => scene.Log.Ids.Contains(31), "a message about it");
        Assert.That(scene.Store.BatchStatus.NextDue, Is.Null);
        Assert.That(await scene.AnswersAsync());
    }
}
