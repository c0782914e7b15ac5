using LambdaCore.Log;
using LambdaCore.Storage;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd;

/// <summary>Whoever waits for an append: who asks too early, who still waits for room when the store closes, and how many wait at once.</summary>
[TestFixture]
internal sealed class AwaitingAppendsTests
{
    [Test]
    public async Task Asking_for_the_position_before_the_append_is_acknowledged_is_refused_and_does_it_no_harm()
    {
        using InMemoryStorage storage = new();
        await using LambdaStore<Purchase> store = Purchase.Open(storage);
        using Blockade blockade = new(storage);
        blockade.Begin();
        ValueTask<LogPosition> one = store.AppendAsync(Purchase.Of("one"));
        ValueTask<LogRange> two = store.AppendAsync(new[] { Purchase.Of("two"), Purchase.Of("two") });

        Assert.That(() => one.GetAwaiter().GetResult(), Throws.InvalidOperationException.With.Message.Contains("Await the call; to block on it, use AsTask() first"));
        Assert.That(() => two.GetAwaiter().GetResult(), Throws.InvalidOperationException);

        blockade.Lift();
        Assert.That(await one, Is.EqualTo(LogPosition.Zero));
        Assert.That((await two).Count, Is.EqualTo(2));
        Assert.That(await Purchase.CountsAsync(store), Is.EquivalentTo(new Dictionary<string, long> { ["one"] = 1, ["two"] = 2 }));
    }

    [Test]
    public async Task Who_waits_for_room_when_the_store_closes_is_told_so_and_what_was_in_the_queue_is_kept([Values] bool byProducer)
    {
        using InMemoryStorage storage = new();
        using Blockade blockade = new(storage);
        LambdaStore<Purchase> store = Purchase.Open(storage, o => { o.AddView(Purchase.ByProduct); o.QueueCapacity = 1; });
        Producer<Purchase> source = store.CreateProducer("source");
        blockade.Begin();
        Task writing = store.AppendAsync(Purchase.Of("writing")).AsTask();
        await blockade.Reached;
        Task queued = store.AppendAsync(Purchase.Of("queued")).AsTask();
        Task waiting = byProducer ? source.AppendAsync(Purchase.Of("waiting"), 1).AsTask() : store.AppendAsync(Purchase.Of("waiting")).AsTask();

        Task closing = store.DisposeAsync().AsTask();
        Assert.That(() => waiting, Throws.InstanceOf<ObjectDisposedException>().With.Message.Contains("The store is closed. Nothing was appended."));
        blockade.Lift();
        await Task.WhenAll(writing, queued, closing);

        storage.BeforeCall = null;
        await using LambdaStore<Purchase> next = Purchase.Open(storage);
        Assert.That(await Purchase.CountsAsync(next), Is.EquivalentTo(new Dictionary<string, long> { ["writing"] = 1, ["queued"] = 1 }));
    }

    [Test]
    public async Task A_batch_that_waits_for_room_gets_in_as_a_whole_when_there_is_some()
    {
        using InMemoryStorage storage = new();
        using Blockade blockade = new(storage);
        await using LambdaStore<Purchase> store = Purchase.Open(storage, o => { o.AddView(Purchase.ByProduct); o.QueueCapacity = 1; });
        blockade.Begin();
        Task writing = store.AppendAsync(Purchase.Of("writing")).AsTask();
        await blockade.Reached;
        Task queued = store.AppendAsync(Purchase.Of("queued")).AsTask();
        Purchase[] batch = [Purchase.Of("waiting"), Purchase.Of("waiting")];
        Task<LogRange> waiting = store.AppendAsync(batch).AsTask();
        batch[0] = batch[1] = Purchase.Of("changed meanwhile");
        Assert.That(waiting.IsCompleted, Is.False);

        blockade.Lift();
        await Task.WhenAll(writing, queued);
        Assert.That(await waiting, Is.EqualTo(new LogRange(new LogPosition(2), new LogPosition(4))));
        Assert.That((await store.GetAsync(Purchase.ByProduct, "waiting"))!.Result, Is.EqualTo(2));
    }

    [Test]
    public void However_much_waited_at_once_only_so_much_memory_is_kept_for_what_comes_later()
    {
        AppendRequestPool<Purchase> pool = new();
        AppendRequest<Purchase>[] waiting = [.. Enumerable.Range(0, 6).Select(_ => pool.Rent())];
        foreach (AppendRequest<Purchase> request in waiting)
        {
            request.Payload.Advance(24 << 20);
            request.Abandon();
        }

        AppendRequest<Purchase>[] later = [.. Enumerable.Range(0, 6).Select(_ => pool.Rent())];
        Assert.That(later.Sum(r => (long)r.Payload.Capacity), Is.InRange(24L << 20, 64L << 20), "some is used again, but not all of it");
        Assert.That(later.Intersect(waiting).Count(), Is.InRange(1, 2));
    }
}
