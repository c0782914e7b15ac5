namespace LambdaCore.Tests.EndToEnd.Producers;

/// <summary>
/// A source that can be read again from any place, as a partition or a file: all of its events stand from the beginning, their sequences ascend with gaps. It lives many
/// lives, and remembers nothing but what the store tells it, or too little.
/// </summary>
internal sealed class CrashingSource
{
    private const int InFlight = 4;

    private readonly long[] _sequences;
    private readonly int[] _batchSizes;
    private long _acknowledged = -1;

    /// <summary>A source of any kind.</summary>
    public CrashingSource(string name, Random random, int length)
    {
        Name = name;
        IsBatched = random.Next(3) == 0;
        bool isGapless = random.Next(3) == 0;
        _sequences = new long[length];
        _batchSizes = [.. Enumerable.Range(0, length).Select(_ => IsBatched ? random.Next(1, 5) : 1)];
        long next = random.Next(3);
        for (int i = 0; i < length; i++)
        {
            _sequences[i] = next;
            next += isGapless ? 1 : 1 + (random.Next(3) == 0 ? random.Next(20) : 0);
        }
    }

    /// <summary>The name of its producer.</summary>
    public string Name { get; }

    /// <summary>Whether each sequence is that of a batch.</summary>
    public bool IsBatched { get; }

    /// <summary>How many events were repeated and known.</summary>
    public long Duplicates { get; private set; }

    /// <summary>Compares its events in a log with those that must be there: each up to a sequence, once, in order.</summary>
    /// <param name="events">All events in the log.</param>
    /// <param name="last">The last sequence that the store says.</param>
    /// <param name="when">For the message.</param>
    public void Require(IEnumerable<(string Source, long Number)> events, long? last, string when)
    {
        long[] found = [.. events.Where(e => e.Source == Name).Select(e => e.Number)];
        long[] expected = [.. Enumerable.Range(0, _sequences.Length).TakeWhile(i => _sequences[i] <= last).SelectMany(EventsOf).Select(e => e.Number)];
        int first = found.AsSpan().CommonPrefixLength(expected);
        Require(
            found.Length == expected.Length && first == found.Length,
            $"{when}: the log has {found.Length} events of {Name}, and not just the {expected.Length} up to {last}: from index {first} on {string.Join(", ", found.Skip(first).Take(10))} instead of {string.Join(", ", expected.Skip(first).Take(10))}");
    }

    /// <summary>The last sequence that a life was acknowledged; -1 for none.</summary>
    public long Acknowledged => _acknowledged;

    /// <summary>The position in the source after what the store has.</summary>
    public int After(long? last) => _sequences.Count(s => s <= last);

    /// <summary>Appends what comes next, or what came before again, in any cuts, several calls at a time, until it has had enough or the store fails.</summary>
    /// <param name="producer">Its producer.</param>
    /// <param name="random">Decides.</param>
    /// <param name="calls">How many calls it makes at most.</param>
    public async Task LiveAsync(Producer<Sourced> producer, Random random, int calls)
    {
        int next = After(producer.LastSequence);
        next -= random.Next(3) == 0 ? random.Next(next + 1) : 0;
        Queue<Task> onTheirWay = [];
        try
        {
            for (; calls > 0 && next < _sequences.Length; calls--)
            {
                int count = Math.Min(random.Next(1, 7), _sequences.Length - next);
                onTheirWay.Enqueue(AppendAsync(producer, random, next, count));
                next += count;
                if (random.Next(4) == 0)
                {
                    // Some of it again, at once.
                    int from = Math.Max(0, next - random.Next(1, 12));
                    onTheirWay.Enqueue(AppendAsync(producer, random, from, random.Next(1, next - from + 1)));
                }

                while (onTheirWay.Count > random.Next(InFlight))
                {
                    await onTheirWay.Dequeue();
                }
            }

            await Task.WhenAll(onTheirWay);
        }
        finally
        {
            // Nobody is left alone with an error.
            await Task.WhenAll(onTheirWay).ContinueWith(_ => { }, TaskScheduler.Default);
        }
    }

    private async Task AppendAsync(Producer<Sourced> producer, Random random, int first, int count)
    {
        if (IsBatched)
        {
            // In this order, although not one after the other.
            Task[] batches = [.. Enumerable.Range(first, count).Select(i => AppendAsync(producer.AppendBatchAsync(EventsOf(i), _sequences[i]), _batchSizes[i], _sequences[i]))];
            await Task.WhenAll(batches);
            return;
        }

        Sourced[] events = [.. Enumerable.Range(first, count).SelectMany(EventsOf)];
        long last = _sequences[first + count - 1];
        bool isGapless = last - _sequences[first] == count - 1;
        ValueTask<ProducerReceipt> call = (count, isGapless) switch
        {
            (1, _) when random.Next(2) == 0 => producer.AppendAsync(events[0], last),
            (_, true) when random.Next(2) == 0 => producer.AppendAsync(events, _sequences[first]),
            _ => producer.AppendAsync(events, _sequences.AsMemory(first, count)),
        };
        await AppendAsync(call, count, last);
    }

    private async Task AppendAsync(ValueTask<ProducerReceipt> call, int count, long last)
    {
        ProducerReceipt receipt = await call;
        Require(receipt.Duplicates + receipt.Range.Count == count, $"{Name}: {count} events up to sequence {last} got the receipt {receipt}");
        lock (this)
        {
            Duplicates += receipt.Duplicates;
            _acknowledged = Math.Max(_acknowledged, last);
        }
    }

    private Sourced[] EventsOf(int index) => [.. Enumerable.Range(0, _batchSizes[index]).Select(i => Sourced.Of(Name, (_sequences[index] * 10) + i))];

    /// <summary>Fails the test, from any thread.</summary>
    public static void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new InvalidDataException(otherwise);
        }
    }
}
