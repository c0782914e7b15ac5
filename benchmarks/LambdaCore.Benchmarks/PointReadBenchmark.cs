using BenchmarkDotNet.Attributes;

namespace LambdaCore.Benchmarks;

/// <summary>What does it cost to read one user's profile? From the structures beneath, given the encoded key, to typed answers with a receipt.</summary>
[MemoryDiagnoser]
public class PointReadBenchmark
{
    private const int Batch = 10_000;
    private const int Stride = 7919; // a prime, so that keys come in no order that memory could guess

    private string[] _keys = [];
    private byte[][] _encoded = [];
    private StoredView? _parts;
    private WebStore? _batchOnly;
    private WebStore? _speedOnly;
    private WebStore? _merged;
    private int _next;

    /// <summary>How many events the views are of.</summary>
    public int Events { get; set; } = 500_000;

    [GlobalSetup]
    public async Task OpenStores()
    {
        PageEvent[] events = WebTraffic.Events(Events);
        _keys = [.. events.Select(e => e.UserId).Distinct()];
        _encoded = [.. _keys.Select(StoredView.Encode)];
        _batchOnly = await OpenAsync(events, batchEnd: events.Length);
        _speedOnly = await OpenAsync(events, batchEnd: 0);
        _merged = await OpenAsync(events, batchEnd: events.Length / 2);
        _parts = StoredView.Of(_batchOnly, WebViews.Users);
    }

    [GlobalCleanup]
    public async Task CloseStores()
    {
        _parts!.Dispose();
        await _batchOnly!.DisposeAsync();
        await _speedOnly!.DisposeAsync();
        await _merged!.DisposeAsync();
    }

    [Benchmark(Baseline = true, Description = "hash table")]
    public bool KeyTable() => _parts!.ReadKeyTable(_encoded[NextKey()]);

    [Benchmark(Description = "mapped lookup file")]
    public bool LookupFile() => _parts!.ReadLookupFile(_encoded[NextKey()]);

    [Benchmark(Description = "FASTER in memory")]
    public bool SpillStore() => _parts!.ReadSpillStore(_encoded[NextKey()]);

    [Benchmark(Description = "GetAsync, batch only")]
    public ValueTask<ViewEntry<string, UserProfile>?> GetFromBatch() => _batchOnly!.Store.GetAsync(WebViews.Users, _keys[NextKey()]);

    [Benchmark(Description = "GetAsync, speed only")]
    public ValueTask<ViewEntry<string, UserProfile>?> GetFromSpeed() => _speedOnly!.Store.GetAsync(WebViews.Users, _keys[NextKey()]);

    [Benchmark(Description = "GetAsync, merged")]
    public ValueTask<ViewEntry<string, UserProfile>?> GetMerged() => _merged!.Store.GetAsync(WebViews.Users, _keys[NextKey()]);

    private int NextKey() => _next = (_next + Stride) % _keys.Length;

    private static async Task<WebStore> OpenAsync(PageEvent[] events, int batchEnd)
    {
        WebStore store = await WebStore.OpenAsync(Durability.Buffered);
        await store.AppendAsync(events.AsMemory(0, batchEnd), Batch);
        if (batchEnd > 0)
        {
            await store.Store.RunBatchAsync();
        }

        await store.AppendAsync(events.AsMemory(batchEnd), Batch);
        return store;
    }
}
