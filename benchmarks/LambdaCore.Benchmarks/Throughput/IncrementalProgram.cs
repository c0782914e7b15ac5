namespace LambdaCore.Benchmarks.Throughput;

/// <summary>
/// Measures what a batch run costs after the same number of new events, on histories of growing length, against one computation over
/// everything. One store grows through all of them. Prints a table.
/// </summary>
internal static class IncrementalProgram
{
    private const int AppendBatch = 10_000;

    /// <summary>Fills the store, and measures on the way.</summary>
    public static async Task<int> RunAsync(IncrementalOptions options, TextWriter output)
    {
        await output.WriteLineAsync($"incremental batch after {options.Added:N0} new events, {options.Users:N0} users, {WebViews.All.Count} views; {Environment.ProcessorCount} processors; medians of {options.Rounds} rounds (least to most)");
        await output.WriteLineAsync("| history, events | full batch | incremental batch | of which sealing | of which views | bytes written | layers at most | runs with a merge | full / incremental |");
        await output.WriteLineAsync("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
        await using WebStore store = await WebStore.OpenAsync(Durability.Buffered);
        long events = 0;
        foreach (int history in options.Histories)
        {
            while (events < (long)history * options.Added)
            {
                events = await AppendAsync(store, options, events);
                await store.Store.RunBatchAsync();
            }

            BatchRun full = await store.Store.RunBatchAsync(BatchMode.Full);
            List<BatchRun> runs = [];
            for (int round = 0; round < options.Rounds; round++)
            {
                events = await AppendAsync(store, options, events);
                runs.Add(await store.Store.RunBatchAsync());
            }

            await output.WriteLineAsync(Line((long)history * options.Added, full, runs));
        }

        return 0;
    }

    private static async Task<long> AppendAsync(WebStore store, IncrementalOptions options, long events)
    {
        await store.AppendAsync(LongTraffic.Events(events, options.Added, options.Users), AppendBatch);
        return events + options.Added;
    }

    private static string Line(long history, BatchRun full, List<BatchRun> runs)
    {
        double[] all = Sorted(runs, r => r.Elapsed.TotalSeconds);
        double[] views = Sorted(runs, r => r.Views.Sum(v => v.Elapsed.TotalSeconds));
        double[] sealing = Sorted(runs, r => r.Elapsed.TotalSeconds - r.Views.Sum(v => v.Elapsed.TotalSeconds));
        double[] megabytes = Sorted(runs, r => r.Views.Sum(v => v.Bytes) / 1e6);
        int layers = runs.Max(r => r.Views.Max(v => v.Layers));
        int merges = runs.Count(r => r.Views.Any(v => v.MergedLayers > 0));
        return $"| {history:N0} | {full.Elapsed.TotalSeconds:N2} s | {Median(all):N2} s ({all[0]:N2} to {all[^1]:N2}) | {Median(sealing):N2} s | {Median(views):N2} s ({views[0]:N2} to {views[^1]:N2}) | {Median(megabytes):N1} MB | {layers} | {merges} of {runs.Count} | {full.Elapsed.TotalSeconds / Median(all):N1}x |";
    }

    private static double[] Sorted(List<BatchRun> runs, Func<BatchRun, double> figure) => [.. runs.Select(figure).Order()];

    private static double Median(double[] sorted) => sorted[sorted.Length / 2];
}
