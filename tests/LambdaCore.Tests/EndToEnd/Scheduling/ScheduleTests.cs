using LambdaCore.Log;
using LambdaCore.Storage;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd.Scheduling;

/// <summary>When batches run by themselves, and when not.</summary>
internal sealed class ScheduleTests
{
    private static readonly TimeSpan Minutes10 = TimeSpan.FromMinutes(10);

    [Test]
    public async Task By_hand_nothing_ever_runs_by_itself()
    {
        await using ScheduledStore scene = new(BatchSchedule.ByHand);
        await scene.AppendAsync(1000);
        Assert.That(scene.Clock.NextTimer, Is.Null);
        scene.Clock.Advance(TimeSpan.FromDays(1000));
        Assert.That(scene.Store.BatchStatus, Is.EqualTo(new BatchStatus()));
    }

    [Test]
    public async Task A_run_comes_at_each_interval_counted_from_the_beginning_of_the_last_run()
    {
        await using ScheduledStore scene = new(BatchSchedule.Every(Minutes10));
        DateTimeOffset opened = scene.Clock.GetUtcNow();
        await scene.UntilWaitingAsync();
        Assert.That(scene.Store.BatchStatus.NextDue, Is.EqualTo(opened + Minutes10));
        await scene.AppendAsync(5);
        scene.Clock.Advance(Minutes10 - TimeSpan.FromTicks(1));
        Assert.That(scene.Store.BatchStatus.LastRun, Is.Null);
        scene.Clock.Advance(TimeSpan.FromTicks(1));
        await scene.UntilRunAsync(5);
        Assert.That(scene.Store.BatchStatus.LastRunAt, Is.EqualTo(opened + Minutes10));
        await scene.UntilWaitingAsync();

        // A run by hand counts as one, too, from its beginning on.
        scene.Clock.Advance(TimeSpan.FromMinutes(4));
        await scene.AppendAsync(1);
        DateTimeOffset began = scene.Clock.GetUtcNow();
        using (HeldRun held = scene.HoldNextRun())
        {
            Task<BatchRun> byHand = scene.Store.RunBatchAsync();
            await scene.UntilAsync(() => held.Stands, "a run by hand");
            scene.Clock.Advance(TimeSpan.FromMinutes(3));
            held.Dispose();
            await byHand;
        }

        await scene.UntilAsync(() => scene.Store.BatchStatus.NextDue == began + Minutes10, "a later time");
        await scene.UntilWaitingAsync();
    }

    [Test]
    public async Task A_run_comes_with_the_event_that_completes_the_number()
    {
        await using ScheduledStore scene = new(BatchSchedule.AfterEvents(10));
        for (int end = 10; end <= 40; end += 10)
        {
            await scene.AppendAsync(9);
            await Task.Yield();
            Assert.That(scene.Store.BatchStatus.LastRun?.End.Value ?? 0, Is.EqualTo(end - 10));
            await scene.AppendAsync(1);
            await scene.UntilRunAsync(end);
        }

        Assert.That(scene.Clock.NextTimer, Is.Null, "Time has no part in it.");
    }

    [TestCase(Durability.Fsync)]
    [TestCase(Durability.None)]
    public async Task A_run_comes_when_the_log_has_grown_by_so_many_bytes(Durability durability)
    {
        const int Bytes = 1_000_000;
        SimulatedClock clock = new();
        using InMemoryStorage disk = new();
        await using LambdaStore<Purchase> store = Purchase.Open(disk, o =>
        {
            o.AddView(Purchase.ByProduct).Durability = durability;
            o.BatchSchedule = BatchSchedule.AfterBytes(Bytes);
            o.TimeProvider = clock;
        });
        long least = long.MaxValue;
        long before = 0;
        for (long runs = 0, appended = 0; runs < 3;)
        {
            await store.AppendAsync(Purchase.Of("p") with { Note = new string('x', 50_000) });
            appended++;
            if (appended - before == 20)
            {
                // Twenty notes are more than the limit, so this one has made a run due.
                await WaitAsync(() => store.BatchStatus.LastRun?.End.Value == appended);
                least = Math.Min(least, appended - before);
                before = appended;
                runs++;
            }
            else
            {
                Assert.That(store.BatchStatus.LastRun?.End.Value ?? 0, Is.EqualTo(before));
            }
        }

        Assert.That(least, Is.EqualTo(20));
    }

