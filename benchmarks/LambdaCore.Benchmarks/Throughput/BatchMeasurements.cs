namespace LambdaCore.Benchmarks.Throughput;

/// <summary>
/// The full batch against hand-written SQL over the same files, in turns, view by view; between them the SQL that the definitions are
/// compiled to, without lookup files and publishing.
/// </summary>
internal sealed class BatchMeasurements(ThroughputOptions options, TextWriter output)
{
    private readonly Dictionary<string, List<(double Wall, double Cpu)>> _figures = [];

    /// <summary>Fills a store, then measures.</summary>
    public async Task RunAsync(PageEvent[] events)
    {
        await using WebStore store = await WebStore.OpenAsync(Durability.Buffered);
        await store.AppendAsync(events, options.Batch);
        BatchRun first = await store.Store.RunBatchAsync();
        await output.WriteLineAsync($"first batch run, sealing the rest included: {first.Elapsed.TotalSeconds:N2} s; " + string.Join(", ", first.Views.Select(v => $"{v.Name} {v.Keys:N0} keys, {v.Bytes / 1024.0:N0} KiB")));
        using BatchFiles files = BatchFiles.Of(store);
        for (int round = 0; round < options.Rounds; round++)
        {
            for (int view = 0; view < WebViews.All.Count; view++)
            {
                string name = WebViews.All[view].Name;
                Measure($"hand-written {name}", () => files.RunHandWritten(HandWrittenSql.All[view]));
                Measure($"promises {name}", () => files.RunHandWritten(HandWrittenSql.AllWithPromises[view]));
                Measure($"compiled {name}", () => files.RunCompiled(WebViews.All[view]));
            }

            CpuClock clock = CpuClock.Start();
            BatchRun run = await store.Store.RunBatchAsync(BatchMode.Full);
            Add("RunBatchAsync", clock.Elapsed());
            foreach (BatchRunView view in run.Views)
            {
                Add($"RunBatchAsync {view.Name}", (view.Elapsed.TotalSeconds, double.NaN));
            }
        }

        Report();
    }

    private void Report()
    {
        (double Wall, double Cpu) Sum(string kind) => (
            WebViews.All.Sum(v => Median($"{kind} {v.Name}").Wall), WebViews.All.Sum(v => Median($"{kind} {v.Name}").Cpu));

        (double handWall, double handCpu) = Sum("hand-written");
        foreach (string name in WebViews.All.Select(v => v.Name))
        {
            double hand = Median($"hand-written {name}").Wall;
            double compiled = Median($"compiled {name}").Wall;
            double run = Median($"RunBatchAsync {name}").Wall;
            output.WriteLine($"full batch   {name,-14}   hand-written {hand:N3} s   compiled SQL {compiled:N3} s = {compiled / hand:N2}x   RunBatchAsync {run:N3} s = {run / hand:N2}x");
        }

        (double wall, double cpu) = Median("RunBatchAsync");
        (double compiledWall, double compiledCpu) = Sum("compiled");
        output.WriteLine($"full batch   all, wall time   hand-written {handWall:N3} s   compiled SQL {compiledWall:N3} s = {compiledWall / handWall:N2}x   RunBatchAsync {wall:N3} s = {wall / handWall:N2}x");
        (double promisesWall, double promisesCpu) = Sum("promises");
        output.WriteLine($"full batch   hand-written SQL with the views' promises, all: {promisesWall:N3} s = {promisesWall / handWall:N2}x, CPU {promisesCpu:N3} s = {promisesCpu / handCpu:N2}x");
        output.WriteLine($"full batch   all, CPU time    hand-written {handCpu:N3} s   compiled SQL {compiledCpu:N3} s = {compiledCpu / handCpu:N2}x   RunBatchAsync {cpu:N3} s = {cpu / handCpu:N2}x");
    }

    private void Measure(string what, Action work)
    {
        CpuClock clock = CpuClock.Start();
        work();
        Add(what, clock.Elapsed());
    }

    private void Add(string what, (double Wall, double Cpu) figure)
    {
        if (!_figures.TryGetValue(what, out List<(double Wall, double Cpu)>? figures))
        {
            _figures.Add(what, figures = []);
        }

        figures.Add(figure);
    }

    private (double Wall, double Cpu) Median(string what)
    {
        List<(double Wall, double Cpu)> figures = _figures[what];
        return (figures.Select(f => f.Wall).Order().ElementAt(figures.Count / 2), figures.Select(f => f.Cpu).Order().ElementAt(figures.Count / 2));
    }
}
