using System.Diagnostics;
using LambdaCore;

namespace Flights;

/// <summary>Appends the flights in the order of the file, while batches run and questions are asked.</summary>
internal sealed class Replay(LambdaStore<Flight> store, OriginalFile original)
{
    private const int EventsPerAppend = 5_000;
    private const int AppendsUnderWay = 32;

    private readonly long _eventsPerBatch = Math.Max(original.Count / 6, EventsPerAppend);
    private readonly List<BatchRun> _batches = [];

    /// <summary>The batch runs that came to their end.</summary>
    public IReadOnlyList<BatchRun> Batches => _batches;

    /// <summary>How long it took, questions and batch runs included.</summary>
    public TimeSpan Elapsed { get; private set; }

    /// <summary>Replays all flights. Its last sixth is left to the speed views.</summary>
    public async Task RunAsync()
    {
        long started = Stopwatch.GetTimestamp();
        long appended = 0;
        Queue<Task> underWay = [];
        Task batch = Task.CompletedTask;
        foreach (Flight[] flights in original.Read(EventsPerAppend))
        {
            // An append is durable when its task ends. Those that are under way together share a flush of the disk.
            underWay.Enqueue(store.AppendAsync(flights).AsTask());
            if (underWay.Count == AppendsUnderWay)
            {
                await underWay.Dequeue();
            }

            appended += flights.Length;
            if (appended % _eventsPerBatch < flights.Length && appended < original.Count)
            {
                await Questions.AskAsync(store);
                if (batch.IsCompleted)
                {
                    await batch;
                    batch = RunBatchAsync();
                }
            }
        }

        await Task.WhenAll(underWay);
        Elapsed = Stopwatch.GetElapsedTime(started);
        await batch;
    }

    private async Task RunBatchAsync()
    {
        LogPosition before = store.Position;
        BatchRun run = await store.RunBatchAsync();
        _batches.Add(run);
        Console.WriteLine($"  batch views now end at {run.End.Value:N0}: {run.Views.Sum(v => v.Keys):N0} rows in {run.Elapsed.TotalSeconds:F2} s, while {store.Position.Value - before.Value:N0} events were appended");
    }
}
