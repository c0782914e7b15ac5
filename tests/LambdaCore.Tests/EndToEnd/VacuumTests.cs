using LambdaCore.Log;
using LambdaCore.Storage;
using LambdaCore.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd;

/// <summary>Small segments become one and old files go, and nobody who asks can tell.</summary>
internal sealed class VacuumTests
{
    private static readonly DateTimeOffset Noon = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly ViewDefinition<Ping, DateTimeOffset, Sums> Hours =
        View.Of<Ping>("hours").GroupBy(e => Window.Hour(e.Time)).Select(g => new Sums(g.Count(), g.Sum(e => e.Number), g.Latest(e => e.Number)));

    private static readonly ViewDefinition<Ping, bool, long> Later = View.Of<Ping>("later").GroupBy(e => e.Number % 2 == 0).Select(g => g.Sum(e => e.Number));

    [Test]
    public async Task Compaction_changes_no_answer_and_no_receipt()
    {
        using InMemoryStorage disk = new();
        SimulatedClock clock = new(Noon);
        await using LambdaStore<Ping> store = Open(disk, clock);
        for (int i = 0; i < 12; i++)
        {
            await store.AppendAsync(Events(10 * i, 10));
            await store.RunBatchAsync();
        }

        await store.AppendAsync(Events(120, 5));
        EventLog<Ping> log = StoreInternals<Ping>.Of(store).Log;
        EventTimeTally[] tallies = Tallies(log);
        string before = await DescribeAsync(store);
        CompactionReceipt receipt = await store.CompactAsync();
        Assert.That(receipt, Is.EqualTo(new CompactionReceipt(12, 1)));
        Assert.That(log.Revision, Is.Zero);
        Assert.That(await DescribeAsync(store), Is.EqualTo(before));
        Assert.That(Tallies(log), Is.EqualTo(tallies), "batches ended there");
        Assert.That(await store.CompactAsync(), Is.EqualTo(new CompactionReceipt(1, 1)));
        await store.DisposeAsync();
        await using LambdaStore<Ping> again = Open(disk, clock, Hours, Later);
        Assert.That(await DescribeAsync(again), Is.EqualTo(before));
        Assert.That(Tallies(StoreInternals<Ping>.Of(again).Log), Is.EqualTo(tallies));
        Assert.That((await again.GetAsync(Later, true))!.Result, Is.EqualTo(Enumerable.Range(0, 125).Where(n => n % 2 == 0).Sum()), "computed from the segment that is one");

        static EventTimeTally[] Tallies(EventLog<Ping> log) => [.. Enumerable.Range(0, 126).Select(n => log.SealedTally(new LogPosition(n)))];
    }

    [Test]
    public async Task Batch_runs_keep_segments_few_by_themselves_within_their_bounds()
    {
        using InMemoryStorage disk = new();
        await using LambdaStore<Ping> store = Open(disk, new SimulatedClock(Noon), configure: o => o.SegmentEvents = 100);
        EventLog<Ping> log = StoreInternals<Ping>.Of(store).Log;
        int most = 0;
        for (int i = 0; i < 60; i++)
        {
            await store.AppendAsync(Events(3 * i, 3));
            await store.RunBatchAsync();
            most = Math.Max(most, log.SegmentCount);
        }

        Assert.That(most, Is.InRange(CompactionPlan.Many - 1, CompactionPlan.Many + 2), "full segments, and those that are not yet many");
        Assert.That(disk.List("log").Count(f => f.EndsWith(".parquet", StringComparison.Ordinal)), Is.GreaterThan(60), "no file goes without a vacuum");
        Assert.That((await store.Query(Hours).ExecuteAsync()).Rows.Sum(r => r.Result.Count), Is.EqualTo(180));
    }

