using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Engines;
using LambdaCore.Storage;

namespace LambdaCore.Benchmarks;

/// <summary>
/// What does an event cost if 256 callers each append one, await it and go on? The baseline gives each event a flush of its own; group
/// commit shares flushes.
/// </summary>
[MemoryDiagnoser]
[SimpleJob(RunStrategy.Monitoring, launchCount: 1, warmupCount: 2, iterationCount: 8, invocationCount: 1)]
public class AppendSingleBenchmark
{
    private const int Callers = 256;
    private const int DefaultEventsPerCaller = 200;
    private const int RawEvents = 500;
    private static readonly byte[] OneEvent = new byte[96];

    private PageEvent[] _events = [];
    private ScratchFolder? _folder;
    private IStorageFile? _file;
    private WebStore? _store;

    /// <summary>How many events each caller appends. The figures are per event of the default.</summary>
    public int EventsPerCaller { get; set; } = DefaultEventsPerCaller;

    [GlobalSetup]
    public void Prepare() => _events = WebTraffic.Events(Callers * EventsPerCaller);

    [IterationSetup(Target = nameof(WriteAndFlush))]
    public void CreateFile()
    {
        _folder = ScratchFolder.Create();
        _file = new PhysicalStorage(_folder.Path).Create("raw", RawEvents * OneEvent.Length);
        _file.Flush();
    }

    [IterationSetup(Target = nameof(AppendFsync))]
    public void OpenFsync() => Open(Durability.Fsync);

    [IterationSetup(Target = nameof(AppendBuffered))]
    public void OpenBuffered() => Open(Durability.Buffered);

    [IterationSetup(Target = nameof(AppendNone))]
    public void OpenNone() => Open(Durability.None);

    [IterationCleanup]
    public void CleanUp()
    {
        _store?.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _file?.Dispose();
        _folder?.Dispose();
        (_store, _file, _folder) = (null, null, null);
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = RawEvents, Description = "pwrite + fdatasync of each event")]
    public void WriteAndFlush()
    {
        for (int i = 0; i < RawEvents; i++)
        {
            _file!.Write((long)i * OneEvent.Length, OneEvent);
            _file.Flush();
        }
    }

    [Benchmark(OperationsPerInvoke = Callers * DefaultEventsPerCaller, Description = "AppendAsync, Fsync")]
    public Task AppendFsync() => AppendAsync();

    [Benchmark(OperationsPerInvoke = Callers * DefaultEventsPerCaller, Description = "AppendAsync, Buffered")]
    public Task AppendBuffered() => AppendAsync();

    [Benchmark(OperationsPerInvoke = Callers * DefaultEventsPerCaller, Description = "AppendAsync, None")]
    public Task AppendNone() => AppendAsync();

    private void Open(Durability durability) => _store = WebStore.OpenAsync(durability).GetAwaiter().GetResult();

    private Task AppendAsync() => Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Run(async () =>
    {
        for (int i = 0; i < EventsPerCaller; i++)
        {
            await _store!.Store.AppendAsync(_events[(i * Callers) + caller]);
        }
    })));
}
