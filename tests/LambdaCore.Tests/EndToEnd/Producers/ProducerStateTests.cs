using System.Text.Json;
using LambdaCore.DuckDb;
using LambdaCore.Log;
using LambdaCore.Storage;
using LambdaCore.Tables;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd.Producers;

/// <summary>Where the state of producers is kept, and what it outlives.</summary>
[TestFixture]
internal sealed class ProducerStateTests
{
    private InMemoryStorage _disk = null!;

    [SetUp]
    public void CreateDisk() => _disk = new InMemoryStorage();

    [TearDown]
    public void DisposeDisk() => _disk.Dispose();

    [Test]
    public async Task The_transaction_log_says_how_far_each_producer_is_sealed_by_one_action_for_each_that_has_come_further()
    {
        await using LambdaStore<Sourced> store = Sourced.Open(_disk);
        await AppendAsync(store, "a", 1, 2, 3);
        await AppendAsync(store, "b", 10);
        await store.AppendAsync(Sourced.Of("", 1));
        await store.RunBatchAsync();
        await AppendAsync(store, "b", 10, 11, 25);
        await store.RunBatchAsync();
        await AppendAsync(store, "a", 4);

        Assert.That(Transactions(last: 1), Is.EqualTo(new Dictionary<string, long> { ["producer/b"] = 25 }), "of one commit");
        Assert.That(Transactions(last: int.MaxValue), Is.EqualTo(new Dictionary<string, long> { ["producer/a"] = 3, ["producer/b"] = 25 }), "of all, the latest of each");
        Assert.That(store.Producers, Is.EqualTo(new Dictionary<string, long> { ["a"] = 4, ["b"] = 25 }));
    }

    [Test]
    public async Task What_was_acknowledged_is_known_after_any_end_of_the_store([Values] bool isSealed, [Values] bool isKilled)
    {
        LambdaStore<Sourced> store = Sourced.Open(_disk);
        await AppendAsync(store, "a", 1, 2);
        if (isSealed)
        {
            await store.RunBatchAsync();
        }

        await AppendAsync(store, "b", 5);
        using InMemoryStorage left = isKilled ? _disk.Crash(new Random(1)) : _disk;
        await CloseAsync(store);
        await using LambdaStore<Sourced> next = Sourced.Open(left);
        Assert.That(next.Producers, Is.EqualTo(new Dictionary<string, long> { ["a"] = 2, ["b"] = 5 }));
        await AppendAsync(next, "a", 1, 2, 3);
        Assert.That(await Sourced.ReadAsync(next), Is.EqualTo(new[] { ("a", 1L), ("a", 2L), ("b", 5L), ("a", 3L) }));
    }

    [Test]
    public async Task Without_durability_a_kill_takes_events_and_sequence_alike()
    {
        LambdaStore<Sourced> store = Sourced.Open(_disk, o => o.Durability = Durability.None);
        for (int i = 0; i < 50; i++)
        {
            await AppendAsync(store, "a", i);
        }

        using InMemoryStorage left = _disk.Crash(new Random(5));
        await CloseAsync(store);
        await using LambdaStore<Sourced> next = Sourced.Open(left, o => o.Durability = Durability.None);
        long? last = next.CreateProducer("a").LastSequence;
        Assert.That(next.Position.Value, Is.EqualTo((last ?? -1) + 1));
        await next.CreateProducer("a").AppendAsync(Sourced.Of("a", 0, 50), firstSequence: 0);
        Assert.That(await Sourced.ReadAsync(next), Is.EqualTo(Enumerable.Range(0, 50).Select(i => ("a", (long)i))));
    }

    [Test]
    public async Task Compaction_erasure_correction_and_retention_keep_it()
    {
        await using (LambdaStore<Sourced> store = Sourced.Open(_disk, o => o.Retention = Retention.Of(bytes: 0)))
        {
            for (int i = 0; i < 4; i++)
            {
                await AppendAsync(store, "a", 2 * i, (2 * i) + 1);
                await AppendAsync(store, "b", i);
                await store.RunBatchAsync();
            }

            await AppendAsync(store, "c", 1);
        }

        await using (LambdaStore<Sourced> store = Sourced.Open(_disk))
        {
            await AppendAsync(store, "c", 1, 2);
            await AppendAsync(store, "d", 1);
            await store.RunBatchAsync();
            await AppendAsync(store, "d", 2);
            await store.RunBatchAsync();
            await store.EraseAsync(e => e.Source == "c", "a request");
            await store.CorrectAsync(e => e.Source == "d", set => set.Set(e => e.Number, e => e.Number + 100), "wrong by a hundred");
            await store.CompactAsync();
            await store.VacuumAsync(TimeSpan.Zero);
        }

        await using LambdaStore<Sourced> last = Sourced.Open(_disk);
        Assert.That(last.RawStart.Value, Is.GreaterThan(0));
        Assert.That(last.Producers, Is.EquivalentTo(new Dictionary<string, long> { ["a"] = 7, ["b"] = 3, ["c"] = 2, ["d"] = 2 }));
    }

