using LambdaCore.Storage;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd;

/// <summary>Late events in a small store: what each policy does, what the receipt says, and that damage never changes a judgement.</summary>
[TestFixture]
internal sealed class LateEventTests
{
    private static readonly DateTimeOffset Noon = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly ViewDefinition<Ping, DateTimeOffset, long> Hours = View.Of<Ping>("hours").GroupBy(e => Window.Hour(e.Time)).Select(g => g.Count());

    private sealed record Ping(DateTimeOffset Time, int Number);

    [Test]
    public async Task What_waits_joins_with_the_next_batch_and_the_receipt_says_so()
    {
        using InMemoryStorage disk = new();
        await using LambdaStore<Ping> store = Open(disk, LatePolicy.BatchOnly);
        await store.AppendAsync(new Ping(Noon, 1));
        await store.AppendAsync(new Ping(Noon.AddHours(-30), 2));
        await store.AppendAsync(new Ping(Noon.AddMinutes(-90), 3));
        ViewAnswer<DateTimeOffset, long> before = await store.Query(Hours).ExecuteAsync();
        Assert.That(before.Rows.Select(r => (r.Key, r.Result, r.IsComplete)), Is.EqualTo(new[] { (Noon.AddHours(-2), 1L, (bool?)true), (Noon, 1L, false) }));
        Assert.That(before.Receipt.Late, Is.EqualTo(new LateCounts(1, 1, 0)));
        Assert.That((store.EventTime.Waiting, store.EventTime.TooLate), Is.EqualTo((1L, 1L)));
        await store.RunBatchAsync();
        ViewAnswer<DateTimeOffset, long> after = await store.Query(Hours).ExecuteAsync();
        Assert.That(after.Rows.Select(r => r.Result), Is.EqualTo(new[] { 1L, 1L, 1L }));
        Assert.That((after.Receipt.Late, store.EventTime.Waiting), Is.EqualTo((default(LateCounts), 0L)));
    }

    [Test]
    public async Task Nothing_but_rejected_events_makes_a_segment_without_rows()
    {
        using InMemoryStorage disk = new();
        await using (LambdaStore<Ping> store = Open(disk, LatePolicy.Reject))
        {
            await store.AppendAsync(new Ping(Noon, 1));
            await store.RunBatchAsync();
            await store.AppendAsync(new Ping[] { new(Noon.AddHours(-30), 2), new(Noon.AddHours(-40), 3) });
            await store.RunBatchAsync();
        }

        await using LambdaStore<Ping> reopened = Open(disk, LatePolicy.Include);
        Assert.That((await reopened.Query(Hours).ExecuteAsync()).Rows.Select(r => r.Result), Is.EqualTo(new[] { 1L }));
        List<DeadLetter<Ping>> letters = await LettersOf(reopened);
        Assert.That(letters.Select(l => (l.Position.Value, l.Event.Number, l.Lateness)), Is.EqualTo(new[] { (1L, 2, TimeSpan.FromHours(30)), (2L, 3, TimeSpan.FromHours(40)) }));
        Assert.That(letters[0].Reason, Does.Contain("grace period of 1.00:00:00"));
    }

    [Test]
    public async Task A_flipped_bit_never_changes_what_became_of_an_event()
    {
        using InMemoryStorage disk = new();
        await using (LambdaStore<Ping> store = Open(disk, LatePolicy.Reject))
        {
            await store.AppendAsync(new Ping[] { new(Noon, 1), new(Noon.AddHours(-30), 2), new(Noon.AddYears(1), 3) });
            await store.AppendAsync(new Ping(Noon, 4));
        }

        string name = disk.List("wal").Single();
        byte[] content = disk.ReadAll($"wal/{name}");
        int used = Array.FindLastIndex(content, b => b != 0) + 1;
        int refused = 0;
        for (int offset = 0; offset < used; offset++)
        {
            using InMemoryStorage copy = disk.Kill();
            using (IStorageFile file = copy.Open($"wal/{name}", FileAccess.ReadWrite))
            {
                file.Write(offset, [(byte)(content[offset] ^ (1 << (offset % 8)))]);
            }

            try
            {
                await using LambdaStore<Ping> store = Open(copy, LatePolicy.Include);
                Assert.That((store.EventTime.Rejected, store.EventTime.HeldBack, store.EventTime.Watermark), Is.EqualTo((1L, 1L, (DateTimeOffset?)Noon)), $"byte {offset}");
                Assert.That((await LettersOf(store)).Single().Event.Number, Is.EqualTo(2), $"byte {offset}");
            }
            catch (LogCorruptException)
            {
                refused++;
            }
        }

        Assert.That(refused, Is.GreaterThan(used / 2));
    }

    [Test]
    public async Task A_description_names_the_grace_period_and_every_other_rule()
    {
        using InMemoryStorage disk = new();
        await using LambdaStore<Ping> store = Open(disk, LatePolicy.Reject);
        Assert.That(store.Describe(), Does.Contain("grace period 1.00:00:00").And.Contain("LatePolicy.Reject").And.Contain("allowed disorder 00:00:00").And.Contain("01:00:00 ahead").And.Contain("view hours"));
        Assert.That(store.ToString(), Is.EqualTo(store.Describe()));
    }

    private static async Task<List<DeadLetter<Ping>>> LettersOf(LambdaStore<Ping> store)
    {
        List<DeadLetter<Ping>> letters = [];
        await foreach (DeadLetter<Ping> letter in store.ReadDeadLettersAsync())
        {
            letters.Add(letter);
        }

        return letters;
    }

    private static LambdaStore<Ping> Open(InMemoryStorage disk, LatePolicy policy)
    {
        LambdaStoreOptions<Ping> options = new() { Durability = Durability.Buffered, BatchThreads = 1, LateEvents = policy, TimeProvider = new SimulatedClock(Noon) };
        options.EventTime(e => e.Time).AddView(Hours).Validate();
        return StoreOpening.Open("memory", disk, options);
    }
}
