using BenchmarkDotNet.Attributes;

namespace LambdaCore.Benchmarks;

/// <summary>
/// What does it cost to ask for 24 hours? The baseline asks DuckDB for the same rows of the batch view's Parquet file; 24 reads of
/// one key each show what a query adds to them.
/// </summary>
[MemoryDiagnoser]
public class WindowQueryBenchmark
{
    private const int Batch = 10_000;
    private const int Hours = 24;

    private WebStore? _store;
    private BatchFiles? _files;
    private string _viewFile = "";
    private int _day;

    /// <summary>How many events the view is of; the last hundredth is in the speed layer only.</summary>
    public int Events { get; set; } = 500_000;

    [GlobalSetup]
    public async Task OpenStore()
    {
        PageEvent[] events = WebTraffic.Events(Events);
        int batchEnd = events.Length - (events.Length / 100);
        _store = await WebStore.OpenAsync(Durability.Buffered);
        await _store.AppendAsync(events.AsMemory(0, batchEnd), Batch);
        await _store.Store.RunBatchAsync();
        await _store.AppendAsync(events.AsMemory(batchEnd), Batch);
        _files = BatchFiles.Of(_store);
        _viewFile = Directory.GetFiles(Path.Combine(_store.Folder, "views", WebViews.Hourly.Name), "*.parquet").Single();
    }

    [GlobalCleanup]
    public async Task CloseStore()
    {
        _files!.Dispose();
        await _store!.DisposeAsync();
    }

    [Benchmark(Baseline = true, Description = "DuckDB over the batch view's Parquet")]
    public long ParquetBySql()
    {
        DateTimeOffset start = NextDay();
        return _files!.Query(
            $"SELECT * FROM read_parquet('{_viewFile}') WHERE \"EventType\" = 'purchase' AND \"Hour\" >= TIMESTAMPTZ '{start:yyyy-MM-dd HH:mm:ss}+00' AND \"Hour\" < TIMESTAMPTZ '{start.AddHours(Hours):yyyy-MM-dd HH:mm:ss}+00' ORDER BY \"Hour\"");
    }

    [Benchmark(Description = "GetAsync of 24 keys")]
    public async Task<int> Gets()
    {
        DateTimeOffset start = NextDay();
        int found = 0;
        for (int hour = 0; hour < Hours; hour++)
        {
            found += await _store!.Store.GetAsync(WebViews.Hourly, new HourKey(start.AddHours(hour), "purchase")) is null ? 0 : 1;
        }

        return found;
    }

    [Benchmark(Description = "24 hours of one type")]
    public async Task<int> OneType()
    {
        DateTimeOffset start = NextDay();
        return (await _store!.Store.Query(WebViews.Hourly).Where(k => k.EventType == "purchase").Between(start, start.AddHours(Hours)).ExecuteAsync()).Rows.Count;
    }

    [Benchmark(Description = "24 hours of all types")]
    public async Task<int> AllTypes()
    {
        DateTimeOffset start = NextDay();
        return (await _store!.Store.Query(WebViews.Hourly).Between(start, start.AddHours(Hours)).ExecuteAsync()).Rows.Count;
    }

    private DateTimeOffset NextDay() => WebTraffic.Start.AddDays(_day++ % WebTraffic.Length.Days);
}
