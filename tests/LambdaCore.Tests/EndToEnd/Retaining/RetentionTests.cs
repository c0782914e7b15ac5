using LambdaCore.Storage;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd.Retaining;

/// <summary>Raw events go, oldest segments first, by age and by size; what the views answer stays.</summary>
[TestFixture]
internal sealed class RetentionTests
{
    private static readonly Retention TwoHours = Retention.Of(age: TimeSpan.FromHours(2));

    private RetentionScene _scene = new();

    [SetUp]
    public void Begin() => _scene = new RetentionScene();

    [TearDown]
    public void End() => _scene.Dispose();

    [Test]
    public async Task Segments_go_when_their_last_event_was_appended_longer_ago_than_the_age()
    {
        await using LambdaStore<Tick> store = _scene.Open(TwoHours);
        await _scene.AppendBatchesAsync(store, 30, 20, 10, 5);
        Assert.That(store.RawStart.Value, Is.EqualTo(30), "By itself: three hours after the first batch, the last run found the first segment too old.");
        RetentionRun run = await store.ApplyRetentionAsync();
        Assert.That((run.RawStart.Value, run.Events, run.Segments, run.WaitsFor.Count), Is.EqualTo((50L, 20L, 1, 0)));
        Assert.That(run.Bytes, Is.GreaterThan(0));
        Assert.That(await RetentionScene.WrongAsync(store), Is.Null);
        Assert.That((await store.ApplyRetentionAsync()).Events, Is.Zero, "Two hours to the microsecond are not more than two hours.");
        _scene.Clock.Advance(TimeSpan.FromMicroseconds(1));
        Assert.That((await store.ApplyRetentionAsync()).Events, Is.EqualTo(10));
        Assert.That(RetentionScene.Layers(store), Is.EqualTo("[0,30) [30,50) [50,60) [60,65)"));
        Assert.That(await RetentionScene.WrongAsync(store), Is.Null);
    }

    [Test]
    public async Task Segments_go_until_the_rest_is_not_larger_than_the_bytes()
    {
        await using LambdaStore<Tick> store = _scene.Open();
        await _scene.AppendBatchesAsync(store, 30, 20, 10, 5);
        long[] sizes = [.. _scene.Disk.List("log").Select(f => _scene.Disk.Length($"log/{f}"))];
        Assert.That(sizes, Has.Length.EqualTo(4));
        await store.DisposeAsync();
        foreach ((long bytes, long start) in new[] { (sizes.Sum(), 0L), (sizes.Sum() - 1, 30), (sizes[2] + sizes[3], 50), (sizes[3], 60), (sizes[3] - 1, 65), (0, 65) })
        {
            await using LambdaStore<Tick> again = _scene.Open(Retention.Of(bytes: bytes));
            await again.ApplyRetentionAsync();
            Assert.That(again.RawStart.Value, Is.EqualTo(start), $"{bytes} bytes");
            Assert.That(await RetentionScene.WrongAsync(again), Is.Null);
        }
    }

    [Test]
    public async Task Nothing_goes_that_a_view_has_no_batch_of()
    {
        await using LambdaStore<Tick> store = _scene.Open(Retention.Of(bytes: 0));
        await RetentionScene.AppendAsync(store, 20);
        await StoreInternals<Tick>.Of(store).Log.SealAsync(store.Position, CancellationToken.None);
        Assert.That((await store.ApplyRetentionAsync()).Segments, Is.Zero);
        BatchRun run = await store.RunBatchAsync();
        Assert.That(run.Retention!.Events, Is.EqualTo(20));
        Assert.That(run.Retention.ToString(), Does.Contain("20 events, 1 segments").And.Contain("raw events from 20"));
        Assert.That(await RetentionScene.WrongAsync(store), Is.Null);
    }

    [Test]
    public async Task A_store_without_a_retention_keeps_everything()
    {
        await using LambdaStore<Tick> store = _scene.Open();
        await _scene.AppendBatchesAsync(store, 30, 20);
        _scene.Clock.Advance(TimeSpan.FromDays(10_000));
        Assert.That((await store.ApplyRetentionAsync()).RawStart.Value, Is.Zero);
        Assert.That((await store.RunBatchAsync(BatchMode.Full)).Retention, Is.Null);
    }

