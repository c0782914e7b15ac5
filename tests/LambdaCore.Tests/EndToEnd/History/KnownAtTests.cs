using LambdaCore.Log;
using LambdaCore.Storage;
using LambdaCore.Tables;
using LambdaCore.Tests.Values;
using LambdaCore.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd.History;

/// <summary>What was known at a time is what the store answered then, whatever became of the events since.</summary>
[TestFixture]
internal sealed class KnownAtTests
{
    private static readonly EventColumn Product = new("Product", new ScalarType(ValueKind.String, false));

    [Test]
    public async Task Whoever_asks_later_gets_the_answers_that_were_given_then()
    {
        Random random = Seed.Random(out int seed);
        for (int round = 0; round < 4; round++)
        {
            SimulatedClock clock = new();
            using InMemoryStorage disk = new();
            LambdaStore<Purchase> store = Open(disk, clock, segmentEvents: 1 + random.Next(12));
            List<(DateTimeOffset At, LogPosition End, Dictionary<string, long> Answer)> recorded = [];
            for (int step = 0; step < 40; step++)
            {
                clock.Advance(TimeSpan.FromMilliseconds(1 + random.Next(5000)));
                switch (random.Next(10))
                {
                    case 9:
                        (string from, string to) = ($"p{random.Next(5)}", $"p{random.Next(5)}");
                        DateTimeOffset until = Purchase.Of("", random.Next(600)).At;
                        await store.CorrectAsync(e => e.Product == from && e.At < until, s => s.Set(e => e.Product, e => to), "test");
                        break;
                    case 0:
                        await store.RunBatchAsync();
                        break;
                    case 1 when store.Position.Value > 0:
                        await ChangeAsync(store, $"_position % {2 + random.Next(9)} = 0", random.Next(3) == 0 ? null : $"'p{random.Next(5)}'");
                        break;
                    case 2:
                        await store.DisposeAsync();
                        store = Open(disk, clock, segmentEvents: 1 + random.Next(12));
                        break;
                    case < 6:
                        await store.AppendAsync(Enumerable.Range(0, random.Next(9)).Select(_ => Purchase.Of($"p{random.Next(5)}", random.Next(600))).ToArray());
                        break;
                    default:
                        recorded.Add((clock.GetUtcNow(), store.Position, await Purchase.CountsAsync(store)));
                        break;
                }
            }

            clock.Advance(TimeSpan.FromMilliseconds(1));
            foreach ((DateTimeOffset at, LogPosition end, Dictionary<string, long> answer) in recorded)
            {
                ViewAnswer<string, long> past = await store.AsOf(at).Query(Purchase.ByProduct).ExecuteAsync();
                Assert.That(past.Rows.ToDictionary(r => r.Key, r => r.Result), Is.EqualTo(answer), $"seed {seed}, round {round}, at {at:O}");
                Assert.That(past.Receipt.Position, Is.LessThanOrEqualTo(end), $"seed {seed}, round {round}, at {at:O}");
                foreach (string product in answer.Keys)
                {
                    Assert.That((await store.AsOf(at).GetAsync(Purchase.ByProduct, product))?.Result, Is.EqualTo(answer[product]), $"seed {seed}, round {round}, at {at:O}");
                }
            }

            await store.DisposeAsync();
        }
    }

    [Test]
    public async Task A_time_before_the_first_event_has_no_rows_and_a_position_counts_later_corrections()
    {
        SimulatedClock clock = new();
        using InMemoryStorage disk = new();
        await using LambdaStore<Purchase> store = Open(disk, clock);
        DateTimeOffset start = clock.GetUtcNow();
        clock.Advance(TimeSpan.FromSeconds(1));
        await store.AppendAsync((Purchase[])[Purchase.Of("p0"), Purchase.Of("p1"), Purchase.Of("p0")]);
        DateTimeOffset before = clock.GetUtcNow();
        clock.Advance(TimeSpan.FromSeconds(1));
        await ChangeAsync(store, "_position = 0", "'p2'");
        Assert.That(await CountsAsync(store.AsOf(start)), Is.Empty);
        Assert.That(await CountsAsync(store.AsOf(LogPosition.Zero)), Is.Empty);
        Assert.That(await CountsAsync(store.AsOf(before)), Is.EqualTo(new Dictionary<string, long> { ["p0"] = 2, ["p1"] = 1 }));
        Assert.That(await CountsAsync(store.AsOf(clock.GetUtcNow())), Is.EqualTo(new Dictionary<string, long> { ["p0"] = 1, ["p1"] = 1, ["p2"] = 1 }));
        Assert.That(await CountsAsync(store.AsOf(new LogPosition(2))), Is.EqualTo(new Dictionary<string, long> { ["p1"] = 1, ["p2"] = 1 }));
    }