    [Test]
    public async Task The_size_of_the_log_follows_what_is_appended_sealed_covered_and_opened_again()
    {
        await using ScheduledStore scene = new(BatchSchedule.ByHand);
        EventLog<Purchase> Log() => StoreInternals<Purchase>.Of(scene.Store).Log;
        Assert.That(Log().BytesAfter(LogPosition.Zero), Is.Zero);
        await scene.AppendAsync(1000);
        long encoded = Log().BytesAfter(LogPosition.Zero);
        Assert.That(encoded, Is.GreaterThan(20_000));
        await scene.ReopenAsync();
        Assert.That(Log().BytesAfter(LogPosition.Zero), Is.EqualTo(encoded));
        await Log().SealAsync(scene.Store.Position, CancellationToken.None);
        long compressed = Log().BytesAfter(LogPosition.Zero);
        Assert.That(compressed, Is.GreaterThan(0).And.LessThan(encoded));
        Assert.That(Log().BytesAfter(new LogPosition(500)), Is.EqualTo(compressed / 2));
        await scene.AppendAsync(1000);
        Assert.That(Log().BytesAfter(LogPosition.Zero), Is.EqualTo(compressed + encoded).Within(100));
        await scene.ReopenAsync();
        Assert.That(Log().BytesAfter(LogPosition.Zero), Is.EqualTo(compressed + encoded).Within(100));
        await scene.Store.RunBatchAsync();
        Assert.That(Log().BytesAfter(scene.Store.Position), Is.Zero);
    }

    [Test]
    public async Task Of_several_conditions_the_first_to_come_true_begins_a_run()
    {
        await using ScheduledStore scene = new(BatchSchedule.AfterEvents(10).OrEvery(Minutes10).OrAfterBytes(1 << 20));
        await scene.UntilWaitingAsync();
        await scene.AppendAsync(10);
        await scene.UntilRunAsync(10);
        await scene.AppendAsync(1);
        await scene.UntilWaitingAsync();
        scene.Clock.Advance(Minutes10);
        await scene.UntilRunAsync(11);
        await scene.Store.AppendAsync(Purchase.Of("p") with { Note = new string('x', 1 << 20) });
        await scene.UntilRunAsync(12);
    }

    [Test]
    public async Task Without_news_no_run_comes_and_the_next_interval_begins()
    {
        await using ScheduledStore scene = new(BatchSchedule.Every(Minutes10));
        DateTimeOffset opened = scene.Clock.GetUtcNow();
        for (int i = 1; i <= 20; i++)
        {
            await scene.UntilAsync(() => scene.Store.BatchStatus.NextDue == opened + (i * Minutes10) && scene.Clock.HasTimerAt(opened + (i * Minutes10)), $"a wait for {i}");
            scene.Clock.Advance(Minutes10);
        }

        await scene.UntilWaitingAsync();
        Assert.That(scene.Store.BatchStatus.LastRun, Is.Null);
        await scene.AppendAsync(1);
        scene.Clock.Advance(Minutes10);
        await scene.UntilRunAsync(1);
        Assert.That(scene.Log.Ids.Count(id => id == 20), Is.EqualTo(1), "One batch view was built.");
    }

    [Test]
    public async Task Intervals_longer_than_timers_allow_are_waited_for()
    {
        TimeSpan year = TimeSpan.FromDays(365);
        await using ScheduledStore scene = new(BatchSchedule.Every(year));
        DateTimeOffset opened = scene.Clock.GetUtcNow();
        await scene.AppendAsync(1);
        for (int day = 1; day <= 365; day++)
        {
            Assert.That(scene.Store.BatchStatus.LastRun, Is.Null);
            await scene.UntilAsync(() => scene.Clock.HasTimerAt(opened + TimeSpan.FromDays(day)), $"a timer for day {day}");
            scene.Clock.Advance(TimeSpan.FromDays(1));
        }

        await scene.UntilRunAsync(1);
    }

