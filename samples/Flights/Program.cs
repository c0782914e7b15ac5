using System.Diagnostics;
using Flights;
using LambdaCore;

if (Arguments.Parse(args) is not { } arguments)
{
    Console.Error.WriteLine("Usage: Flights [--events N] [--folder PATH] [--keep]");
    return 1;
}

string folder = arguments.Folder ?? Path.Combine(Path.GetTempPath(), $"lambdacore-flights-{Guid.NewGuid():N}");
if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
{
    Console.Error.WriteLine($"The folder {folder} is not empty. Name one that does not exist: the store in it is removed at the end, unless --keep is given.");
    return 1;
}

try
{
    return await RunAsync() ? 0 : 1;
}
catch (LambdaCoreException error)
{
    Console.Error.WriteLine(error);
    return 1;
}
finally
{
    if (!arguments.Keep && Directory.Exists(folder))
    {
        Directory.Delete(folder, recursive: true);
    }
}

async Task<bool> RunAsync()
{
    using OriginalFile original = new(Path.Combine(AppContext.BaseDirectory, "flights-3m.parquet"), arguments.Events);
    Console.WriteLine($"Replaying {original.Count:N0} flights into {folder}");

    Replay replay;
    AllRows before;
    await using (LambdaStore<Flight> store = await OpenAsync())
    {
        replay = new Replay(store, original);
        await replay.RunAsync();
        before = await AllRows.OfAsync(store);
    }

    long opening = Stopwatch.GetTimestamp();
    await using LambdaStore<Flight> reopened = await OpenAsync();
    TimeSpan reopening = Stopwatch.GetElapsedTime(opening);
    bool same = before.Equals(await AllRows.OfAsync(reopened));
    Console.WriteLine($"closed and reopened in {reopening.TotalSeconds:F2} s; all views answer {(same ? "as before" : "differently")}");

    // Once merged from both layers, and once from batch views alone.
    (double point, double window) = await Questions.MeasureAsync(reopened);
    List<Comparison> comparisons = await CompareAsync(reopened, original);
    BatchRun last = await reopened.RunBatchAsync();
    comparisons.AddRange(await CompareAsync(reopened, original));

    Report.Show(comparisons);
    Console.WriteLine($"append       {original.Count / replay.Elapsed.TotalSeconds:N0} events/s, each durable (fsync), with {replay.Batches.Count} batch runs meanwhile");
    Console.WriteLine($"batch run    {last.Elapsed.TotalSeconds:F2} s over all {last.End.Value:N0} events, into {last.Views.Sum(v => v.Keys):N0} rows");
    Console.WriteLine($"query        {point:F1} us for one key, {window:F0} us for four days of one airport (medians, merged from both layers)");
    foreach (Comparison failed in comparisons.Where(c => !c.Agrees))
    {
        Console.WriteLine($"{failed.View} ({failed.Source}): {failed.FirstMismatch}");
    }

    bool agree = same && comparisons.All(c => c.Agrees);
    Console.WriteLine(agree ? "all rows agree" : "NOT all rows agree");
    return agree;
}

Task<LambdaStore<Flight>> OpenAsync() => LambdaStore.OpenAsync<Flight>(folder, o => o
    .EventTime(f => f.Departure)
    .AddView(Views.AirportDays)
    .AddView(Views.Airports)
    .AddView(Views.Routes)
    .AddView(Views.Hours));

static async Task<List<Comparison>> CompareAsync(LambdaStore<Flight> store, OriginalFile original) =>
[
    await Comparison.MakeAsync(store, Views.AirportDays, original, DirectSql.AirportDays),
    await Comparison.MakeAsync(store, Views.Airports, original, DirectSql.Airports),
    await Comparison.MakeAsync(store, Views.Routes, original, DirectSql.Routes),
    await Comparison.MakeAsync(store, Views.Hours, original, DirectSql.Hours),
];
