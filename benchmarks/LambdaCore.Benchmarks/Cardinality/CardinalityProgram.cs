using System.Diagnostics;
using System.Globalization;
using LambdaCore.Benchmarks.Soak;

namespace LambdaCore.Benchmarks.Cardinality;

/// <summary>An event of one of very many keys.</summary>
public sealed record KeyedEvent(DateTimeOffset At, long Key, long Value);

/// <summary>What is known of a key.</summary>
public readonly record struct KeyedTotals(long Count, long Sum);

/// <summary>
/// Appends one event for each of very many keys, and a second one for every tenth; asks for samples of keys and for all of a range, exactly, from the speed layer and again after a batch. Prints how long it took and how much
/// memory and disk.
/// </summary>
internal static class CardinalityProgram
{
    private const int AppendBatch = 20_000;
    private const int SampledKeys = 20_000;

    /// <summary>What each key's events come to.</summary>
    public static ViewDefinition<KeyedEvent, long, KeyedTotals> ByKey { get; } = View.Of<KeyedEvent>("by_key").GroupBy(e => e.Key).Select(g => new KeyedTotals(g.Count(), g.Sum(e => e.Value)));

    /// <summary>Fills a store and asks it.</summary>
    public static async Task<int> RunAsync(CardinalityOptions options, TextWriter output)
    {
        using ScratchFolder folder = ScratchFolder.Create();
        List<string> wrong = [];
        long most = 0;
        await output.WriteLineAsync($"{options.Keys:N0} keys, speed budget {Mib(options.SpeedBytes)}; bound of memory while events come: {Mib(options.MemoryBound)}");
        await output.WriteLineAsync("| step | time | memory | managed | files | disk |");
        await output.WriteLineAsync("| --- | ---: | ---: | ---: | ---: | ---: |");
        await using (LambdaStore<KeyedEvent> store = await LambdaStore.OpenAsync<KeyedEvent>(folder.Path, o =>
        {
            o.EventTime(e => e.At).AddView(ByKey);
            o.Durability = Durability.Buffered;
            o.SpeedMemoryBytes = options.SpeedBytes;
            o.BatchMemoryBytes = 1L << 30;
            o.SegmentEvents = 1_000_000;
        }))
        {
            await StepAsync("an event of each key", () => AppendAsync(store, options.Keys, i => new KeyedEvent(WebTraffic.Start.AddMilliseconds(i / 100), Mixed(i, options.Keys), i)));
            await StepAsync("another of every tenth", () => AppendAsync(store, options.Keys / 10, i => new KeyedEvent(WebTraffic.Start, Mixed(10 * i, options.Keys), 1)));
            if (most > options.MemoryBound)
            {
                wrong.Add($"memory went up to {Mib(most)}; the bound is {Mib(options.MemoryBound)}");
            }

            await StepAsync($"{SampledKeys:N0} keys from the speed layer", () => CheckAsync(store, options.Keys, AnswerSource.Speed, wrong));
            await StepAsync("a scan for a thousand of them", () => CheckRangeAsync(store, options.Keys, wrong));
            if (options.RunsBatch)
            {
                await StepAsync("a batch", async () =>
                {
                    BatchRun run = await store.RunBatchAsync();
                    if (run.Views.Single().Keys != options.Keys)
                    {
                        wrong.Add($"the batch has {run.Views.Single().Keys:N0} keys");
                    }
                });
                await StepAsync($"{SampledKeys:N0} keys from the batch layer", () => CheckAsync(store, options.Keys, AnswerSource.Batch, wrong));
            }
        }

        await output.WriteLineAsync(wrong.Count == 0 ? "all answers exact" : string.Join('\n', wrong.Take(20).Prepend("WRONG:")));
        return wrong.Count == 0 ? 0 : 1;

        async Task StepAsync(string name, Func<Task> step)
        {
            Stopwatch clock = Stopwatch.StartNew();
            Task running = Task.Run(step);
            long peak = 0;
            while (!running.IsCompleted)
            {
                await Task.WhenAny(running, Task.Delay(200));
                peak = Math.Max(peak, Environment.WorkingSet);
            }

            await running;
            most = Math.Max(most, peak);
            SoakGauges now = SoakGauges.Read(folder.Path);
            await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"| {name} | {clock.Elapsed.TotalSeconds:N1} s | {Mib(peak)} | {Mib(now.Managed)} | {now.Handles} | {Mib(now.Disk)} |"));
        }
    }

    private static async Task AppendAsync(LambdaStore<KeyedEvent> store, long count, Func<long, KeyedEvent> make)
    {
        Queue<Task> pending = [];
        for (long first = 0; first < count; first += AppendBatch)
        {
            KeyedEvent[] events = new KeyedEvent[(int)Math.Min(AppendBatch, count - first)];
            for (int i = 0; i < events.Length; i++)
            {
                events[i] = make(first + i);
            }

            if (pending.Count == 4)
            {
                await pending.Dequeue();
            }

            pending.Enqueue(store.AppendAsync(events).AsTask());
        }

        await Task.WhenAll(pending);
    }

    private static async Task CheckAsync(LambdaStore<KeyedEvent> store, long keys, AnswerSource source, List<string> wrong)
    {
        for (long i = 0; i < keys; i += Math.Max(1, keys / SampledKeys))
        {
            ViewEntry<long, KeyedTotals>? entry = await store.GetAsync(ByKey, Mixed(i, keys));
            KeyedTotals expected = i % 10 == 0 && i / 10 < keys / 10 ? new KeyedTotals(2, i + 1) : new KeyedTotals(1, i);
            if (entry?.Result != expected || entry.Receipt.Source != source)
            {
                wrong.Add($"key {Mixed(i, keys)} is {entry?.Result} from {entry?.Receipt.Source} instead of {expected} from {source}");
            }
        }
    }

    private static async Task CheckRangeAsync(LambdaStore<KeyedEvent> store, long keys, List<string> wrong)
    {
        long least = keys / 2;
        ViewAnswer<long, KeyedTotals> answer = await store.Query(ByKey).Where(k => k >= least && k < least + 1000).ExecuteAsync();
        if (answer.Rows.Count != Math.Min(1000, keys - least))
        {
            wrong.Add($"a range of a thousand keys has {answer.Rows.Count}");
        }
    }

    /// <summary>Another order of the same numbers, without repetition: multiplying by a number that has no divisor in common with the count.</summary>
    private static long Mixed(long i, long keys)
    {
        const long Prime = 2_654_435_761;
        return (long)((Int128)i * Prime % keys);
    }

    private static string Mib(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:N0} MiB");
}