    [Test]
    public async Task A_fork_knows_what_the_store_knew_and_the_two_go_on_apart()
    {
        await using LambdaStore<Sourced> store = Sourced.Open(_disk);
        await AppendAsync(store, "a", 1, 2);
        await store.RunBatchAsync();
        await AppendAsync(store, "b", 1);
        await store.ForkAsync("fork");
        await AppendAsync(store, "a", 3);
        using InMemoryStorage forked = _disk.TakeFork("fork")!;
        await using LambdaStore<Sourced> fork = Sourced.Open(forked);
        Assert.That(fork.Producers, Is.EqualTo(new Dictionary<string, long> { ["a"] = 2, ["b"] = 1 }));
        await AppendAsync(fork, "a", 2, 3, 4);
        await fork.RunBatchAsync();
        Assert.That(fork.CreateProducer("a").LastSequence, Is.EqualTo(4));
        Assert.That(store.CreateProducer("a").LastSequence, Is.EqualTo(3));
    }

    [Test]
    public async Task Another_shape_of_events_keeps_it()
    {
        await using (LambdaStore<Sourced> store = Sourced.Open(_disk))
        {
            await AppendAsync(store, "a", 1, 2);
            await store.RunBatchAsync();
            await AppendAsync(store, "a", 3);
        }

        LambdaStoreOptions<Extended> options = new() { BatchThreads = 1 };
        options.EventTime(e => e.At);
        await using LambdaStore<Extended> next = StoreOpening.Open("memory", _disk, options);
        Assert.That(next.Producers, Is.EqualTo(new Dictionary<string, long> { ["a"] = 3 }));
        Assert.That((await next.CreateProducer("a").AppendAsync(new Extended(DateTimeOffset.UnixEpoch, "a", 3, null), 3)).Duplicates, Is.EqualTo(1));
    }

    [Test]
    public async Task Rejected_events_count_as_appended()
    {
        await using (LambdaStore<Sourced> store = Sourced.Open(_disk, o => { o.LateEvents = LatePolicy.Reject; o.GracePeriod = TimeSpan.FromSeconds(1); }))
        {
            await AppendAsync(store, "a", 1, 1000);
            await store.CreateProducer("b").AppendAsync(Sourced.Of("b", 2), 2);
        }

        await using LambdaStore<Sourced> next = Sourced.Open(_disk);
        Assert.That((await next.CreateProducer("b").AppendAsync(Sourced.Of("b", 2), 2)).Duplicates, Is.EqualTo(1));
        Assert.That(await next.ReadDeadLettersAsync().CountAsync(), Is.EqualTo(1));
    }

    [Test]
    public async Task A_forgotten_producer_begins_anew_and_stays_forgotten([Values] bool isSealed, [Values] bool isKilled)
    {
        LambdaStore<Sourced> store = Sourced.Open(_disk);
        await AppendAsync(store, "a", 5);
        await AppendAsync(store, "b", 5);
        if (isSealed)
        {
            await store.RunBatchAsync();
        }

        Producer<Sourced> old = store.CreateProducer("a");
        store.CreateProducer("never appended");
        await store.ForgetProducerAsync("a");
        await store.ForgetProducerAsync("never appended");
        await store.ForgetProducerAsync("unknown");

        Assert.That(store.Producers, Is.EqualTo(new Dictionary<string, long> { ["b"] = 5 }));
        Assert.That(async () => await old.AppendAsync(Sourced.Of("a", 6), 6), Throws.InvalidOperationException.With.Message.Contains("forgotten"));
        Assert.That(async () => await old.AppendAsync(Sourced.Of("a", 5), 5), Throws.InvalidOperationException.With.Message.Contains("forgotten"));
        using InMemoryStorage left = isKilled ? _disk.Crash(new Random(1)) : _disk;
        await CloseAsync(store);
        await using (LambdaStore<Sourced> next = Sourced.Open(left))
        {
            Assert.That(next.Producers, Is.EqualTo(new Dictionary<string, long> { ["b"] = 5 }));
            Assert.That((await next.CreateProducer("a").AppendAsync(Sourced.Of("a", 2), 2)).Duplicates, Is.EqualTo(0));
        }

        await using LambdaStore<Sourced> last = Sourced.Open(left);
        Assert.That(last.Producers, Is.EqualTo(new Dictionary<string, long> { ["a"] = 2, ["b"] = 5 }));
    }

