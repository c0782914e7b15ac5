using System.Linq.Expressions;

namespace LambdaCore.Benchmarks.Throughput;

/// <summary>
/// Measures what it takes to correct a thousandth of all events, scattered over the whole log and concentrated in one day, against one computation of all views over
/// everything. Prints a table.
/// </summary>
internal static class CorrectionsProgram
{
    private const int AppendBatch = 10_000;

    /// <summary>Values are even between 0 and 100, and four events of five have one: below this are a thousandth of all events.</summary>
    private const double Thousandth = 0.125;

    /// <summary>Fills a store and corrects it.</summary>
    public static async Task<int> RunAsync(CorrectionsOptions options, TextWriter output)
    {
        await output.WriteLineAsync($"a correction of a thousandth of {options.Events:N0} events, {options.Users:N0} users, {WebViews.All.Count} views; {Environment.ProcessorCount} processors");
        await using WebStore store = await WebStore.OpenAsync(Durability.Buffered);
        for (int events = 0; events < options.Events; events += LongTraffic.EventsPerDay)
        {
            int count = Math.Min(LongTraffic.EventsPerDay, options.Events - events);
            await store.AppendAsync(LongTraffic.Events(events, count, options.Users), AppendBatch);
            await store.Store.RunBatchAsync();
        }

        BatchRun full = await store.Store.RunBatchAsync(BatchMode.Full);
        await output.WriteLineAsync("| events that change | of them | segments | correction | of which views | keys computed | full batch | full / correction |");
        await output.WriteLineAsync("| --- | ---: | ---: | ---: | ---: | --- | ---: | ---: |");
        int days = Math.Max(1, options.Events / LongTraffic.EventsPerDay);
        DateTimeOffset day = WebTraffic.Start.AddDays(days / 2);
        DateTimeOffset next = day.AddDays(1);
        double most = Thousandth * (1 + days);
        await output.WriteLineAsync(await MeasureAsync(store.Store, "scattered over everything", e => e.Value < Thousandth, full));
        await output.WriteLineAsync(await MeasureAsync(store.Store, "concentrated in one day", e => e.Timestamp >= day && e.Timestamp < next && e.Value >= Thousandth && e.Value < most, full));
        BatchRun again = await store.Store.RunBatchAsync(BatchMode.Full);
        await output.WriteLineAsync($"full batch after both: {again.Elapsed.TotalSeconds:N2} s");
        return 0;
    }

    private static async Task<string> MeasureAsync(LambdaStore<PageEvent> store, string which, Expression<Func<PageEvent, bool>> where, BatchRun full)
    {
        Correction correction = await store.CorrectAsync(where, s => s.Set(e => e.Value, e => e.Value + 1000), which);
        double seconds = correction.Elapsed.TotalSeconds;
        double views = correction.Views.Sum(v => v.Elapsed.TotalSeconds);
        string keys = string.Join(", ", correction.Views.Select(v => $"{v.Name} {v.Keys:N0}"));
        return $"| {which} | {correction.Events:N0} | {correction.Segments:N0} | {seconds:N2} s | {views:N2} s | {keys} | {full.Elapsed.TotalSeconds:N2} s | {full.Elapsed.TotalSeconds / seconds:N1}x |";
    }
}