    [Test]
    public async Task What_cannot_be_known_is_refused()
    {
        SimulatedClock clock = new();
        using InMemoryStorage disk = new();
        await using LambdaStore<Purchase> store = Open(disk, clock);
        await store.AppendAsync(Purchase.Of("p0"));
        Assert.Multiple(() =>
        {
            Assert.That(() => store.AsOf(new LogPosition(2)), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("goes on to 1"));
            Assert.That(() => store.AsOf(clock.GetUtcNow().AddTicks(10)), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("not known yet"));
            HistoricalStore<Purchase> past = store.AsOf(store.Position);
            Assert.That(() => past.Query(Purchase.ByProduct).Reconcile(Reconciliation.Replace), Throws.InvalidOperationException.With.Message.Contains("nothing to reconcile"));
            Assert.That(async () => await past.Query(Purchase.ByProduct).From(AnswerSource.Speed).ExecuteAsync(), Throws.InvalidOperationException.With.Message.Contains("From(...)"));
            Assert.That(
                async () => await store.AsOf(LogPosition.Zero).Query(Purchase.ByProduct).WithConsistency(Consistency.AtLeast(store.Position)).ExecuteAsync(),
                Throws.InvalidOperationException.With.Message.Contains("a later moment"));
        });
    }

    [Test]
    public async Task Where_old_files_are_gone_the_error_says_since_when_the_log_is_known()
    {
        SimulatedClock clock = new();
        using InMemoryStorage disk = new();
        await using LambdaStore<Purchase> store = Open(disk, clock, segmentEvents: 3);
        await store.AppendAsync(Enumerable.Range(0, 9).Select(i => Purchase.Of($"p{i % 3}")).ToArray());
        await store.RunBatchAsync();
        DateTimeOffset[] times = new DateTimeOffset[3];
        for (int change = 0; change < 3; change++)
        {
            times[change] = clock.GetUtcNow();
            clock.Advance(TimeSpan.FromSeconds(1));
            await ChangeAsync(store, $"_position = {change}", $"'new{change}'");
            clock.Advance(TimeSpan.FromSeconds(1));
        }

        List<string> counts = [];
        foreach (DateTimeOffset time in times)
        {
            counts.Add(Show(await CountsAsync(store.AsOf(time))));
        }

        // What the second change took out of the table, as a vacuum would.
        DeltaSnapshot second = DeltaTable.Open(disk, clock, "log", null)!.ReadHistory().Where(s => ContentChange.Is(s.LastCommit)).ElementAt(1);
        disk.Delete($"log/{second.LastCommit.Removed.Single()}");
        LambdaCoreException error = (await Assert.ThrowsAsync<LambdaCoreException>(async () => await CountsAsync(store.AsOf(times[1]))))!;
        Assert.That(error.Message, Does.Contain($"Ask for {second.LastCommit.Timestamp:O} or later"));
        Assert.That(Show(await CountsAsync(store.AsOf(second.LastCommit.Timestamp))), Is.EqualTo(counts[2]));
        Assert.That(Show(await CountsAsync(store.AsOf(times[0]))), Is.EqualTo(counts[0]), "its files are there");
    }

    [Test]
    public async Task A_clock_that_is_set_back_does_not_take_events_out_of_order()
    {
        SimulatedClock clock = new();
        using InMemoryStorage disk = new();
        DateTimeOffset first = clock.GetUtcNow();
        await using (LambdaStore<Purchase> store = Open(disk, clock))
        {
            await store.AppendAsync(Purchase.Of("p0"));
            clock.Advance(TimeSpan.FromSeconds(-10));
            await store.AppendAsync(Purchase.Of("p1"));
        }

        await using (LambdaStore<Purchase> store = Open(disk, clock))
        {
            await store.AppendAsync(Purchase.Of("p2"));
            clock.Advance(TimeSpan.FromSeconds(11));
            await store.AppendAsync(Purchase.Of("p3"));
            Assert.That(await CountsAsync(store.AsOf(first.AddSeconds(-5))), Is.Empty);
            Assert.That((await CountsAsync(store.AsOf(first))).Keys, Is.EquivalentTo(["p0", "p1", "p2"]));
        }
    }

