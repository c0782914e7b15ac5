using LambdaCore.Storage;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd.Producers;

/// <summary>What a producer takes for new, for repeated, and for an error.</summary>
[TestFixture]
internal sealed class ProducerTests
{
    private InMemoryStorage _disk = null!;

    [SetUp]
    public void CreateDisk() => _disk = new InMemoryStorage();

    [TearDown]
    public void DisposeDisk() => _disk.Dispose();

    [Test]
    public async Task A_repeated_event_is_not_appended_again()
    {
        await using LambdaStore<Sourced> store = Sourced.Open(_disk);
        Producer<Sourced> producer = store.CreateProducer("a");
        Assert.That(producer.LastSequence, Is.Null);

        ProducerReceipt first = await producer.AppendAsync(Sourced.Of("a", 7), 7);
        ProducerReceipt second = await producer.AppendAsync(Sourced.Of("a", 7), 7);
        ProducerReceipt earlier = await producer.AppendAsync(Sourced.Of("a", 3), 3);

        Assert.Multiple(() =>
        {
            Assert.That(first, Is.EqualTo(new ProducerReceipt(Range(0, 1), 0)));
            Assert.That(second, Is.EqualTo(new ProducerReceipt(Range(1, 1), 1)));
            Assert.That(earlier, Is.EqualTo(new ProducerReceipt(Range(1, 1), 1)), "going back is a repetition, whatever the event");
            Assert.That(producer.LastSequence, Is.EqualTo(7));
            Assert.That(store.Producers, Is.EqualTo(new Dictionary<string, long> { ["a"] = 7 }));
        });
        Assert.That(await Sourced.ReadAsync(store), Is.EqualTo(new[] { ("a", 7L) }));
    }

    [Test]
    public async Task A_retry_that_is_cut_otherwise_appends_what_is_new_in_it()
    {
        await using LambdaStore<Sourced> store = Sourced.Open(_disk);
        Producer<Sourced> producer = store.CreateProducer("a");
        await producer.AppendAsync(Sourced.Of("a", 0, 5), firstSequence: 0);

        ProducerReceipt receipt = await producer.AppendAsync(Sourced.Of("a", 3, 6), firstSequence: 3);

        Assert.That(receipt, Is.EqualTo(new ProducerReceipt(Range(5, 9), 2)));
        Assert.That(await Sourced.ReadAsync(store), Is.EqualTo(Enumerable.Range(0, 9).Select(i => ("a", (long)i))));
    }

    [Test]
    public async Task Sequences_may_leave_gaps()
    {
        await using LambdaStore<Sourced> store = Sourced.Open(_disk);
        Producer<Sourced> producer = store.CreateProducer("a");
        Sourced[] events = [.. new long[] { 4, 9, 10, 400 }.Select(n => Sourced.Of("a", n))];
        await producer.AppendAsync(events.AsMemory(0, 2), new long[] { 4, 9 });
        await producer.AppendAsync(events, new long[] { 4, 9, 10, 400 });
        ProducerReceipt receipt = await producer.AppendAsync(events.AsMemory(1, 2), new long[] { 9, 10 });

        Assert.That(receipt.Duplicates, Is.EqualTo(2));
        Assert.That(producer.LastSequence, Is.EqualTo(400));
        Assert.That(await Sourced.ReadAsync(store), Is.EqualTo(events.Select(e => ("a", e.Number))));
    }

    [Test]
    public async Task A_batch_with_one_sequence_is_there_as_a_whole_and_once()
    {
        await using LambdaStore<Sourced> store = Sourced.Open(_disk);
        Producer<Sourced> producer = store.CreateProducer("a");
        ProducerReceipt first = await producer.AppendBatchAsync(Sourced.Of("a", 0, 3), 12);
        ProducerReceipt again = await producer.AppendBatchAsync(Sourced.Of("a", 0, 3), 12);
        ProducerReceipt next = await producer.AppendBatchAsync(Sourced.Of("a", 3, 2), 13);
        ProducerReceipt empty = await producer.AppendBatchAsync(ReadOnlyMemory<Sourced>.Empty, 14);

        Assert.Multiple(() =>
        {
            Assert.That(first, Is.EqualTo(new ProducerReceipt(Range(0, 3), 0)));
            Assert.That(again, Is.EqualTo(new ProducerReceipt(Range(3, 3), 3)));
            Assert.That(next, Is.EqualTo(new ProducerReceipt(Range(3, 5), 0)));
            Assert.That(empty, Is.EqualTo(new ProducerReceipt(Range(5, 5), 0)));
            Assert.That(producer.LastSequence, Is.EqualTo(13), "a batch without events leaves no trace");
        });
    }