    [Test]
    public async Task When_all_raw_events_have_gone_the_store_opens_and_goes_on()
    {
        await using (LambdaStore<Tick> store = _scene.Open(Retention.Of(bytes: 0)))
        {
            await _scene.AppendBatchesAsync(store, 30, 20);
            Assert.That(store.RawStart.Value, Is.EqualTo(50));
        }

        await using (LambdaStore<Tick> store = _scene.Open(Retention.Of(bytes: 0)))
        {
            Assert.That((store.RawStart.Value, store.SealedPosition.Value, store.Position.Value), Is.EqualTo((50, 50, 50)));
            Assert.That(await RetentionScene.WrongAsync(store), Is.Null);
            await RetentionScene.AppendAsync(store, 7);
            Assert.That(await RetentionScene.WrongAsync(store), Is.Null);
        }

        await using (LambdaStore<Tick> store = _scene.Open(Retention.Of(bytes: 0)))
        {
            Assert.That(await RetentionScene.WrongAsync(store), Is.Null);
            await store.RunBatchAsync();
            Assert.That(await RetentionScene.WrongAsync(store), Is.Null);
            Assert.That(RetentionScene.Layers(store), Is.EqualTo("[0,50) [50,57)"));
        }
    }

    [Test]
    public async Task A_full_batch_computes_what_is_left_and_says_what_it_keeps()
    {
        await using LambdaStore<Tick> store = _scene.Open(TwoHours);
        await _scene.AppendBatchesAsync(store, 30, 20, 10, 5);
        BatchRun full = await store.RunBatchAsync(BatchMode.Full);
        Assert.That(full.Retention!.RawStart.Value, Is.EqualTo(50));
        Assert.That(full.RawStart.Value, Is.EqualTo(30), "It ran before retention was applied.");
        Assert.That(full.Views.Select(v => (v.Range, v.Archive)), Is.All.EqualTo((Range(30, 65), Range(0, 30))));
        Assert.That(full.ToString(), Does.Contain("raw events before 30 have gone"));
        full = await store.RunBatchAsync(BatchMode.Full);
        Assert.That(full.Views.Select(v => (v.Range, v.Archive, v.Layers)), Is.All.EqualTo((Range(50, 65), Range(0, 50), 2)));
        Assert.That(await RetentionScene.WrongAsync(store), Is.Null);
    }

    [Test]
    public async Task A_view_that_is_added_later_counts_from_the_raw_start_and_says_so()
    {
        await using (LambdaStore<Tick> store = _scene.Open(TwoHours))
        {
            await _scene.AppendBatchesAsync(store, 30, 20, 10, 5);
        }

        ViewDefinition<Tick, int, Totals> late = RetentionScene.Groups("late");
        await using (LambdaStore<Tick> store = _scene.Open(Retention.Forever, RetentionScene.ByGroup, RetentionScene.ByMinute, late))
        {
            Assert.That(await RetentionScene.WrongAsync(store, 30, late), Is.Null);
            await store.RunBatchAsync();
            Assert.That(await RetentionScene.WrongAsync(store, 30, late), Is.Null);
        }

        await using (LambdaStore<Tick> store = _scene.Open(TwoHours, RetentionScene.ByGroup, RetentionScene.ByMinute, late))
        {
            Assert.That((await store.ApplyRetentionAsync()).RawStart.Value, Is.EqualTo(50));
            Assert.That(RetentionScene.Layers(store, "late"), Is.EqualTo("[30,50) [50,65)"));
            await store.RunBatchAsync(BatchMode.Full);
            Assert.That(await RetentionScene.WrongAsync(store, 30, late), Is.Null);
            Assert.That((await store.Query(late).From(AnswerSource.Batch).ExecuteAsync()).Receipt.Range, Is.EqualTo(Range(30, 65)));
        }

        await using (LambdaStore<Tick> store = _scene.Open(TwoHours, RetentionScene.ByGroup, RetentionScene.ByMinute, late))
        {
            Assert.That(await RetentionScene.WrongAsync(store, 30, late), Is.Null);
            Assert.That(await RetentionScene.WrongAsync(store), Is.Null);
        }
    }

    [Test]
    public async Task Retention_waits_for_views_that_the_store_was_not_opened_with_until_they_are_dropped()
    {
        await using (LambdaStore<Tick> store = _scene.Open())
        {
            await _scene.AppendBatchesAsync(store, 30, 20, 10);
        }

        await using (LambdaStore<Tick> store = _scene.Open(TwoHours, RetentionScene.ByGroup))
        {
            RetentionRun run = await store.ApplyRetentionAsync();
            Assert.That((run.RawStart.Value, run.Events), Is.EqualTo((0, 0)));
            Assert.That(run.WaitsFor, Is.EqualTo(new[] { "by_minute" }));
            Assert.That(run.ToString(), Does.Contain("waits for the views by_minute"));
            Assert.That((await store.RunBatchAsync()).Retention!.WaitsFor, Is.EqualTo(new[] { "by_minute" }));
            Assert.That(store.Describe(), Does.Contain("not opened: by_minute").And.Contain("raw events stay for 02:00:00"));
        }

        await using (LambdaStore<Tick> store = _scene.Open(TwoHours))
        {
            Assert.That((await store.ApplyRetentionAsync()).Events, Is.EqualTo(30));
            Assert.That(store.Describe(), Does.Not.Contain("not opened"));
            Assert.That(await RetentionScene.WrongAsync(store), Is.Null);
        }

        await using (LambdaStore<Tick> store = _scene.Open(Retention.Of(bytes: 0), RetentionScene.ByGroup))
        {
            await store.DropViewAsync("by_minute");
            Assert.That(store.Describe(), Does.Not.Contain("not opened"));
            Assert.That((await store.ApplyRetentionAsync()).Events, Is.EqualTo(30));
        }
    }

