namespace LambdaCore.Benchmarks.Throughput;

/// <summary>
/// Measures the whole path in one run: appends at each level of durability, reads, the full batch. Prints one line per figure, and how busy the
/// machine was.
/// </summary>
internal static class ThroughputProgram
{
    /// <summary>Everything.</summary>
    public static async Task<int> RunAsync(ThroughputOptions options, TextWriter output)
    {
        PageEvent[] events = await BeginAsync(options, output);
        AppendMeasurements append = new(options, output);
        await append.BatchesAsync(events, Durability.Fsync); // Compiles what is hot; the next line counts.
        foreach (Durability durability in Enum.GetValues<Durability>())
        {
            await append.BatchesAsync(events, durability);
        }

        foreach (Durability durability in Enum.GetValues<Durability>())
        {
            await append.SinglesAsync(events, durability);
        }

        await append.PiecesAsync(events[..Math.Min(events.Length, 1_000_000)]);
        await new ReadMeasurements(options, output).RunAsync(events);
        await new BatchMeasurements(options, output).RunAsync(events);
        await EndAsync(output);
        return 0;
    }

    /// <summary>The full batch only.</summary>
    public static async Task<int> RunBatchAsync(ThroughputOptions options, TextWriter output)
    {
        PageEvent[] events = await BeginAsync(options, output);
        await new BatchMeasurements(options, output).RunAsync(events);
        await EndAsync(output);
        return 0;
    }

    private static async Task<PageEvent[]> BeginAsync(ThroughputOptions options, TextWriter output)
    {
        await output.WriteLineAsync($"{options.Events:N0} events of web traffic, {WebViews.All.Count} views; {Environment.ProcessorCount} processors, {Load()}");
        return WebTraffic.Events(options.Events);
    }

    private static Task EndAsync(TextWriter output) => output.WriteLineAsync($"at the end {Load()}");

    /// <summary>How busy the machine is, where the system tells.</summary>
    private static string Load() =>
        File.Exists("/proc/loadavg") ? $"load {File.ReadAllText("/proc/loadavg").Split(' ')[0]}" : "load unknown";
}
