using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Engines;
using LambdaCore.Log;
using LambdaCore.Storage;
using LambdaCore.Values;

namespace LambdaCore.Benchmarks;

/// <summary>
/// What does an event cost that is appended in a batch? From the disk alone, over the write-ahead log and the encoding, to the whole store
/// with three views at each level of durability. Sealing goes on meanwhile.
/// </summary>
[MemoryDiagnoser]
[SimpleJob(RunStrategy.Monitoring, launchCount: 1, warmupCount: 2, iterationCount: 8, invocationCount: 1)]
public class AppendBatchBenchmark
{
    private const int DefaultEvents = 500_000;
    private const int Batch = 10_000;

    private PageEvent[] _events = [];
    private byte[] _payload = [];
    private EventCodec<PageEvent> _codec = null!;
    private ScratchFolder? _folder;
    private IStorageFile? _file;
    private WriteAheadLog? _log;
    private WebStore? _store;

    /// <summary>How many events one measurement appends. The figures are per event of the default.</summary>
    public int Events { get; set; } = DefaultEvents;

    [GlobalSetup]
    public void Prepare()
    {
        _events = WebTraffic.Events(Events);
        EventSchema schema = EventSchema.Of(typeof(PageEvent));
        _codec = new EventCodec<PageEvent>(schema, schema.Properties[0]);
        ByteWriter writer = new();
        Encode(0, writer);
        _payload = writer.Written.ToArray();
    }

    [IterationSetup(Targets = [nameof(WriteAndFlush)])]
    public void CreateFile()
    {
        _folder = ScratchFolder.Create();
        _file = new PhysicalStorage(_folder.Path).Create("raw", (long)Batches * _payload.Length);
        _file.Flush();
    }

    [IterationSetup(Targets = [nameof(WriteAhead), nameof(EncodeAndWriteAhead)])]
    public void CreateLog()
    {
        _folder = ScratchFolder.Create();
        _log = WriteAheadLog.Open(new PhysicalStorage(_folder.Path), Guid.NewGuid(), LogPosition.Zero, new WriteAheadLogOptions());
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
        _log?.Dispose();
        _file?.Dispose();
        _folder?.Dispose();
        (_store, _log, _file, _folder) = (null, null, null, null);
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = DefaultEvents, Description = "pwrite + fdatasync")]
    public void WriteAndFlush()
    {
        for (int i = 0; i < Batches; i++)
        {
            _file!.Write((long)i * _payload.Length, _payload);
            _file.Flush();
        }
    }

    [Benchmark(OperationsPerInvoke = DefaultEvents, Description = "write-ahead log")]
    public void WriteAhead()
    {
        for (int i = 0; i < Batches; i++)
        {
            Append(_payload);
        }
    }

    [Benchmark(OperationsPerInvoke = DefaultEvents, Description = "encode + write-ahead log")]
    public void EncodeAndWriteAhead()
    {
        ByteWriter writer = new();
        for (int i = 0; i < Batches; i++)
        {
            writer.Clear();
            Encode(i, writer);
            Append(writer.Written);
        }
    }

    [Benchmark(OperationsPerInvoke = DefaultEvents, Description = "AppendAsync, Fsync")]
    public Task AppendFsync() => _store!.AppendAsync(_events, Batch);

    [Benchmark(OperationsPerInvoke = DefaultEvents, Description = "AppendAsync, Buffered")]
    public Task AppendBuffered() => _store!.AppendAsync(_events, Batch);

    [Benchmark(OperationsPerInvoke = DefaultEvents, Description = "AppendAsync, None")]
    public Task AppendNone() => _store!.AppendAsync(_events, Batch);

    private int Batches => (Events + Batch - 1) / Batch;

    private void Open(Durability durability) => _store = WebStore.OpenAsync(durability).GetAwaiter().GetResult();

    private void Encode(int batch, ByteWriter writer)
    {
        writer.WriteInt64((long)_codec.Fingerprint);
        foreach (PageEvent e in _events.AsSpan(batch * Batch, Math.Min(Batch, Events - (batch * Batch))))
        {
            _codec.Encode(e, writer);
        }
    }

    private void Append(ReadOnlySpan<byte> payload)
    {
        _log!.Append(_log.End, Batch, 0, payload);
        _log.Flush();
    }
}
