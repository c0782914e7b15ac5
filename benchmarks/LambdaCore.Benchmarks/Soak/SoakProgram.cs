using System.Diagnostics;
using System.Globalization;

namespace LambdaCore.Benchmarks.Soak;

/// <summary>
/// Everything that a store can do, side by side for minutes: answers are checked as they come and against a fold of everything in the end, before and after opening the store again; memory, open files and disk are
/// sampled, printed, and held against bounds. The exit code is not zero if anything is wrong.
/// </summary>
internal static class SoakProgram
{
    private const int Producers = 4;
    private const int Samples = 20;

    /// <summary>Runs the soak.</summary>
    public static async Task<int> RunAsync(SoakOptions options, TextWriter output)
    {
        using ScratchFolder scratch = ScratchFolder.Create();
        SoakOracle oracle = new(Producers);
        List<SoakGauges> samples = [];
        List<string> wrong = [];
        await output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"soak of {options.Length.TotalMinutes:N1} min, seed {options.Seed}; bounds: memory {Mib(options.MemoryBound)}, {SoakOptions.HandleBound} files, disk {Mib(options.DiskBound)}; speed {Mib(options.SpeedBytes)}, DuckDB {Mib(options.BatchBytes)}, raw events {Mib(options.RetainedBytes)}"));
        await output.WriteLineAsync("| time | events | per s | answers | batches | corrections | erasures | maintenance | rebuilds | forks | memory | managed | files | disk |");
        await output.WriteLineAsync("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
        string folder = Path.Combine(scratch.Path, "store");
        await using (LambdaStore<SoakEvent> store = await OpenAsync(folder, options))
        {
            using SoakRun run = new(store, options, oracle, scratch.Path);
            await SampleAsync(run, Task.Run(run.RunAsync), scratch.Path, options, oracle, samples, output);
            wrong.AddRange(run.Violations);
            if (options.DoesEverything && !run.HasDoneEverything)
            {
                wrong.Add($"not everything was done: {run.Counts}");
            }

            SoakTruth truth = oracle.Fold();
            await SoakRun.CompareAsync(store, truth, "in the end", wrong.Add);
            await store.RunBatchAsync();
            await SoakRun.CompareAsync(store, truth, "after the last batch", wrong.Add);
        }

        await using (LambdaStore<SoakEvent> again = await OpenAsync(folder, options))
        {
            await SoakRun.CompareAsync(again, oracle.Fold(), "opened again", wrong.Add);
        }

        wrong.AddRange(Exceeded(options, samples));
        await output.WriteLineAsync(wrong.Count == 0
            ? string.Create(CultureInfo.InvariantCulture, $"all answers exact over {oracle.Total:N0} events; most: memory {Mib(samples.Max(s => s.Memory))}, {samples.Max(s => s.Handles)} files, disk {Mib(samples.Max(s => s.Disk))}")
            : string.Join('\n', wrong.Take(20).Prepend("WRONG:")));
        return wrong.Count == 0 ? 0 : 1;
    }

    /// <summary>Opens a store with the views of the soak.</summary>
    internal static Task<LambdaStore<SoakEvent>> OpenAsync(string folder, SoakOptions options) => LambdaStore.OpenAsync<SoakEvent>(folder, o =>
    {
        o.EventTime(e => e.At).AddView(SoakViews.ByProducer).AddView(SoakViews.ByUser).AddView(SoakViews.Hourly);
        o.SpeedMemoryBytes = options.SpeedBytes;
        o.BatchMemoryBytes = options.BatchBytes;
        o.SegmentEvents = 100_000;
        o.Retention = Retention.Of(bytes: options.RetainedBytes);
        o.QueueCapacity = 256;
    });

    private static async Task SampleAsync(SoakRun run, Task running, string folder, SoakOptions options, SoakOracle oracle, List<SoakGauges> samples, TextWriter output)
    {
        Stopwatch clock = Stopwatch.StartNew();
        long before = 0;
        TimeSpan told = TimeSpan.Zero;
        while (!running.IsCompleted)
        {
            // More often than it is told, so that peaks are not missed.
            await Task.WhenAny(running, Task.Delay(TimeSpan.FromMilliseconds(500)));
            SoakGauges now = SoakGauges.Read(folder);
            samples.Add(now);
            if (clock.Elapsed - told >= options.Length / Samples || running.IsCompleted)
            {
                long events = oracle.Total;
                double rate = (events - before) / (clock.Elapsed - told).TotalSeconds;
                (before, told) = (events, clock.Elapsed);
                await output.WriteLineAsync(string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {clock.Elapsed.TotalSeconds:N0} s | {events:N0} | {rate:N0} | {run.Counts} | {Mib(now.Memory)} | {Mib(now.Managed)} | {now.Handles} | {Mib(now.Disk)} |"));
            }
        }

        await running;
    }

    private static IEnumerable<string> Exceeded(SoakOptions options, List<SoakGauges> samples)
    {
        if (samples.Max(s => s.Memory) is long memory && memory > options.MemoryBound)
        {
            yield return $"memory went up to {Mib(memory)}; the bound is {Mib(options.MemoryBound)}";
        }

        if (samples.Max(s => s.Handles) is int files && files > SoakOptions.HandleBound)
        {
            yield return $"{files} files were open; the bound is {SoakOptions.HandleBound}";
        }

        if (samples.Max(s => s.Disk) is long disk && disk > options.DiskBound)
        {
            yield return $"the disk went up to {Mib(disk)}; the bound is {Mib(options.DiskBound)}";
        }
    }

    private static string Mib(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:N0} MiB");
}