    [Test]
    public async Task Files_go_when_they_have_been_out_of_use_for_the_window()
    {
        using InMemoryStorage disk = new();
        SimulatedClock clock = new(Noon);
        LambdaStore<Ping> store = Open(disk, clock, configure: o => o.TimeTravelWindow = TimeSpan.FromDays(2));
        await using (store)
        {
            for (int i = 0; i < 3; i++)
            {
                await store.AppendAsync(Events(10 * i, 10));
                await store.RunBatchAsync();
            }

            DateTimeOffset compactedAt = clock.GetUtcNow();
            await store.CompactAsync();
            clock.Advance(TimeSpan.FromDays(2) - TimeSpan.FromTicks(1));
            VacuumReceipt early = await store.VacuumAsync();
            Assert.That(early.Remaining.Select(f => (f.Path.Split('/')[0], f.RemovedAt, f.Until, f.IsInUse)), Is.EqualTo(
                Enumerable.Repeat(("log", compactedAt, compactedAt + TimeSpan.FromDays(2), false), 3)));
            Assert.That(early.OldestVersion, Is.Zero);
            Assert.That(early.OldestTime, Is.EqualTo(Noon));
            clock.Advance(TimeSpan.FromTicks(1));
            using (MaterialisedSegments held = StoreInternals<Ping>.Of(store).Log.SegmentsAt(3, new LogRange(LogPosition.Zero, new LogPosition(30)))!)
            {
                Assert.That(held.Files, Has.Count.EqualTo(3));
                VacuumReceipt inUse = await store.VacuumAsync();
                Assert.That(inUse.Remaining.Select(f => f.IsInUse), Is.EqualTo(new[] { true, true, true }));
                Assert.That(inUse.Files, Is.Zero);
            }

            string before = await DescribeAsync(store);
            VacuumReceipt late = await store.VacuumAsync();
            Assert.That(late.Files, Is.EqualTo(3));
            Assert.That(late.Bytes, Is.EqualTo(early.Remaining.Sum(f => f.Bytes)).And.GreaterThan(0));
            Assert.That(late.Remaining, Is.Empty);
            Assert.That((late.OldestVersion, late.OldestTime), Is.EqualTo((4L, compactedAt)));
            Assert.That(disk.List("log"), Has.Count.EqualTo(1));
            Assert.That(await DescribeAsync(store), Is.EqualTo(before));
            Assert.That(StoreInternals<Ping>.Of(store).Log.SegmentsAt(3, new LogRange(LogPosition.Zero, new LogPosition(30))), Is.Null);
        }

        await using LambdaStore<Ping> again = Open(disk, clock, Hours, Later);
        Assert.That((await again.VacuumAsync(TimeSpan.Zero)).OldestVersion, Is.EqualTo(4), "what was vacuumed is known after opening");
        Assert.That((await again.Query(Later).ExecuteAsync()).Rows.Sum(r => r.Result), Is.EqualTo(Enumerable.Range(0, 30).Sum()));
    }