    [Test]
    public async Task What_was_known_stays_so_when_changed_and_unchanged_segments_have_become_one()
    {
        SimulatedClock clock = new();
        using InMemoryStorage disk = new();
        await using LambdaStore<Purchase> store = Open(disk, clock);
        List<(DateTimeOffset At, string Counts)> known = [];
        for (int segment = 0; segment < 3; segment++)
        {
            for (int i = 0; i < 3; i++)
            {
                clock.Advance(TimeSpan.FromSeconds(1));
                await store.AppendAsync(Purchase.Of($"p{i}"));
                known.Add((clock.GetUtcNow(), Show(await Purchase.CountsAsync(store))));
            }

            await store.RunBatchAsync();
        }

        clock.Advance(TimeSpan.FromSeconds(1));
        await ChangeAsync(store, "_position IN (1, 8)", "'changed'");
        known.Add((clock.GetUtcNow(), Show(await Purchase.CountsAsync(store))));
        Assert.That((await store.CompactAsync()).SegmentsAfter, Is.EqualTo(1));
        foreach ((DateTimeOffset at, string counts) in known)
        {
            Assert.That(Show(await CountsAsync(store.AsOf(at))), Is.EqualTo(counts), $"{at:O}");
        }
    }

    [Test]
    public async Task A_damaged_file_of_the_past_is_named_and_holds_up_no_vacuum()
    {
        SimulatedClock clock = new();
        using InMemoryStorage disk = new();
        DateTimeOffset before;
        await using (LambdaStore<Purchase> store = Open(disk, clock, segmentEvents: 3))
        {
            await store.AppendAsync(Enumerable.Range(0, 6).Select(i => Purchase.Of($"p{i % 3}")).ToArray());
            await store.AppendAsync(Enumerable.Range(0, 3).Select(i => Purchase.Of($"p{i}")).ToArray());
            await store.RunBatchAsync();
            before = clock.GetUtcNow();
            clock.Advance(TimeSpan.FromSeconds(1));
            await ChangeAsync(store, "_position = 8", "'changed'");
        }

        string old = DeltaTable.Open(disk, clock, "log", null)!.ReadHistory().Last(s => ContentChange.Is(s.LastCommit)).LastCommit.Removed.Single();
        using (IStorageFile file = disk.Open($"log/{old}", FileAccess.ReadWrite))
        {
            file.Write(10, [0xFF, 0xFE, 0xFD]);
        }

        await using LambdaStore<Purchase> again = Open(disk, clock, segmentEvents: 3);
        Assert.That(async () => await CountsAsync(again.AsOf(before)), Throws.InstanceOf<LogCorruptException>().With.Message.Contains(old));
        Assert.That(Show(await Purchase.CountsAsync(again)), Is.EqualTo("changed: 1, p0: 3, p1: 3, p2: 2"), "what is now is sound");
        VacuumReceipt vacuum = await again.VacuumAsync(TimeSpan.Zero);
        Assert.That((vacuum.Remaining.Count, disk.Exists($"log/{old}")), Is.EqualTo((0, false)));
        Assert.That(async () => await CountsAsync(again.AsOf(before)), Throws.InstanceOf<LambdaCoreException>().With.Message.Contains("files from before are gone"));
    }

    private static string Show(Dictionary<string, long> counts) => string.Join(", ", counts.OrderBy(c => c.Key).Select(c => $"{c.Key}: {c.Value}"));

    private static async Task<Dictionary<string, long>> CountsAsync(HistoricalStore<Purchase> past) =>
        (await past.Query(Purchase.ByProduct).ExecuteAsync()).Rows.ToDictionary(r => r.Key, r => r.Result);

    private static LambdaStore<Purchase> Open(IStorage disk, TimeProvider clock, int segmentEvents = 1000) => Purchase.Open(disk, options =>
    {
        options.TimeProvider = clock;
        options.SegmentEvents = segmentEvents;
        options.AddView(Purchase.ByProduct);
    });

    /// <summary>Gives all events that fulfil a condition another product, or removes them, and computes the views anew.</summary>
    private static async Task ChangeAsync(LambdaStore<Purchase> store, string condition, string? product)
    {
        await store.RunBatchAsync();
        EventLog<Purchase> log = StoreInternals<Purchase>.Of(store).Log;
        RewriteRequest request = new(log.SealedEnd, condition, product is null ? null : [new ColumnAssignment(Product, product)]);
        ContentChange change = new(product is null ? LogChangeKind.Erasure : LogChangeKind.Correction, "test", null, null, null);
        using PreparedRewrite prepared = log.PrepareRewrite(request, CancellationToken.None);
        await log.CommitRewriteAsync(prepared, change);
        await store.RunBatchAsync(BatchMode.Full);
    }
}
