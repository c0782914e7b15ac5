using System.Diagnostics;
using LambdaCore.Aggregates;
using LambdaCore.Log;
using LambdaCore.Speed;
using LambdaCore.Storage;
using LambdaCore.Values;
using LambdaCore.Views;

namespace LambdaCore.Benchmarks.Throughput;

/// <summary>Appends in batches and one by one, and what the pieces of an append cost alone.</summary>
internal sealed class AppendMeasurements(ThroughputOptions options, TextWriter output)
{
    /// <summary>Appends all events in batches, several of them under way at a time.</summary>
    public async Task BatchesAsync(PageEvent[] events, Durability durability)
    {
        await using WebStore store = await WebStore.OpenAsync(durability);
        CpuClock clock = CpuClock.Start();
        await store.AppendAsync(events, options.Batch);
        (double wall, double cpu) = clock.Elapsed();
        await output.WriteLineAsync(
            $"append in batches    {durability,-8}  {events.Length / wall,11:N0} events/s   {cpu / events.Length * 1e6,6:N2} CPU s per million   sealed {store.Store.SealedPosition} meanwhile");
    }

    /// <summary>Lets many callers each append one event, await it and go on.</summary>
    public async Task SinglesAsync(PageEvent[] events, Durability durability)
    {
        await using WebStore store = await WebStore.OpenAsync(durability);
        CpuClock clock = CpuClock.Start();
        Latencies[] parts = await Task.WhenAll(Enumerable.Range(0, options.Callers).Select(caller => Task.Run(async () =>
        {
            Latencies latencies = new(options.EventsPerCaller);
            for (int i = 0; i < options.EventsPerCaller; i++)
            {
                long started = Stopwatch.GetTimestamp();
                await store.Store.AppendAsync(events[((i * options.Callers) + caller) % events.Length]);
                latencies.Add(started);
            }

            return latencies;
        })));
        (double wall, double cpu) = clock.Elapsed();
        double count = (double)options.Callers * options.EventsPerCaller;
        await output.WriteLineAsync($"append by {options.Callers,4} callers {durability,-8}  {count / wall,11:N0} events/s   {cpu / count * 1e6,6:N2} CPU s per million   {Latencies.Together(parts)}");
    }

    /// <summary>What each piece of an append takes on one thread, in nanoseconds per event; the second round counts.</summary>
    public async Task PiecesAsync(PageEvent[] events)
    {
        EventSchema schema = EventSchema.Of(typeof(PageEvent));
        EventCodec<PageEvent> codec = new(schema, schema.Properties[0]);
        foreach (bool counts in new[] { false, true })
        {
            TextWriter to = counts ? output : TextWriter.Null;
            await to.WriteLineAsync($"pieces, one thread   encode {Encode(events, codec):N0} ns   write-ahead log {WriteAhead(events, codec):N0} ns"
                + string.Concat(WebViews.All.Select(view => $"   speed {view.Name} {Fold(events, codec, view):N0} ns")));
        }
    }

    private double Encode(PageEvent[] events, EventCodec<PageEvent> codec)
    {
        ByteWriter writer = new();
        return NanosecondsPerEvent(events, (first, count) => Encode(events.AsSpan(first, count), codec, writer));
    }

    private double WriteAhead(PageEvent[] events, EventCodec<PageEvent> codec)
    {
        using ScratchFolder folder = ScratchFolder.Create();
        using WriteAheadLog log = WriteAheadLog.Open(new PhysicalStorage(folder.Path), Guid.NewGuid(), LogPosition.Zero, new WriteAheadLogOptions());
        ByteWriter writer = new();
        Encode(events.AsSpan(0, Math.Min(options.Batch, events.Length)), codec, writer);
        return NanosecondsPerEvent(events, (first, count) =>
        {
            log.Append(new LogPosition(first), count, 0, writer.Written);
            log.Flush();
        });
    }

    private double Fold(PageEvent[] events, EventCodec<PageEvent> codec, ViewDefinition<PageEvent> view)
    {
        using ScratchFolder folder = ScratchFolder.Create();
        using SpeedLayer<PageEvent> speed = new(new SpeedOptions(new PhysicalStorage(folder.Path), "speed"), LogPosition.Zero);
        view.Accept(new AddTo(speed));
        long[] times = [.. events.Select(codec.EventTime)];
        return NanosecondsPerEvent(events, (first, count) => speed.Apply(events.AsSpan(first, count), times.AsSpan(first, count), new LogPosition(first)));
    }

    private double NanosecondsPerEvent(PageEvent[] events, Action<int, int> work)
    {
        long started = Stopwatch.GetTimestamp();
        for (int first = 0; first < events.Length; first += options.Batch)
        {
            work(first, Math.Min(options.Batch, events.Length - first));
        }

        return Stopwatch.GetElapsedTime(started).TotalNanoseconds / events.Length;
    }

    private static void Encode(ReadOnlySpan<PageEvent> events, EventCodec<PageEvent> codec, ByteWriter writer)
    {
        writer.Clear();
        foreach (PageEvent e in events)
        {
            codec.Encode(e, writer);
        }
    }

    private sealed class AddTo(SpeedLayer<PageEvent> speed) : IViewVisitor<PageEvent, bool>
    {
        public bool Visit<TKey, TResult, TRow>(ViewProgram<PageEvent, TKey, TResult, TRow> program)
            where TRow : struct, IState<TRow>
        {
            speed.AddView<TRow>(program.Filter, program.WriteEventKey, program.Fold, LogPosition.Zero, program.WriteEventKeys);
            return true;
        }
    }
}
