using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Engines;

namespace LambdaCore.Benchmarks;

/// <summary>
/// What does a full recomputation of the three views cost? The baseline is hand-written SQL over the same segments; between them stands
/// the SQL that the definitions are compiled to, without lookup files and publishing.
/// </summary>
[MemoryDiagnoser]
[SimpleJob(RunStrategy.Monitoring, launchCount: 1, warmupCount: 1, iterationCount: 7, invocationCount: 1)]
public class FullBatchBenchmark
{
    private const int Batch = 10_000;

    private WebStore? _store;
    private BatchFiles? _files;

    /// <summary>How many events the views are of.</summary>
    public int Events { get; set; } = 2_000_000;

    [GlobalSetup]
    public async Task OpenStore()
    {
        _store = await WebStore.OpenAsync(Durability.Buffered);
        await _store.AppendAsync(WebTraffic.Events(Events), Batch);
        await _store.Store.RunBatchAsync();
        _files = BatchFiles.Of(_store);
    }

    [GlobalCleanup]
    public async Task CloseStore()
    {
        _files!.Dispose();
        await _store!.DisposeAsync();
    }

    [Benchmark(Baseline = true, Description = "hand-written SQL")]
    public void HandWritten()
    {
        foreach (string view in HandWrittenSql.All)
        {
            _files!.RunHandWritten(view);
        }
    }

    [Benchmark(Description = "compiled SQL")]
    public void Compiled()
    {
        foreach (ViewDefinition<PageEvent> view in WebViews.All)
        {
            _files!.RunCompiled(view);
        }
    }

    [Benchmark(Description = "RunBatchAsync(Full)")]
    public Task<BatchRun> RunBatch() => _store!.Store.RunBatchAsync(BatchMode.Full);
}