    [Test]
    public async Task Files_of_batch_views_that_were_replaced_go_at_once()
    {
        using InMemoryStorage disk = new();
        await using LambdaStore<Ping> store = Open(disk, new SimulatedClock(Noon));
        await store.AppendAsync(Events(0, 10));
        await store.RunBatchAsync();
        await store.RunBatchAsync(BatchMode.Full);
        Assert.That(disk.List("views/hours"), Has.Count.EqualTo(2));
        VacuumReceipt receipt = await store.VacuumAsync();
        Assert.That(receipt.Files, Is.EqualTo(2), "the Parquet file and the lookup file");
        Assert.That(disk.List("views/hours"), Has.Count.EqualTo(1));
        Assert.That(disk.List("views/hours/_lookup"), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task A_negative_length_of_time_is_refused()
    {
        using InMemoryStorage disk = new();
        await using LambdaStore<Ping> store = Open(disk, new SimulatedClock(Noon));
        Assert.That(() => store.VacuumAsync(TimeSpan.FromTicks(-1)), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => Open(disk, new SimulatedClock(Noon), configure: o => o.TimeTravelWindow = TimeSpan.FromTicks(-10)), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That((await store.VacuumAsync(TimeSpan.MaxValue)).Files, Is.Zero);
    }

    [Test]
    public async Task Compaction_and_vacuum_that_die_at_any_storage_call_harm_nothing([Values] bool powerIsCut)
    {
        int call = 1;
        for (bool died = true; died; call++)
        {
            InMemoryStorage disk = new();
            SimulatedClock clock = new(Noon);
            string before;
            await using (LambdaStore<Ping> store = Open(disk, clock))
            {
                await SealInPartsAsync(store);
                before = await DescribeAsync(store);
            }

            died = await DieAsync(disk, clock, call);
            using InMemoryStorage left = powerIsCut ? disk.Crash(new Random(call)) : disk.Kill();
            disk.Dispose();
            await using LambdaStore<Ping> again = Open(left, clock, Hours, Later);
            string where = $"call {call}";
            Assert.That(await DescribeAsync(again), Is.EqualTo(before), where);
            Assert.That((await again.Query(Later).ExecuteAsync()).Rows.Sum(r => r.Result), Is.EqualTo(Enumerable.Range(0, 40).Sum()), where);
            Assert.That((await again.CompactAsync()).SegmentsAfter, Is.EqualTo(1), where);
            Assert.That((await again.VacuumAsync(TimeSpan.Zero)).Remaining, Is.Empty, where);
            Assert.That(left.List("log"), Has.Count.EqualTo(1), where);
            Assert.That(await DescribeAsync(again), Is.EqualTo(before), where);
        }

        TestContext.Out.WriteLine($"{call} calls");
        Assert.That(call, Is.GreaterThan(15));
    }

    [Test]
    public async Task A_vacuum_that_the_disk_refuses_once_can_be_done_again()
    {
        int refusals = 0;
        bool wasRefused = true;
        for (int call = 1; wasRefused; call++)
        {
            using InMemoryStorage disk = new();
            await using LambdaStore<Ping> store = Open(disk, new SimulatedClock(Noon));
            await SealInPartsAsync(store);
            await store.CompactAsync();
            string before = await DescribeAsync(store);
            int calls = 0;
            wasRefused = false;
            disk.BeforeCall = _ =>
            {
                if (++calls == call)
                {
                    wasRefused = true;
                    throw new StorageException("The disk refuses.");
                }
            };
            try
            {
                await store.VacuumAsync(TimeSpan.Zero);
            }
            catch (StorageException)
            {
                refusals++;
            }

            disk.BeforeCall = null;
            Assert.That(await DescribeAsync(store), Is.EqualTo(before), $"call {call}");
            Assert.That((await store.VacuumAsync(TimeSpan.Zero)).Remaining, Is.Empty, $"call {call}");
            Assert.That(disk.List("log"), Has.Count.EqualTo(1), $"call {call}");
        }

        Assert.That(refusals, Is.GreaterThan(5));
    }

    [Test]
    public async Task Files_may_be_kept_for_ever_and_what_belongs_to_no_version_goes_all_the_same()
    {
        using InMemoryStorage disk = new();
        await using LambdaStore<Ping> store = Open(disk, new SimulatedClock(Noon));
        await SealInPartsAsync(store);
        await store.CompactAsync();
        disk.PublishNew("log/left over.parquet", new byte[123]);

        VacuumReceipt kept = await store.VacuumAsync(TimeSpan.MaxValue);
        Assert.That((kept.Files, kept.Bytes), Is.EqualTo((1, 123L)));
        Assert.That(kept.Remaining, Has.Count.EqualTo(4));
        Assert.That(kept.Remaining.Select(r => (r.Until, r.IsInUse)), Is.All.EqualTo((DateTimeOffset.MaxValue, false)));
        Assert.That(disk.List("log").Where(f => f.EndsWith(".parquet", StringComparison.Ordinal)), Has.Exactly(5).Items);

        VacuumReceipt gone = await store.VacuumAsync(TimeSpan.Zero);
        Assert.That((gone.Files, gone.Remaining.Count), Is.EqualTo((4, 0)));
    }

    private static async Task SealInPartsAsync(LambdaStore<Ping> store)
    {
        for (int i = 0; i < 4; i++)
        {
            await store.AppendAsync(Events(10 * i, 10));
            await StoreInternals<Ping>.Of(store).Log.SealAsync(store.Position, CancellationToken.None);
        }
    }

    /// <summary>Compacts and vacuums until a storage call, from which on the disk is dead.</summary>
    private static async Task<bool> DieAsync(InMemoryStorage disk, SimulatedClock clock, int call)
    {
        bool died = false;
        try
        {
            await using LambdaStore<Ping> store = Open(disk, clock);
            int calls = 0;
            disk.BeforeCall = _ =>
            {
                if (++calls >= call)
                {
                    died = true;
                    throw new StorageException("The disk is dead.");
                }
            };
            await store.CompactAsync();
            await store.VacuumAsync(TimeSpan.Zero);
            disk.BeforeCall = null;
        }
        catch (LambdaCoreException) when (died)
        {
        }

        disk.BeforeCall = null;
        return died;
    }

    private static async Task<string> DescribeAsync(LambdaStore<Ping> store)
    {
        ViewAnswer<DateTimeOffset, Sums> answer = await store.Query(Hours).ExecuteAsync();
        EventTimeStatus times = store.EventTime;
        return $"{string.Join("; ", answer.Rows.Select(r => $"{r.Key:O} {r.Result}"))} {answer.Receipt.Position} {answer.Receipt.Watermark:O} {times}";
    }

    private static Ping[] Events(int first, int count) =>
        [.. Enumerable.Range(first, count).Select(n => new Ping(Noon.AddMinutes((n * 37 % 300) - (n % 7 == 0 ? 3000 : 0)), n))];

    private static LambdaStore<Ping> Open(InMemoryStorage disk, TimeProvider clock, params ViewDefinition<Ping>[] views) => Open(disk, clock, null, views);

    private static LambdaStore<Ping> Open(InMemoryStorage disk, TimeProvider clock, Action<LambdaStoreOptions<Ping>>? configure, params ViewDefinition<Ping>[] views)
    {
        LambdaStoreOptions<Ping> options = new() { BatchThreads = 1, TimeProvider = clock, LateEvents = LatePolicy.Include };
        options.EventTime(e => e.Time);
        configure?.Invoke(options);
        foreach (ViewDefinition<Ping> view in views.Length == 0 ? [Hours] : views)
        {
            options.AddView(view);
        }

        options.Validate();
        return StoreOpening.Open("memory", disk, options);
    }

    private sealed record Ping(DateTimeOffset Time, int Number);

    private sealed record Sums(long Count, long Sum, int Last);
}
