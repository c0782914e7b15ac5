using LambdaCore.Aggregates;
using LambdaCore.Serving;
using LambdaCore.Storage;
using LambdaCore.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd;

/// <summary>The drift audit finds what is planted into the speed layer, and nothing else.</summary>
internal sealed class DriftTests
{
    private static readonly ViewDefinition<Purchase, string, long> Planted =
        View.Of<Purchase>(NoDriftAttribute.Planted + "counts").GroupBy(e => e.Product).Select(g => g.Count());

    private static readonly ViewDefinition<Purchase, string, PurchaseStats> Mixed =
        View.Of<Purchase>(NoDriftAttribute.Planted + "mixed").GroupBy(e => e.Product)
            .Select(g => new PurchaseStats(g.Sum(e => 0.1 * e.At.Minute), g.Count(), g.Average(e => 0.3 * e.At.Minute)));

    [Test]
    public async Task Layers_that_agree_are_compared_key_by_key_and_nothing_is_reported()
    {
        using InMemoryStorage disk = new();
        await using LambdaStore<Purchase> store = Purchase.Open(disk);
        for (int run = 1; run <= 5; run++)
        {
            await store.AppendAsync(Enumerable.Range(0, 1000).Select(i => Purchase.Of($"p{(i * run) % 100}", i)).ToArray());
            await store.RunBatchAsync();
        }

        DriftReport drift = store.Drift;
        Assert.That(drift.Mismatches, Is.Zero);
        Assert.That(drift.RangesCompared + drift.RangesSkipped.Values.Sum(), Is.EqualTo(5));
        Assert.That(drift.KeysCompared, Is.GreaterThanOrEqualTo(100));
        Assert.That(drift.RangesSkipped.Keys, Has.None.EqualTo(DriftReport.Failed));
    }

    [Test]
    public async Task A_wrong_state_in_the_speed_layer_is_reported_with_its_key()
    {
        RecordedLog log = new();
        using InMemoryStorage disk = new();
        await using LambdaStore<Purchase> store = Purchase.Open(disk, o => o.AddView(Planted).AddView(Purchase.ByProduct).LoggerFactory = log);
        await store.AppendAsync(Enumerable.Range(0, 500).Select(i => Purchase.Of($"p{i % 50}", i)).ToArray());
        Plant(store, Planted, "p7", new CountState { Count = 3 });
        Assert.That((await store.GetAsync(Planted, "p7"))!.Result, Is.EqualTo(13));
        await store.RunBatchAsync();
        DriftReport drift = store.Drift;
        Assert.That((drift.KeysCompared, drift.Mismatches), Is.EqualTo((100L, 1L)));
        DriftMismatch mismatch = drift.LatestMismatches.Single();
        Assert.That((mismatch.View, mismatch.Key, mismatch.Range), Is.EqualTo((Planted.Name, "p7", new LogRange(default, new LogPosition(500)))));
        Assert.That((mismatch.Batch, mismatch.Speed), Is.EqualTo(("10, states 0A00000000000000", "13, states 0D00000000000000")));
        Assert.That(log.Ids.Count(id => id == 40), Is.EqualTo(1));

        // The batch wins.
        Assert.That((await store.GetAsync(Planted, "p7"))!.Result, Is.EqualTo(10));
    }

    [Test]
    public async Task A_key_that_only_one_layer_has_is_reported()
    {
        using InMemoryStorage disk = new();
        await using LambdaStore<Purchase> store = Purchase.Open(disk, o => o.AddView(Planted));
        await store.AppendAsync(Enumerable.Range(0, 500).Select(i => Purchase.Of($"p{i % 50}", i)).ToArray());
        Plant(store, Planted, "ghost", new CountState { Count = 1 });
        await store.RunBatchAsync();
        Assert.That(store.Drift.LatestMismatches.Select(m => (m.Key, m.Batch, m.Speed)), Is.EqualTo(new[] { ("ghost", (string?)null, "1, states 0100000000000000") }));
        Assert.That((store.Drift.KeysCompared, store.Drift.Mismatches), Is.EqualTo((51L, 1L)));
    }

    [Test]
    public async Task Wrong_states_are_found_wherever_the_speed_layer_keeps_them()
    {
        using InMemoryStorage disk = new();
        await using LambdaStore<Purchase> store = Purchase.Open(disk, o => o.AddView(Planted));
        OpenStore<Purchase> parts = StoreInternals<Purchase>.Of(store);
        for (int round = 0; round < 5; round++)
        {
            // As runs do that fail as they begin, so that old states move to FASTER.
            await store.AppendAsync(Enumerable.Range(0, 500).Select(i => Purchase.Of($"p{i % 50}", i)).ToArray());
            Plant(store, Planted, $"p{round}", new CountState { Count = 1 });
            Plant(store, Planted, $"ghost{round}", new CountState { Count = 1 });
            parts.Speed.OpenGeneration();
        }

        await store.AppendAsync(Purchase.Of("p0"));
        Assert.That(parts.Speed.SpillMemoryBytes, Is.GreaterThan(0));
        await store.RunBatchAsync();
        Assert.That(store.Drift.LatestMismatches.Select(m => m.Key), Is.EquivalentTo(Enumerable.Range(0, 5).SelectMany(i => new[] { $"p{i}", $"ghost{i}" })));
        Assert.That(store.Drift.KeysCompared, Is.EqualTo(55));
    }

