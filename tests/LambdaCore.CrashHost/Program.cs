using System.Globalization;
using LambdaCore;
using LambdaCore.CrashHost;

// Without arguments it takes commands: see Commands.
if (args.Length == 0)
{
    await Commands.TakeAsync();
    return;
}

// Appends until it is killed: LambdaCore.CrashHost <folder> <first producer> <producers> appends.
// Each acknowledgement is told on a line of its own: producer, first number, count, first position.
// Or appends through producers that repeat what they are not sure of: ... repeats.
// Then the lines are: producer, last number, number of events that were new, end of the range.
// It ends by itself when its input does, since whoever was to kill it is gone then.
string folder = args[0];
int firstProducer = int.Parse(args[1], CultureInfo.InvariantCulture);
int producers = int.Parse(args[2], CultureInfo.InvariantCulture);
Lock console = new();
_ = Task.Run(() =>
{
    Console.In.ReadToEnd();
    Environment.Exit(2);
});
await using LambdaStore<NumberedEvent> store = await LambdaStore.OpenAsync<NumberedEvent>(folder, NumberedViews.Configure);
await Task.WhenAll([Task.Run(BatchAsync), .. Enumerable.Range(firstProducer, producers).Select(p => Task.Run(() => args[3] == "repeats" ? RepeatAsync(p) : AppendAsync(p)))]);

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

async Task RepeatAsync(int source)
{
    Producer<NumberedEvent> producer = store.CreateProducer(RepeatingSource.NameOf(source));
    await foreach ((long last, ProducerReceipt receipt) in RepeatingSource.AppendAsync(producer, source))
    {
        Tell(string.Create(CultureInfo.InvariantCulture, $"{source} {last} {receipt.Range.Count} {receipt.Range.End}"));
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