    [Test]
    public async Task A_producer_is_not_forgotten_while_its_events_are_on_their_way_or_when_the_disk_fails()
    {
        await using LambdaStore<Sourced> store = Sourced.Open(_disk);
        using Blockade blockade = new(_disk);
        Producer<Sourced> producer = store.CreateProducer("a");
        await producer.AppendAsync(Sourced.Of("a", 1), 1);
        blockade.Begin();
        Task<ProducerReceipt> call = producer.AppendAsync(Sourced.Of("a", 2), 2).AsTask();
        await blockade.Reached;
        Assert.That(async () => await store.ForgetProducerAsync("a"), Throws.InvalidOperationException.With.Message.Contains("up to sequence 2"));
        blockade.Lift();
        await call;

        _disk.BeforeCall = c =>
        {
            if (c.Operation == StorageOperation.Rename)
            {
                throw new StorageException("Storage failed: EIO, on demand.");
            }
        };
        Assert.That(async () => await store.ForgetProducerAsync("a"), Throws.InstanceOf<StorageException>());
        _disk.BeforeCall = null;
        Assert.That((await producer.AppendAsync(Sourced.Of("a", 2), 2)).Duplicates, Is.EqualTo(1), "it goes on");
        Assert.That((await producer.AppendAsync(Sourced.Of("a", 3), 3)).Duplicates, Is.EqualTo(0));
    }

    [Test]
    public async Task There_are_at_most_so_many_producers()
    {
        await using LambdaStore<Sourced> store = Sourced.Open(_disk);
        for (int i = 0; i < ProducerTable<Sourced>.MostProducers; i++)
        {
            store.CreateProducer($"{i}");
        }

        Assert.That(() => store.CreateProducer("one more"), Throws.TypeOf<LambdaCoreException>().With.Message.Contains("ForgetProducerAsync"));
        Assert.That(store.CreateProducer("7").Name, Is.EqualTo("7"));
        await store.ForgetProducerAsync("7");
        await AppendAsync(store, "one more", 1);
    }

    [Test]
    public async Task Thousands_of_producers_come_back()
    {
        Dictionary<string, long> expected = [];
        await using (LambdaStore<Sourced> store = Sourced.Open(_disk, o => o.Durability = Durability.Buffered))
        {
            for (int round = 0; round < 2; round++)
            {
                await Task.WhenAll(Enumerable.Range(round * 1000, 2000).Select(i => store.CreateProducer($"device {i}").AppendAsync(Sourced.Of("", i), (10 * i) + round).AsTask()));
                foreach (int i in Enumerable.Range(round * 1000, 2000))
                {
                    expected[$"device {i}"] = (10 * i) + round;
                }

                if (round == 0)
                {
                    await store.RunBatchAsync();
                }
            }
        }

        await using LambdaStore<Sourced> next = Sourced.Open(_disk);
        Assert.That(next.Producers, Is.EquivalentTo(expected));
    }

    /// <summary>The transactions of producers in the newest commits of the master dataset, read by the letter of PROTOCOL.md.</summary>
    private Dictionary<string, long> Transactions(int last)
    {
        Dictionary<string, long> found = [];
        foreach (string commit in _disk.List("log/_delta_log").Order(StringComparer.Ordinal).TakeLast(last))
        {
            foreach (string line in System.Text.Encoding.UTF8.GetString(_disk.ReadAll($"log/_delta_log/{commit}")).Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                using JsonDocument action = JsonDocument.Parse(line);
                if (action.RootElement.TryGetProperty("txn", out JsonElement transaction) && transaction.GetProperty("appId").GetString()!.StartsWith("producer/", StringComparison.Ordinal))
                {
                    found[transaction.GetProperty("appId").GetString()!] = transaction.GetProperty("version").GetInt64();
                }
            }
        }

        return found;
    }

    private static async Task AppendAsync(LambdaStore<Sourced> store, string name, params long[] sequences) =>
        await store.CreateProducer(name).AppendAsync(sequences.Select(n => Sourced.Of(name, n)).ToArray(), sequences);

    private static async Task CloseAsync(LambdaStore<Sourced> store)
    {
        try
        {
            await store.DisposeAsync();
        }
        catch (LambdaCoreException)
        {
            // Its disk is gone.
        }
    }

    private sealed record Extended(DateTimeOffset At, string Source, long Number, string? More);
}