    [Test]
    public async Task Time_goes_on_while_the_store_is_closed()
    {
        await using ScheduledStore scene = new(BatchSchedule.Every(Minutes10));
        await scene.AppendAsync(3);
        await scene.Store.RunBatchAsync();
        await scene.AppendAsync(3);
        DateTimeOffset ran = scene.Clock.GetUtcNow();
        scene.Clock.Advance(TimeSpan.FromMinutes(4));
        await scene.ReopenAsync();
        await scene.UntilAsync(() => scene.Store.BatchStatus.NextDue == ran + Minutes10, "the rest of the interval");
        await scene.Store.DisposeAsync();
        scene.Clock.Advance(TimeSpan.FromHours(4));
        await scene.ReopenAsync();
        await scene.UntilRunAsync(6);
    }

    [Test]
    public async Task What_was_not_covered_when_the_store_was_closed_counts_when_it_is_opened()
    {
        await using ScheduledStore scene = new(BatchSchedule.AfterEvents(10));
        await scene.AppendAsync(9);
        await scene.ReopenAsync();
        await scene.AppendAsync(1);
        await scene.UntilRunAsync(10);
    }

    [Test]
    public async Task A_run_that_becomes_due_during_another_does_not_come_if_that_covers_it()
    {
        await using ScheduledStore scene = new(BatchSchedule.Every(Minutes10));
        await scene.UntilWaitingAsync();
        await scene.AppendAsync(5);
        DateTimeOffset began = scene.Clock.GetUtcNow();
        using HeldRun held = scene.HoldNextRun();
        Task<BatchRun> byHand = scene.Store.RunBatchAsync();
        await scene.UntilAsync(() => held.Stands, "a run by hand");
        scene.Clock.Advance(Minutes10);
        await scene.UntilAsync(() => scene.Store.BatchStatus.NextDue is null, "a run that is due");
        held.Dispose();
        BatchRun run = await byHand;

        // The next one is due at once, since the one by hand began long ago, but nothing is new.
        await scene.UntilAsync(() => scene.Store.BatchStatus.NextDue == began + Minutes10 + Minutes10, "the next interval");
        Assert.That(scene.Store.BatchStatus.LastRun, Is.SameAs(run));
    }

    [Test]
    public async Task A_run_that_becomes_due_during_another_follows_it_if_that_does_not_cover_it()
    {
        await using ScheduledStore scene = new(BatchSchedule.AfterEvents(10));
        await scene.AppendAsync(5);
        using HeldRun held = scene.HoldNextRun();
        Task<BatchRun> byHand = scene.Store.RunBatchAsync();
        await scene.UntilAsync(() => held.Stands, "a run by hand");
        await scene.AppendAsync(6);
        held.Dispose();
        Assert.That((await byHand).End.Value, Is.EqualTo(5));
        await scene.UntilRunAsync(11);
    }

    [Test]
    public void A_schedule_says_what_it_is_and_refuses_what_makes_no_sense()
    {
        Assert.That(BatchSchedule.ByHand.ToString(), Is.EqualTo("by hand"));
        Assert.That(BatchSchedule.Every(Minutes10).OrAfterEvents(1000).OrAfterBytes(1 << 20).ToString(), Is.EqualTo("every 00:10:00 or after 1000 events or after 1048576 bytes"));
        Assert.That(BatchSchedule.Every(Minutes10), Is.EqualTo(BatchSchedule.ByHand.OrEvery(Minutes10)));
        Assert.That(() => BatchSchedule.Every(TimeSpan.Zero), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => BatchSchedule.AfterEvents(0), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => BatchSchedule.AfterBytes(-1), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    private static async Task WaitAsync(Func<bool> holds)
    {
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(60));
        while (!holds())
        {
            await Task.Delay(1, limit.Token);
        }
    }
}