    [Test]
    public async Task All_lives_of_a_name_are_one_producer_and_names_differ_by_their_code_points()
    {
        await using LambdaStore<Sourced> store = Sourced.Open(_disk);
        string[] names = ["e\u0301", "\u00E9", "É", "É ", "a/b", "a\\b", "..", "\"; --", "\0\n", "😀", $"{Guid.NewGuid()}", new string('ü', 127) + "x"];
        foreach (string name in names)
        {
            await store.CreateProducer(name).AppendAsync(Sourced.Of(name, 1), 1);
            Assert.That((await store.CreateProducer(name).AppendAsync(Sourced.Of(name, 1), 1)).Duplicates, Is.EqualTo(1), name);
        }

        await store.RunBatchAsync();
        await store.CreateProducer(names[0]).AppendAsync(Sourced.Of(names[0], 2), 2);
        await store.DisposeAsync();
        await using LambdaStore<Sourced> next = Sourced.Open(_disk);
        Assert.That(next.Producers, Is.EquivalentTo(names.ToDictionary(n => n, n => n == names[0] ? 2L : 1L)));
        Assert.That(next.Position.Value, Is.EqualTo(names.Length + 1));
    }

    [Test]
    public async Task What_cannot_be_a_name_or_a_sequence_is_refused()
    {
        await using LambdaStore<Sourced> store = Sourced.Open(_disk);
        Producer<Sourced> producer = store.CreateProducer("a");
        Sourced[] two = Sourced.Of("a", 0, 2);
        Assert.Multiple(() =>
        {
            Assert.That(() => store.CreateProducer(null!), Throws.ArgumentNullException);
            Assert.That(() => store.CreateProducer(""), Throws.ArgumentException);
            Assert.That(() => store.CreateProducer(new string('ü', 128)), Throws.ArgumentException.With.Message.Contains("256 bytes"));
            Assert.That(() => store.CreateProducer("half \uD83D"), Throws.ArgumentException.With.Message.Contains("surrogate"));
            Assert.That(async () => await store.ForgetProducerAsync(""), Throws.ArgumentException);
            Assert.That(async () => await producer.AppendAsync(two[0], -1), Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(async () => await producer.AppendBatchAsync(two, -1), Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(async () => await producer.AppendAsync(two, long.MaxValue - 1), Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(async () => await producer.AppendAsync(two, new long[] { 1 }), Throws.ArgumentException.With.Message.Contains("1 sequences for 2 events"));
            Assert.That(async () => await producer.AppendAsync(two, new long[] { -1, 1 }), Throws.ArgumentException.With.Message.Contains("-1"));
            Assert.That(async () => await producer.AppendAsync(two, new long[] { 5, 5 }), Throws.ArgumentException.With.Message.Contains("index 1 follows 5"));
            Assert.That(async () => await producer.AppendAsync(Sourced.Of("\uD800", 1), 1), Throws.ArgumentException.With.Message.Contains("Sourced.Source"));
            Assert.That(producer.LastSequence, Is.Null);
        });
        await producer.AppendAsync(Sourced.Of("a", 2), long.MaxValue);
        Assert.That(producer.LastSequence, Is.EqualTo(long.MaxValue), "an event that cannot be stored may be passed over");
        Assert.That(store.Position.Value, Is.EqualTo(1));
    }

    [Test]
    public async Task A_repetition_of_what_is_on_its_way_is_acknowledged_with_it()
    {
        await using LambdaStore<Sourced> store = Sourced.Open(_disk);
        using Blockade blockade = new(_disk);
        Producer<Sourced> producer = store.CreateProducer("a");
        await producer.AppendAsync(Sourced.Of("a", 0, 2), firstSequence: 0);
        blockade.Begin();
        Task<ProducerReceipt> original = producer.AppendAsync(Sourced.Of("a", 2, 3), firstSequence: 2).AsTask();
        await blockade.Reached;
        Task<ProducerReceipt> queued = producer.AppendAsync(Sourced.Of("a", 5), 5).AsTask();
        Task<ProducerReceipt> one = producer.AppendAsync(Sourced.Of("a", 3), 3).AsTask();
        Task<ProducerReceipt> all = producer.AppendAsync(Sourced.Of("a", 0, 6), firstSequence: 0).AsTask();
        Task<ProducerReceipt> more = producer.AppendAsync(Sourced.Of("a", 1, 7), firstSequence: 1).AsTask();
        ProducerReceipt durable = await producer.AppendAsync(Sourced.Of("a", 0, 2), firstSequence: 0);

        Assert.That(durable, Is.EqualTo(new ProducerReceipt(Range(2, 2), 2)), "what is durable is acknowledged at once");
        Assert.That(producer.LastSequence, Is.EqualTo(1));
        Assert.That(new[] { original, queued, one, all, more }.Select(t => t.IsCompleted), Is.All.False);
        blockade.Lift();
        Assert.Multiple(async () =>
        {
            Assert.That(await original, Is.EqualTo(new ProducerReceipt(Range(2, 5), 0)));
            Assert.That(await queued, Is.EqualTo(new ProducerReceipt(Range(5, 6), 0)));
            Assert.That(await more, Is.EqualTo(new ProducerReceipt(Range(6, 8), 5)));
            Assert.That(((await one).Duplicates, (await one).Range.Count), Is.EqualTo((1, 0L)));
            Assert.That((await one).Range.End.Value, Is.AtLeast(4).And.AtMost(8));
            Assert.That(((await all).Duplicates, (await all).Range.Count), Is.EqualTo((6, 0L)));
            Assert.That((await all).Range.End.Value, Is.AtLeast(6).And.AtMost(8));
        });
        Assert.That(await Sourced.ReadAsync(store), Is.EqualTo(Enumerable.Range(0, 8).Select(i => ("a", (long)i))));
    }

    [Test]
    public async Task A_call_that_comes_too_late_is_an_error_and_no_repetition()
    {
        await using LambdaStore<Sourced> store = Sourced.Open(_disk);
        using Blockade blockade = new(_disk);
        Producer<Sourced> producer = store.CreateProducer("a");
        blockade.Begin();
        Task<ProducerReceipt> later = producer.AppendAsync(Sourced.Of("a", 6), 6).AsTask();
        await blockade.Reached;
        Sourced[] events = [Sourced.Of("a", 6), Sourced.Of("a", 8)];
        Task<ProducerReceipt> last = producer.AppendAsync(events, new long[] { 6, 8 }).AsTask();

        Assert.Multiple(() =>
        {
            Assert.That(async () => await producer.AppendAsync(Sourced.Of("a", 5), 5), Throws.InvalidOperationException.With.Message.Contains("Sequence 5").And.Message.Contains("6 is on its way"));
            Assert.That(async () => await producer.AppendAsync(Sourced.Of("a", 7), 7), Throws.InvalidOperationException.With.Message.Contains("Sequence 7").And.Message.Contains("8 is on its way"));
            Assert.That(async () => await producer.AppendAsync(Sourced.Of("a", 4, 6), firstSequence: 4), Throws.InvalidOperationException.With.Message.Contains("Sequence 4"));
        });
        blockade.Lift();
        Assert.That((await later).Range.Count + (await last).Range.Count, Is.EqualTo(2));
        Assert.That((await producer.AppendAsync(Sourced.Of("a", 5), 5)).Duplicates, Is.EqualTo(1), "nothing is on its way any more");
        Assert.That(await Sourced.ReadAsync(store), Is.EqualTo(new[] { ("a", 6L), ("a", 8L) }));
    }

    [Test]
    public async Task What_follows_a_call_that_was_cancelled_while_it_waited_for_room_fails_until_that_is_repeated()
    {
        await using LambdaStore<Sourced> store = Sourced.Open(_disk, o => o.QueueCapacity = 1);
        using Blockade blockade = new(_disk);
        Producer<Sourced> producer = store.CreateProducer("a");
        Task<LogPosition>[] full = await FillAsync(store, blockade);
        using CancellationTokenSource cancellation = new();
        Task<ProducerReceipt> cancelled = producer.AppendAsync(Sourced.Of("a", 4), 4, cancellation.Token).AsTask();
        Task<ProducerReceipt> repeated = producer.AppendAsync(Sourced.Of("a", 4), 4).AsTask();
        Task<ProducerReceipt> behind = producer.AppendAsync(Sourced.Of("a", 5, 2), firstSequence: 5).AsTask();
        Task<ProducerReceipt> elsewhere = store.CreateProducer("b").AppendAsync(Sourced.Of("b", 1), 1).AsTask();
        await cancellation.CancelAsync();

        Assert.That(async () => await cancelled, Throws.InstanceOf<OperationCanceledException>());
        Assert.That(async () => await behind, Throws.TypeOf<LambdaCoreException>().With.Message.Contains("from sequence 4 on"));
        Assert.That(async () => await repeated, Throws.TypeOf<LambdaCoreException>().With.Message.Contains("from sequence 4 on"));
        Assert.That(async () => await producer.AppendAsync(Sourced.Of("a", 7), 7), Throws.InvalidOperationException.With.Message.Contains("before 4"));
        Assert.That(async () => await producer.AppendAsync(Sourced.Of("a", 5, 9), firstSequence: 5), Throws.InvalidOperationException.With.Message.Contains("before 4"));
        Assert.That(elsewhere.IsCompleted, Is.False);
        blockade.Lift();
        await Task.WhenAll([.. full, elsewhere]);
        Assert.That((await producer.AppendAsync(Sourced.Of("a", 3, 4), firstSequence: 3)).Range.Count, Is.EqualTo(4), "a retry may begin before, if what comes before is new");
        Assert.That((await producer.AppendAsync(Sourced.Of("a", 7), 7)).Duplicates, Is.EqualTo(0));
        Assert.That((await Sourced.ReadAsync(store)).Where(e => e.Source == "a").Select(e => e.Number), Is.EqualTo(new[] { 3, 4, 5, 6, 7 }));
    }

    [Test]
    public async Task What_waits_for_room_gets_in_in_order()
    {
        await using LambdaStore<Sourced> store = Sourced.Open(_disk, o => o.QueueCapacity = 1);
        using Blockade blockade = new(_disk);
        Task<LogPosition>[] full = await FillAsync(store, blockade);
        Task<ProducerReceipt>[] waiting = [.. Enumerable.Range(0, 60).Select(i => store.CreateProducer($"p{i % 3}").AppendAsync(Sourced.Of($"p{i % 3}", i), i).AsTask())];
        Assert.That(waiting.Select(t => t.IsCompleted), Is.All.False);
        blockade.Lift();
        await Task.WhenAll(full);
        ProducerReceipt[] receipts = await Task.WhenAll(waiting);

        Assert.That(receipts.Sum(r => r.Range.Count), Is.EqualTo(60));
        List<(string Source, long Number)> events = await Sourced.ReadAsync(store);
        foreach (int p in Enumerable.Range(0, 3))
        {
            Assert.That(events.Where(e => e.Source == $"p{p}").Select(e => e.Number), Is.EqualTo(Enumerable.Range(0, 20).Select(i => (long)p + (3 * i))));
        }
    }

    [Test]
    public async Task Where_a_full_queue_refuses_later_events_are_refused_until_the_first_is_repeated()
    {
        await using LambdaStore<Sourced> store = Sourced.Open(_disk, o => { o.QueueCapacity = 1; o.Backpressure = Backpressure.Fail; });
        using Blockade blockade = new(_disk);
        Producer<Sourced> producer = store.CreateProducer("a");
        Task<LogPosition>[] full = await FillAsync(store, blockade);
        Assert.That(async () => await producer.AppendAsync(Sourced.Of("a", 1), 1), Throws.InstanceOf<LogOverloadedException>());
        blockade.Lift();
        await Task.WhenAll(full);

        Assert.That(async () => await producer.AppendAsync(Sourced.Of("a", 2), 2), Throws.InvalidOperationException.With.Message.Contains("before 1"));
        Assert.That((await producer.AppendAsync(Sourced.Of("a", 1, 2), firstSequence: 1)).Duplicates, Is.EqualTo(0));
        Assert.That(producer.LastSequence, Is.EqualTo(2));
    }

    [Test]
    public async Task A_failed_append_fails_its_repetitions_and_may_be_repeated_after_reopening()
    {
        LambdaStore<Sourced> store = Sourced.Open(_disk);
        Producer<Sourced> producer = store.CreateProducer("a");
        await producer.AppendAsync(Sourced.Of("a", 1), 1);
        using ManualResetEventSlim lifted = new();
        TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _disk.BeforeCall = call =>
        {
            if (call.Operation == StorageOperation.Flush)
            {
                reached.TrySetResult();
                lifted.Wait();
                throw new StorageException("Storage failed: EIO, on demand.");
            }
        };
        Task<ProducerReceipt> original = producer.AppendAsync(Sourced.Of("a", 2), 2).AsTask();
        await reached.Task;
        Task<ProducerReceipt> repeated = producer.AppendAsync(Sourced.Of("a", 2), 2).AsTask();
        Task<ProducerReceipt> more = producer.AppendAsync(Sourced.Of("a", 2, 2), firstSequence: 2).AsTask();
        lifted.Set();

        foreach (Task<ProducerReceipt> task in new[] { original, repeated, more })
        {
            Assert.That(async () => await task, Throws.InstanceOf<LogPoisonedException>().With.Message.Contains("EIO"));
        }

        Assert.That(async () => await producer.AppendAsync(Sourced.Of("a", 1), 1), Throws.InstanceOf<LogPoisonedException>());
        Assert.That(() => store.CreateProducer("b"), Throws.InstanceOf<LogPoisonedException>());
        Assert.That(async () => await store.ForgetProducerAsync("a"), Throws.InstanceOf<LogPoisonedException>());
        Assert.That(producer.LastSequence, Is.EqualTo(1));
        _disk.BeforeCall = null;
        await store.DisposeAsync();
        using InMemoryStorage left = _disk.Crash(new Random(1));
        await using LambdaStore<Sourced> next = Sourced.Open(left);
        ProducerReceipt receipt = await next.CreateProducer("a").AppendAsync(Sourced.Of("a", 1, 3), firstSequence: 1);
        Assert.That(receipt.Duplicates + receipt.Range.Count, Is.EqualTo(3));
        Assert.That(await Sourced.ReadAsync(next), Is.EqualTo(new[] { ("a", 1L), ("a", 2L), ("a", 3L) }));
    }

    [Test]
    public async Task A_closed_store_refuses_its_producers()
    {
        LambdaStore<Sourced> store = Sourced.Open(_disk);
        Producer<Sourced> producer = store.CreateProducer("a");
        await producer.AppendAsync(Sourced.Of("a", 1), 1);
        await store.DisposeAsync();
        Assert.Multiple(() =>
        {
            Assert.That(async () => await producer.AppendAsync(Sourced.Of("a", 2), 2), Throws.InstanceOf<ObjectDisposedException>());
            Assert.That(async () => await producer.AppendAsync(Sourced.Of("a", 1), 1), Throws.InstanceOf<ObjectDisposedException>());
            Assert.That(() => store.CreateProducer("a"), Throws.InstanceOf<ObjectDisposedException>());
            Assert.That(() => store.Producers, Throws.InstanceOf<ObjectDisposedException>());
            Assert.That(async () => await store.ForgetProducerAsync("a"), Throws.InstanceOf<ObjectDisposedException>());
        });
    }

    [Test]
    public async Task Callers_who_race_with_the_same_events_append_each_once()
    {
        const int events = 3000;
        await using LambdaStore<Sourced> store = Sourced.Open(_disk, o => o.Durability = Durability.Buffered);
        Producer<Sourced> producer = store.CreateProducer("a");
        long[] appended = await Task.WhenAll(Enumerable.Range(0, 4).Select(caller => Task.Run(async () =>
        {
            Random random = new(caller);
            long mine = 0;
            for (int next = 0; next < events;)
            {
                int count = Math.Min(random.Next(1, 20), events - next);
                mine += (await producer.AppendAsync(Sourced.Of("a", next, count), firstSequence: next)).Range.Count;
                next += count;
            }

            return mine;
        })));
        Assert.That(appended.Sum(), Is.EqualTo(events));
        Assert.That(await Sourced.ReadAsync(store), Is.EqualTo(Enumerable.Range(0, events).Select(i => ("a", (long)i))));
    }

    private static async Task<Task<LogPosition>[]> FillAsync(LambdaStore<Sourced> store, Blockade blockade)
    {
        blockade.Begin();
        Task<LogPosition> writing = store.AppendAsync(Sourced.Of("", 0)).AsTask();
        await blockade.Reached;
        return [writing, store.AppendAsync(Sourced.Of("", 1)).AsTask()];
    }

    private static LogRange Range(long start, long end) => new(new LogPosition(start), new LogPosition(end));
}
