using LambdaCore.Storage;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd;

/// <summary>What an append does when it cannot simply succeed.</summary>
[TestFixture]
internal sealed class AppendingTests
{
    private static readonly (Purchase? Event, string Names)[] Refused =
    [
        (Purchase.Of("\uD800"), "Purchase.Product"),
        (Purchase.Of(null!), "Purchase.Product is null"),
        (Purchase.Of("a") with { Note = "half \uDC00 a pair" }, "Purchase.Note"),
        (Purchase.Of("a") with { Price = 0.0000000001m }, "Purchase.Price"),
        (Purchase.Of("a") with { Paid = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Local) }, "Purchase.Paid"),
        (Purchase.Of("a") with { Paid = new DateTime(2026, 1, 1) }, "Purchase.Paid"),
        (null, "null"),
    ];

    [TestCaseSource(nameof(Refused))]
    public async Task An_event_that_cannot_be_stored_is_refused_by_the_name_of_its_property((Purchase? Event, string Names) it)
    {
        using InMemoryStorage storage = new();
        await using LambdaStore<Purchase> store = Purchase.Open(storage);
        await store.AppendAsync(Purchase.Of("first"));

        Assert.That(async () => await store.AppendAsync(it.Event!), Throws.InstanceOf<ArgumentException>().With.Message.Contains(it.Names));
        Purchase[] batch = [Purchase.Of("good"), it.Event!, Purchase.Of("good")];
        Assert.That(async () => await store.AppendAsync(batch), Throws.InstanceOf<ArgumentException>().With.Message.Contains(it.Names).And.Message.Contains("Nothing was appended"));

        await store.AppendAsync(Purchase.Of("last"));
        Assert.That(await Purchase.CountsAsync(store), Is.EquivalentTo(new Dictionary<string, long> { ["first"] = 1, ["last"] = 1 }));
        Assert.That(store.Position.Value, Is.EqualTo(2));
    }

    [Test]
    public async Task An_empty_batch_appends_nothing()
    {
        using InMemoryStorage storage = new();
        await using LambdaStore<Purchase> store = Purchase.Open(storage);
        await store.AppendAsync(Purchase.Of("one"));

        LogRange range = await store.AppendAsync(ReadOnlyMemory<Purchase>.Empty);

        Assert.That(range, Is.EqualTo(new LogRange(new LogPosition(1), new LogPosition(1))));
        Assert.That(store.Position.Value, Is.EqualTo(1));
    }

    [Test]
    public async Task A_full_queue_refuses_an_append_where_failing_was_chosen()
    {
        using InMemoryStorage storage = new();
        using Blockade blockade = new(storage);
        await using LambdaStore<Purchase> store = Purchase.Open(storage, o => { o.AddView(Purchase.ByProduct); o.QueueCapacity = 1; o.Backpressure = Backpressure.Fail; });
        Task<LogPosition>[] accepted = await FillAsync(store, blockade);

        Assert.That(async () => await store.AppendAsync(Purchase.Of("refused")), Throws.InstanceOf<LogOverloadedException>());
        Assert.That(async () => await store.AppendAsync(new[] { Purchase.Of("refused"), Purchase.Of("refused") }), Throws.InstanceOf<LogOverloadedException>());

        blockade.Lift();
        await Task.WhenAll(accepted);
        Assert.That((await Purchase.CountsAsync(store)).Keys, Is.EquivalentTo(new[] { "writing", "queued" }));
    }

    [Test]
    public async Task A_full_queue_lets_an_append_wait_by_default()
    {
        using InMemoryStorage storage = new();
        using Blockade blockade = new(storage);
        await using LambdaStore<Purchase> store = Purchase.Open(storage, o => { o.AddView(Purchase.ByProduct); o.QueueCapacity = 1; });
        Task<LogPosition>[] accepted = await FillAsync(store, blockade);

        Task<LogPosition> waiting = store.AppendAsync(Purchase.Of("waiting")).AsTask();
        Assert.That(waiting.IsCompleted, Is.False);

        blockade.Lift();
        await Task.WhenAll(accepted);
        Assert.That((await waiting).Value, Is.EqualTo(2));
        Assert.That((await Purchase.CountsAsync(store)).Keys, Is.EquivalentTo(new[] { "writing", "queued", "waiting" }));
    }

    [Test]
    public async Task An_append_that_is_cancelled_while_it_waits_for_room_appends_nothing()
    {
        using InMemoryStorage storage = new();
        using Blockade blockade = new(storage);
        await using LambdaStore<Purchase> store = Purchase.Open(storage, o => { o.AddView(Purchase.ByProduct); o.QueueCapacity = 1; });
        Task<LogPosition>[] accepted = await FillAsync(store, blockade);
        using CancellationTokenSource cancellation = new();

        Task<LogPosition> waiting = store.AppendAsync(Purchase.Of("cancelled"), cancellation.Token).AsTask();
        await cancellation.CancelAsync();

        Assert.That(async () => await waiting, Throws.InstanceOf<OperationCanceledException>());
        Assert.That(async () => await store.AppendAsync(Purchase.Of("cancelled"), cancellation.Token), Throws.InstanceOf<OperationCanceledException>());
        blockade.Lift();
        await Task.WhenAll(accepted);
        Assert.That((await Purchase.CountsAsync(store)).Keys, Is.EquivalentTo(new[] { "writing", "queued" }));
    }

    [Test]
    public async Task After_a_failed_flush_the_store_takes_nothing_more_and_a_new_one_has_what_was_acknowledged()
    {
        using InMemoryStorage storage = new();
        LambdaStore<Purchase> store = Purchase.Open(storage);
        await store.AppendAsync(Purchase.Of("acknowledged"));
        storage.BeforeCall = call =>
        {
            if (call.Operation == StorageOperation.Flush)
            {
                throw new StorageException("Storage failed: EIO, on demand.");
            }
        };

        Assert.That(async () => await store.AppendAsync(Purchase.Of("lost")), Throws.InstanceOf<LogPoisonedException>().With.Message.Contains("EIO"));
        storage.BeforeCall = null;
        Assert.That(async () => await store.AppendAsync(Purchase.Of("late")), Throws.InstanceOf<LogPoisonedException>());
        await store.DisposeAsync();
        using InMemoryStorage left = storage.Kill();
        await using LambdaStore<Purchase> next = Purchase.Open(left);
        Dictionary<string, long> counts = await Purchase.CountsAsync(next);
        Assert.That(counts["acknowledged"], Is.EqualTo(1));
        Assert.That(counts.Keys, Does.Not.Contain("late"));
    }

    [Test]
    public async Task An_append_during_disposal_is_acknowledged_and_kept_or_fails_and_is_not()
    {
        for (int round = 0; round < 20; round++)
        {
            using InMemoryStorage storage = new();
            LambdaStore<Purchase> store = Purchase.Open(storage);
            Task<long>[] producers = [.. Enumerable.Range(0, 4).Select(i => Task.Run(() => AppendUntilClosedAsync(store, $"p{i}", batches: i % 2 == 0)))];
            while (store.Position.Value < 20 * (round + 1))
            {
                await Task.Yield();
            }

            await store.DisposeAsync();
            long[] acknowledged = await Task.WhenAll(producers);
            await using LambdaStore<Purchase> next = Purchase.Open(storage);
            Dictionary<string, long> counts = await Purchase.CountsAsync(next);
            Assert.That(Enumerable.Range(0, 4).Select(i => counts.GetValueOrDefault($"p{i}")), Is.EqualTo(acknowledged));
        }
    }

    [Test]
    public async Task A_caller_may_use_his_arrays_again_and_a_reader_may_change_those_of_an_answer()
    {
        ViewDefinition<Parcel, int, byte[]> largest = View.Of<Parcel>("largest").GroupBy(e => e.Lane).Select(g => g.Max(e => e.Content));
        LambdaStoreOptions<Parcel> options = new();
        options.EventTime(e => e.At).AddView(largest);
        using InMemoryStorage storage = new();
        await using LambdaStore<Parcel> store = StoreOpening.Open("memory", storage, options);
        byte[] content = [1, 2, 3];
        await store.AppendAsync(new Parcel(DateTimeOffset.UnixEpoch, 1, content));
        content[0] = 9;
        (await store.GetAsync(largest, 1))!.Result[1] = 9;

        Assert.That((await store.GetAsync(largest, 1))!.Result, Is.EqualTo(new byte[] { 1, 2, 3 }));
    }

    /// <summary>Fills a queue of one: one event is being written, one waits.</summary>
    private static async Task<Task<LogPosition>[]> FillAsync(LambdaStore<Purchase> store, Blockade blockade)
    {
        blockade.Begin();
        Task<LogPosition> writing = store.AppendAsync(Purchase.Of("writing")).AsTask();
        await blockade.Reached;
        return [writing, store.AppendAsync(Purchase.Of("queued")).AsTask()];
    }

    private static async Task<long> AppendUntilClosedAsync(LambdaStore<Purchase> store, string product, bool batches)
    {
        long acknowledged = 0;
        try
        {
            while (true)
            {
                acknowledged += batches
                    ? (await store.AppendAsync(new[] { Purchase.Of(product), Purchase.Of(product), Purchase.Of(product) })).Count
                    : (await store.AppendAsync(Purchase.Of(product))).Value >= 0 ? 1 : 0;
            }
        }
        catch (ObjectDisposedException)
        {
            return acknowledged;
        }
    }

    [Test]
    public async Task Values_of_megabytes_are_sealed_before_they_fill_a_buffer()
    {
        ViewDefinition<Parcel, int, FirstAndCount> contents = View.Of<Parcel>("contents").GroupBy(e => e.Lane).Select(g => new FirstAndCount(g.Count(), g.Latest(e => e.Content)));
        string folder = Directory.CreateTempSubdirectory("lambda-large-").FullName;
        try
        {
            await using LambdaStore<Parcel> store = await LambdaStore.OpenAsync<Parcel>(folder, o => o.EventTime(e => e.At).AddView(contents));
            for (int i = 0; i < 150; i++)
            {
                byte[] content = new byte[1 << 20];
                Array.Fill(content, (byte)i);
                await store.AppendAsync(new Parcel(DateTimeOffset.UnixEpoch.AddSeconds(i), i, content));
            }

            await store.RunBatchAsync();
            Assert.That(store.SealedPosition, Is.EqualTo(new LogPosition(150)));
            for (int i = 0; i < 150; i++)
            {
                FirstAndCount found = (await store.GetAsync(contents, i))!.Result;
                Assert.That(found.Events, Is.EqualTo(1));
                Assert.That(found.Content, Has.Length.EqualTo(1 << 20));
                Assert.That(found.Content.AsSpan().IndexOfAnyExcept((byte)i), Is.EqualTo(-1));
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private sealed record FirstAndCount(long Events, byte[] Content);

    private sealed record Parcel(DateTimeOffset At, int Lane, byte[] Content);
}
