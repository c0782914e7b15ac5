using System.Diagnostics;

namespace LambdaCore.Benchmarks.Throughput;

/// <summary>Point reads and windows from a store whose views are in the speed layer, in the batch layer, or in both.</summary>
internal sealed class ReadMeasurements(ThroughputOptions options, TextWriter output)
{
    private const int Stride = 7919; // a prime, so that keys come in no order that memory could guess

    /// <summary>Reads everywhere, with a third of the events in each state of the store.</summary>
    public async Task RunAsync(PageEvent[] events)
    {
        int half = events.Length / 2;
        await using WebStore store = await WebStore.OpenAsync(Durability.Buffered);
        await store.AppendAsync(events.AsMemory(0, half), options.Batch);
        await ReadAsync(store, "speed only");
        await store.Store.RunBatchAsync();
        await ReadAsync(store, "batch only");
        await store.AppendAsync(events.AsMemory(half), options.Batch);
        await ReadAsync(store, "merged");
    }

    private async Task ReadAsync(WebStore store, string state)
    {
        string[] users = [.. Enumerable.Range(0, WebTraffic.Users).Select(WebTraffic.UserId)];
        long allocated = GC.GetTotalAllocatedBytes();
        Latencies gets = new(options.Gets);
        for (int i = 0, key = 0; i < options.Gets; i++, key = (key + Stride) % users.Length)
        {
            long started = Stopwatch.GetTimestamp();
            await store.Store.GetAsync(WebViews.Users, users[key]);
            gets.Add(started);
        }

        allocated = (GC.GetTotalAllocatedBytes() - allocated) / Math.Max(1, options.Gets);
        await output.WriteLineAsync($"get a user's profile   {state,-10}  {gets}   {allocated:N0} bytes allocated");
        await WindowAsync(store, state, "one type", q => q.Where(k => k.EventType == "purchase"));
        await WindowAsync(store, state, "all types", q => q);
    }

    private async Task WindowAsync(
        WebStore store, string state, string what, Func<ViewQuery<HourKey, HourStats>, ViewQuery<HourKey, HourStats>> restrict)
    {
        Latencies latencies = new(options.Windows);
        for (int i = 0; i < options.Windows; i++)
        {
            DateTimeOffset start = WebTraffic.Start.AddHours(i * 37 % (WebTraffic.Length.TotalHours - 24));
            long started = Stopwatch.GetTimestamp();
            await restrict(store.Store.Query(WebViews.Hourly).Between(start, start.AddHours(24))).ExecuteAsync();
            latencies.Add(started);
        }

        await output.WriteLineAsync($"24 hours, {what,-10}   {state,-10}  {latencies}");
    }
}
