using LambdaCore;
using WebAnalytics;

if (Arguments.Parse(args) is not { } arguments)
{
    Console.Error.WriteLine("Usage: WebAnalytics [--seconds N] [--seed N]");
    return 1;
}

DirectoryInfo folder = Directory.CreateTempSubdirectory("lambdacore-web-");
try
{
    List<string> mistakes = await RunAsync();
    LateEvents late = new(folder.FullName);
    await late.RunAsync();
    mistakes.AddRange(late.Mistakes);
    Console.WriteLine();
    mistakes.ForEach(Console.WriteLine);
    Console.WriteLine(mistakes.Count == 0 ? "all rows agree" : "NOT all rows agree");
    return mistakes.Count == 0 ? 0 : 1;
}
catch (LambdaCoreException error)
{
    Console.Error.WriteLine(error);
    return 1;
}
finally
{
    folder.Delete(recursive: true);
}

async Task<List<string>> RunAsync()
{
    await using LambdaStore<PageEvent> store = await LambdaStore.OpenAsync<PageEvent>(Path.Combine(folder.FullName, "shop"), o => o
        .EventTime(e => e.Timestamp)
        .AddView(Views.Hours)
        .AddView(Views.Users)
        .AddView(Views.Products));

    using CancellationTokenSource stop = new();
    Task batches = RunBatchesAsync(store, stop.Token);
    Task dashboard = Dashboard.ShowAsync(store, stop.Token);
    List<PageEvent> sent = await SendAsync(store);
    await stop.CancelAsync();
    await Task.WhenAll(batches, dashboard);

    Check check = new(store, sent);
    await check.RunAsync();
    Console.WriteLine($"{sent.Count:N0} events, {check.Rows:N0} rows checked");
    return check.Mistakes;
}

// A tick of the clock is ten minutes in the shop.
async Task<List<PageEvent>> SendAsync(LambdaStore<PageEvent> store)
{
    const int TicksPerSecond = 20;
    Traffic traffic = new(arguments.Seed);
    List<PageEvent> sent = [];
    using PeriodicTimer clock = new(TimeSpan.FromSeconds(1.0 / TicksPerSecond));
    for (int tick = 0; tick < arguments.Seconds * TicksPerSecond; tick++)
    {
        PageEvent[] events = traffic.Pass(TimeSpan.FromMinutes(10));
        _ = await store.AppendAsync(events);
        sent.AddRange(events);
        _ = await clock.WaitForNextTickAsync();
    }

    return sent;
}

static async Task RunBatchesAsync(LambdaStore<PageEvent> store, CancellationToken stop)
{
    while (true)
    {
        await Task.Delay(TimeSpan.FromSeconds(2), stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (stop.IsCancellationRequested)
        {
            return; // what came since the last run stays in the speed views
        }

        _ = await store.RunBatchAsync(CancellationToken.None);
    }
}
