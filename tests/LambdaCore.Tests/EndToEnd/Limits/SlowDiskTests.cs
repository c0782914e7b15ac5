using LambdaCore.Storage;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd.Limits;

/// <summary>A disk that does not keep up makes callers wait, or be refused; it does not make the store grow.</summary>
[TestFixture]
internal sealed class SlowDiskTests
{
    private const int Capacity = 8;
    private const int NoteLength = 20_000;

    [Test]
    public async Task While_the_disk_stands_still_at_most_the_queue_and_one_group_are_taken_in_and_the_rest_is_refused_at_once()
    {
        using InMemoryStorage storage = new();
        using StandStill disk = new(storage);
        await using LambdaStore<Purchase> store = Purchase.Open(storage, o => { o.AddView(Purchase.ByProduct); o.QueueCapacity = Capacity; o.Backpressure = Backpressure.Fail; });
        disk.Begin();
        List<Task<LogPosition>> accepted = [store.AppendAsync(Of("first")).AsTask()];
        await disk.Reached;
        int refused = 0;
        long before = GC.GetTotalMemory(forceFullCollection: true);
        for (int i = 0; i < 5000; i++)
        {
            Task<LogPosition> append = AppendAsync();
            if (append.IsFaulted)
            {
                refused++;
                Assert.That(append.Exception.InnerException, Is.InstanceOf<LogOverloadedException>());
            }
            else
            {
                accepted.Add(append);
            }
        }

        long grown = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.That(accepted, Has.Count.LessThanOrEqualTo(1 + Capacity));
        Assert.That(refused + accepted.Count, Is.EqualTo(5001));
        Assert.That(grown, Is.LessThan(8 << 20), "of 100 MB that were offered");
        Assert.That(store.Position.Value, Is.Zero);
        disk.End();
        await Task.WhenAll(accepted);
        Assert.That((await Purchase.CountsAsync(store)).Values.Sum(), Is.EqualTo(accepted.Count));

        async Task<LogPosition> AppendAsync() => await store.AppendAsync(Of("more"));
    }

    [Test]
    public async Task Producers_who_wait_are_let_in_one_by_one_as_the_disk_goes_on_and_nothing_is_lost()
    {
        using InMemoryStorage storage = new();
        using StandStill disk = new(storage);
        await using LambdaStore<Purchase> store = Purchase.Open(storage, o => { o.AddView(Purchase.ByProduct); o.QueueCapacity = Capacity; });
        disk.Begin();
        Task first = store.AppendAsync(Of("first")).AsTask();
        await disk.Reached;
        int sent = 0;
        Task[] producers = [.. Enumerable.Range(0, 32).Select(p => Task.Run(async () =>
        {
            for (int i = 0; i < 20; i++)
            {
                Interlocked.Increment(ref sent);
                await store.AppendAsync(Of($"p{p}"));
            }
        }))];
        while (Volatile.Read(ref sent) < producers.Length)
        {
            await Task.Yield();
        }

        // Each waits with its first event, whatever the store does with it.
        Assert.That(sent, Is.EqualTo(producers.Length));
        Assert.That(store.Position.Value, Is.Zero);
        disk.End();
        await Task.WhenAll([first, .. producers]);
        Dictionary<string, long> counts = await Purchase.CountsAsync(store);
        Assert.That(counts.Values.Sum(), Is.EqualTo(1 + (32 * 20)));
    }

    private static Purchase Of(string product) => Purchase.Of(product) with { Note = new string('n', NoteLength) };

    /// <summary>A disk whose flushes take until it is told to go on.</summary>
    private sealed class StandStill(InMemoryStorage storage) : IDisposable
    {
        private readonly ManualResetEventSlim _goesOn = new();
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Reached => _reached.Task;

        public void Begin() => storage.BeforeCall = call =>
        {
            if (call.Operation == StorageOperation.Flush)
            {
                _reached.TrySetResult();
                _goesOn.Wait();
            }
        };

        public void End() => _goesOn.Set();

        public void Dispose()
        {
            _goesOn.Set();
            storage.BeforeCall = null;
        }
    }
}
