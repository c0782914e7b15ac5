namespace LambdaCore.CrashHost;

/// <summary>A source that remembers nothing but what the store tells it when it starts, and repeats some of what it has appended, in other cuts, several calls at a time.</summary>
public static class RepeatingSource
{
    private const int CallsAtATime = 4;

    /// <summary>The name of a source's producer, in all its lives.</summary>
    public static string NameOf(int source) => $"kafka/numbers/{source}";

    /// <summary>Appends the events of a source without end: the number is the sequence.</summary>
    /// <returns>What was acknowledged: the last number of each call, and its receipt.</returns>
    public static async IAsyncEnumerable<(long Last, ProducerReceipt Receipt)> AppendAsync(Producer<NumberedEvent> producer, int source)
    {
        long next = Back(producer.LastSequence + 1 ?? 0, 50);
        Queue<(long Last, Task<ProducerReceipt> Call)> calls = [];
        while (true)
        {
            NumberedEvent[] events = [.. Enumerable.Range(0, Random.Shared.Next(1, 25)).Select(i => NumberedEvent.Of(source, next + i))];
            calls.Enqueue((next + events.Length - 1, producer.AppendAsync(events, firstSequence: next).AsTask()));
            next += events.Length;
            next = Random.Shared.Next(4) == 0 ? Back(next, 30) : next;
            if (calls.Count == CallsAtATime)
            {
                (long last, Task<ProducerReceipt> call) = calls.Dequeue();
                yield return (last, await call);
            }
        }
    }

    private static long Back(long next, int most) => next - Random.Shared.NextInt64(Math.Min(next, most) + 1);
}