    [Test]
    public async Task What_the_times_of_events_came_to_survives_them()
    {
        EventTimeStatus before;
        Receipt receipt;
        await using (LambdaStore<Tick> store = _scene.Open())
        {
            await _scene.AppendBatchesAsync(store, 400, 300);
            await RetentionScene.AppendAsync(store, 100);
            before = store.EventTime;
            receipt = (await store.Query(RetentionScene.ByMinute).ExecuteAsync()).Receipt;
            Assert.That(before.Late, Is.GreaterThan(0));
        }

        for (int time = 0; time < 2; time++)
        {
            await using LambdaStore<Tick> store = _scene.Open(Retention.Of(bytes: 0));
            await store.ApplyRetentionAsync();
            Assert.That(store.RawStart.Value, Is.EqualTo(700));
            Assert.That(store.EventTime, Is.EqualTo(before));
            Receipt after = (await store.Query(RetentionScene.ByMinute).ExecuteAsync()).Receipt;
            Assert.That((after.Watermark, after.Late), Is.EqualTo((receipt.Watermark, receipt.Late)));
        }
    }

    [Test]
    public async Task Dead_letters_go_with_the_range_in_which_they_were_rejected([Values] bool refused)
    {
        await using LambdaStore<Tick> store = StoreOpening.Open("simulated", _scene.Disk, Rejecting());
        await _scene.AppendBatchesAsync(store, 300, 300);
        long[] all = await PositionsAsync(store);
        Assert.That(all.Count(p => p < 300), Is.GreaterThan(10));
        if (refused)
        {
            // The commit that removes the segments is made, that of the dead letters is not.
            _scene.Disk.BeforeCall = call =>
            {
                if (call.Path.StartsWith("deadletters/_delta_log", StringComparison.Ordinal))
                {
                    throw new StorageException("The disk refuses.");
                }
            };
            Assert.That(async () => await store.ApplyRetentionAsync(), Throws.InstanceOf<StorageException>());
            _scene.Disk.BeforeCall = null;
        }
        else
        {
            await store.ApplyRetentionAsync();
        }

        Assert.That(store.RawStart.Value, Is.EqualTo(300));
        Assert.That(await PositionsAsync(store), Is.EqualTo(all.Where(p => p >= 300)));
        await store.DisposeAsync();
        await using LambdaStore<Tick> again = StoreOpening.Open("simulated", _scene.Disk, Rejecting());
        Assert.That(await PositionsAsync(again), Is.EqualTo(all.Where(p => p >= 300)));

        LambdaStoreOptions<Tick> Rejecting() => new LambdaStoreOptions<Tick>
        {
            BatchThreads = 1,
            TimeProvider = _scene.Clock,
            Retention = Retention.Of(age: TimeSpan.FromMinutes(90)),
            LateEvents = LatePolicy.Reject,
            GracePeriod = TimeSpan.FromMinutes(10),
        }.EventTime(e => e.Time).AddView(RetentionScene.ByGroup);
    }

    [Test]
    public void A_retention_that_means_nothing_is_refused()
    {
        Assert.That(() => Retention.Of(), Throws.ArgumentException.With.Message.Contains("Retention.Forever"));
        Assert.That(() => Retention.Of(age: TimeSpan.FromTicks(-1)), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => Retention.Of(bytes: -1), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(Retention.Of(TimeSpan.FromDays(30), 5_000_000).ToString(), Is.EqualTo("for 30.00:00:00 and up to 5,000,000 bytes"));
    }

    private static LogRange Range(long start, long end) => new(new LogPosition(start), new LogPosition(end));

    private static async Task<long[]> PositionsAsync(LambdaStore<Tick> store)
    {
        List<long> positions = [];
        await foreach (DeadLetter<Tick> letter in store.ReadDeadLettersAsync())
        {
            positions.Add(letter.Position.Value);
        }

        return [.. positions];
    }
}
