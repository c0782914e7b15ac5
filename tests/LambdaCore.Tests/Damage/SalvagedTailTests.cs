using LambdaCore.Log;
using LambdaCore.Storage;
using LambdaCore.Tests.EndToEnd;
using NUnit.Framework;

namespace LambdaCore.Tests.Damage;

/// <summary>What a salvage makes of the write-ahead files where they are all there is, where they change under its hands, and where what they hold is no event.</summary>
[TestFixture]
internal sealed class SalvagedTailTests
{
    [Test]
    public async Task A_store_whose_transaction_log_is_gone_altogether_keeps_what_its_write_ahead_files_have()
    {
        (StoreImage image, _) = await BuildAsync();
        foreach (string commit in image.Paths.Where(p => p.StartsWith("log/_delta_log/", StringComparison.Ordinal) || p.StartsWith("views/", StringComparison.Ordinal)).ToArray())
        {
            image.Remove(commit);
        }

        using InMemoryStorage from = image.ToDisk();
        using InMemoryStorage to = new();
        SalvageReport report = Salvage(from, to);
        Assert.That((report.Lost.Count, report.KeptPositions), Is.EqualTo((0, 18L)), $"{report}");
        Assert.That(report.Damage.Select(d => d.Problem), Has.Some.Contains("the commit with its hash is lost").And.Some.Contains("the file is missing"), $"{report}");
        await using LambdaStore<Purchase> store = Purchase.Open(to);
        Assert.That(await Purchase.CountsAsync(store), Is.EquivalentTo(new Dictionary<string, long> { ["a"] = 10, ["b"] = 5, ["c"] = 3 }));
        Assert.That((await store.AppendAsync(Purchase.Of("d"))).Value, Is.EqualTo(18));
    }

    [Test]
    public async Task A_store_that_is_changed_while_it_is_salvaged_is_not_taken_for_a_damaged_one()
    {
        (StoreImage image, _) = await BuildAsync();
        using InMemoryStorage from = image.ToDisk();
        using InMemoryStorage to = new();
        string tail = from.List("wal")[^1];
        int opened = 0;
        from.BeforeCall = call =>
        {
            // First its groups are found, then they are copied.
            if (call.Operation == StorageOperation.Open && call.Path == $"wal/{tail}" && ++opened == 2)
            {
                from.BeforeCall = null;
                using IStorageFile file = from.Open(call.Path, FileAccess.ReadWrite);
                file.Write(WriteAheadFormat.FileHeaderLength, new byte[500]);
            }
        };
        Assert.That(() => Salvage(from, to), Throws.InstanceOf<StorageException>().With.Message.Contains($"wal/{tail}' has changed while it was salvaged").And.Message.Contains("empty folder"));
        Assert.That(opened, Is.EqualTo(2));
    }

    [Test]
    public async Task A_group_that_holds_no_events_is_lost_and_reported_and_those_before_it_are_kept()
    {
        (StoreImage image, Guid id) = await BuildAsync();
        using InMemoryStorage from = image.ToDisk();
        using (WriteAheadLog log = WriteAheadLog.Open(from, id, new LogPosition(10), new WriteAheadLogOptions()))
        {
            log.Roll();
            log.Append(log.End, 2, 1, new byte[100]);
            log.Close();
        }

        using InMemoryStorage to = new();
        SalvageReport report = Salvage(from, to);
        Assert.That(report.Damage.Single().Problem, Does.Contain("other properties than"), $"{report}");
        await using LambdaStore<Purchase> store = Purchase.Open(to);
        Dictionary<string, long> kept = await Purchase.CountsAsync(store);
        Assert.That(kept["a"], Is.EqualTo(10));
        Assert.That(kept.Values.Sum(), Is.EqualTo(report.KeptPositions));
        Assert.That(report.Lost, Is.EqualTo(new[] { new LogRange(new LogPosition(18), new LogPosition(20)) }), "nothing else is lost with it");
    }

    [Test]
    public async Task Behind_what_is_sure_to_have_been_durable_the_log_ends_at_the_first_gap_as_after_any_crash()
    {
        using InMemoryStorage disk = new();
        StoreImage image;
        await using (LambdaStore<Purchase> store = Purchase.Open(disk, o => { o.Durability = Durability.Buffered; o.AddView(Purchase.ByProduct); }))
        {
            foreach (string product in new[] { "first", "damaged", "after" })
            {
                await store.AppendAsync(Purchase.Of(product));
            }

            image = StoreImage.Of(disk);
        }

        string wal = image.Paths.Single(p => p.StartsWith("wal/", StringComparison.Ordinal));
        image.Flip(wal, image[wal].AsSpan().IndexOf("damaged"u8), 1);
        using InMemoryStorage from = image.ToDisk();
        using InMemoryStorage to = new();
        SalvageReport report = Salvage(from, to);
        Assert.That((report.Position.Value, report.Lost.Count), Is.EqualTo((1L, 0)), $"{report}");
        Assert.That(report.Damage.Single(d => d.File == wal).Problem, Does.Contain("is not sound"), $"{report}");
        await using LambdaStore<Purchase> salvaged = Purchase.Open(to);
        Assert.That((await Purchase.CountsAsync(salvaged)).Keys, Is.EqualTo(new[] { "first" }));
    }

    [Test]
    public async Task Producers_that_were_forgotten_stay_so()
    {
        using InMemoryStorage from = new();
        await using (LambdaStore<Purchase> store = Purchase.Open(from))
        {
            foreach (string name in new[] { "gone", "stays" })
            {
                Producer<Purchase> producer = store.CreateProducer(name);
                Assert.That(producer.ToString(), Is.EqualTo($"{name} from its beginning"));
                await producer.AppendAsync(Purchase.Of(name), 7);
                Assert.That(producer.ToString(), Is.EqualTo($"{name} up to 7"));
            }

            await store.RunBatchAsync();
            await store.ForgetProducerAsync("gone");
        }

        using InMemoryStorage to = new();
        Assert.That(Salvage(from, to).Damage, Is.Empty);
        await using LambdaStore<Purchase> salvaged = Purchase.Open(to);
        Assert.That(salvaged.Producers, Is.EquivalentTo(new Dictionary<string, long> { ["stays"] = 7 }));
    }

    private static SalvageReport Salvage(InMemoryStorage from, InMemoryStorage to)
    {
        LambdaStoreOptions<Purchase> options = new() { BatchThreads = 1 };
        options.EventTime(e => e.At).AddView(Purchase.ByProduct);
        options.Validate();
        return StoreSalvage.Run(from, to, options, CancellationToken.None);
    }

    /// <summary>A segment of 10 a, and a tail of 5 b and 3 c in a file of its own.</summary>
    private static async Task<(StoreImage Image, Guid Id)> BuildAsync()
    {
        using InMemoryStorage disk = new();
        Guid id;
        await using (LambdaStore<Purchase> store = Purchase.Open(disk))
        {
            id = StoreInternals<Purchase>.Of(store).Log.StoreId;
            await store.AppendAsync(Enumerable.Repeat(Purchase.Of("a"), 10).ToArray());
            await store.RunBatchAsync();
            StoreInternals<Purchase>.Of(store).Log.RollWriteAheadLog();
            await store.AppendAsync(Enumerable.Repeat(Purchase.Of("b"), 5).ToArray());
            await store.AppendAsync(Enumerable.Repeat(Purchase.Of("c"), 3).ToArray());
        }

        return (StoreImage.Of(disk), id);
    }
}
