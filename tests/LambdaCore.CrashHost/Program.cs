using System.Globalization;
using LambdaCore;
using LambdaCore.CrashHost;

// Without arguments it takes commands: see Commands.
if (args.Length == 0)
{
    await Commands.TakeAsync();
    return;
}

// Appends until it is killed: LambdaCore.CrashHost <folder> <first producer> <producers>.
// Each acknowledgement is told on a line of its own: producer, first number, count, first position.
string folder = args[0];
int firstProducer = int.Parse(args[1], CultureInfo.InvariantCulture);
int producers = int.Parse(args[2], CultureInfo.InvariantCulture);
Lock console = new();
await using LambdaStore<NumberedEvent> store = await LambdaStore.OpenAsync<NumberedEvent>(folder, NumberedViews.Configure);
await Task.WhenAll([Task.Run(BatchAsync), .. Enumerable.Range(firstProducer, producers).Select(p => Task.Run(() => AppendAsync(p)))]);

async Task AppendAsync(int producer)
{
    long number = 0;
    foreach (int size in AppendSizes.Of(producer))
    {
        NumberedEvent[] events = [.. Enumerable.Range(0, size).Select(i => NumberedEvent.Of(producer, number + i))];
        long position = size == 1 ? (await store.AppendAsync(events[0])).Value : (await store.AppendAsync(events)).Start.Value;
        Tell(string.Create(CultureInfo.InvariantCulture, $"{producer} {number} {size} {position}"));
        number += size;
    }
}

async Task BatchAsync()
{
    while (true)
    {
        await store.RunBatchAsync();
    }
}

void Tell(string line)
{
    lock (console)
    {
        Console.Out.WriteLine(line);
        Console.Out.Flush();
    }
}