    [Test]
    public async Task Sums_of_doubles_are_left_out_and_what_stands_beside_them_is_not()
    {
        using InMemoryStorage disk = new();
        await using LambdaStore<Purchase> store = Purchase.Open(disk, o => o.AddView(Mixed));
        Random random = new(1);
        await store.AppendAsync(Enumerable.Range(0, 5000).Select(i => Purchase.Of($"p{i % 50}", random.Next(100_000))).ToArray());
        PlantBytes(store, Mixed, "p3", [.. BitConverter.GetBytes(1e9), .. new byte[8], .. new byte[16]]);
        PlantBytes(store, Mixed, "p5", [.. new byte[8], .. BitConverter.GetBytes(2L), .. new byte[16]]);
        await store.RunBatchAsync();
        Assert.That(store.Drift.LatestMismatches.Select(m => m.Key), Is.EqualTo(new[] { "p5" }));
        Assert.That((store.Drift.KeysCompared, store.Drift.Mismatches), Is.EqualTo((50L, 1L)));
    }

    [Test]
    public async Task Only_so_many_mismatches_are_kept_and_all_are_counted()
    {
        using InMemoryStorage disk = new();
        await using LambdaStore<Purchase> store = Purchase.Open(disk, o => o.AddView(Planted));
        await store.AppendAsync(Purchase.Of("p"));
        for (int i = 0; i < 1000; i++)
        {
            Plant(store, Planted, $"ghost{i}", new CountState { Count = 1 });
        }

        await store.RunBatchAsync();
        Assert.That(store.Drift.Mismatches, Is.EqualTo(1000));
        Assert.That(store.Drift.LatestMismatches, Has.Count.EqualTo(10));
    }

    [Test]
    public void In_tests_every_store_is_audited() => Assert.That(new LambdaStoreOptions<Purchase>().AuditDrift);

    [Test]
    public async Task Appends_are_acknowledged_while_the_layers_are_compared()
    {
        using InMemoryStorage disk = new();
        Task<LogPosition>? appended = null;
        await using LambdaStore<Purchase> store = Purchase.Open(disk);
        await store.AppendAsync(Enumerable.Range(0, 500).Select(i => Purchase.Of($"p{i % 50}", i)).ToArray());
        OpenStore<Purchase> parts = StoreInternals<Purchase>.Of(store);
        parts.Speed.OpenGeneration();
        await Task.Run(() =>
        {
            // What the audit holds while it compares.
            parts.Speed.Gate.EnterReadLock();
            try
            {
                appended = Task.Run(() => store.AppendAsync(Purchase.Of("p0")).AsTask());
                Assert.That(appended.Wait(TimeSpan.FromSeconds(60)));
            }
            finally
            {
                parts.Speed.Gate.ExitReadLock();
            }
        });
        Assert.That((await store.GetAsync(Purchase.ByProduct, "p0"))!.Result, Is.EqualTo(11));
    }

    [Test]
    public async Task Without_the_option_nothing_is_compared()
    {
        using InMemoryStorage disk = new();
        await using LambdaStore<Purchase> store = Purchase.Open(disk, o => o.AddView(Planted).AuditDrift = false);
        await store.AppendAsync(Purchase.Of("p"));
        Plant(store, Planted, "ghost", new CountState { Count = 1 });
        await store.RunBatchAsync();
        Assert.That((store.Drift.RangesCompared, store.Drift.Mismatches, store.Drift.RangesSkipped.Count), Is.EqualTo((0L, 0L, 0)));
    }

    /// <summary>Merges a state into the speed layer that no event accounts for.</summary>
    private static void Plant<TKey, TResult>(LambdaStore<Purchase> store, ViewDefinition<Purchase, TKey, TResult> view, TKey key, CountState state)
    {
        ByteWriter bytes = new();
        state.Write(bytes);
        PlantBytes(store, view, key, bytes.Written.ToArray());
    }

    private static void PlantBytes<TKey, TResult>(LambdaStore<Purchase> store, ViewDefinition<Purchase, TKey, TResult> view, TKey key, byte[] state)
    {
        ServedView<Purchase> served = StoreInternals<Purchase>.Of(store).ViewsByName[view.Name];
        ByteWriter bytes = new();
        KeyWriter.Write(bytes, System.Text.Encoding.UTF8.GetBytes((string)(object)key!));
        served.LoadSpeed(visit => visit(bytes.Written, state));
    }

    private readonly record struct PurchaseStats(double Sum, long Count, double? Mean);
}
