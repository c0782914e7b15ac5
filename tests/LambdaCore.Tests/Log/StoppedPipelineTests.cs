using LambdaCore.DuckDb;
using LambdaCore.Log;
using LambdaCore.Storage;
using LambdaCore.Tests.EndToEnd;
using LambdaCore.Values;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;

namespace LambdaCore.Tests.Log;

/// <summary>Where what comes after the write-ahead log fails, the log stops: nobody is told that his events count, and none that were written is lost.</summary>
[TestFixture]
internal sealed class StoppedPipelineTests
{
    [Test]
    public async Task A_consumer_that_fails_stops_the_log_and_everything_behind_is_refused_and_comes_again()
    {
        using InMemoryStorage storage = new();
        using DuckDbEngine duckDb = new(new DuckDbOptions { AllowedDirectories = [storage.PhysicalFolder] }, _ => { });
        using ManualResetEventSlim failing = new();
        Consumer consumer = new(group => group == 2, failing);
        EventLog<Purchase> log = Open(storage, duckDb, consumer);
        await log.AppendAsync(Purchase.Of("first"), CancellationToken.None);

        // Each is a group of its own, and both are written when the consumer sees the first of them.
        Task<LogPosition> second = log.AppendAsync(Purchase.Of("second"), CancellationToken.None).AsTask();
        Task<LogPosition> third = log.AppendAsync(Purchase.Of("third"), CancellationToken.None).AsTask();
        Assert.That(SpinWait.SpinUntil(() => log.End.Value == 3, TimeSpan.FromMinutes(1)), Is.True);
        failing.Set();

        Assert.That(() => second, Throws.InstanceOf<LogPoisonedException>().With.Message.Contains("The consumer is broken.").And.Message.Contains("Open the store again"));
        Assert.That(() => third, Throws.InstanceOf<LogPoisonedException>().With.Message.Contains("The consumer is broken."));
        Assert.That(log.Acknowledged.Value, Is.EqualTo(1));
        Assert.That(async () => await log.AppendAsync(Purchase.Of("fourth"), CancellationToken.None), Throws.InstanceOf<LogPoisonedException>().With.Message.Contains("The consumer is broken."));
        await log.DisposeAsync();
        Assert.That(consumer.Stopped, Is.InstanceOf<LogPoisonedException>());
        Assert.That(consumer.Applied, Is.EqualTo(new[] { "first" }));

        Consumer next = new(_ => false, failing);
        await Open(storage, duckDb, next).DisposeAsync();
        Assert.That(next.Applied, Is.EqualTo(new[] { "first", "second", "third" }));
        Assert.That(next.Stopped, Is.Null);
    }

    [Test]
    public async Task A_write_that_fails_after_its_events_were_accepted_is_told_to_the_consumer_and_to_whoever_appends_next()
    {
        using InMemoryStorage storage = new();
        using DuckDbEngine duckDb = new(new DuckDbOptions { AllowedDirectories = [storage.PhysicalFolder] }, _ => { });
        using ManualResetEventSlim open = new(true);
        Consumer consumer = new(_ => false, open);
        EventLog<Purchase> log = Open(storage, duckDb, consumer, Durability.None);
        await log.AppendAsync(Purchase.Of("first"), CancellationToken.None);
        await log.SealAsync(log.Acknowledged, CancellationToken.None);
        storage.BeforeCall = c =>
        {
            if (c.Operation == StorageOperation.Write)
            {
                throw new StorageException("Storage failed: write: EIO, on demand.");
            }
        };

        Assert.That((await log.AppendAsync(Purchase.Of("accepted"), CancellationToken.None)).Value, Is.EqualTo(1), "without durability this is all that is promised");
        Assert.That(
            () => log.SealAsync(log.Acknowledged, CancellationToken.None),
            Throws.InstanceOf<LogPoisonedException>().With.Message.Contains("EIO").And.Message.Contains("up to position"));
        Assert.That(async () => await log.AppendAsync(Purchase.Of("refused"), CancellationToken.None), Throws.InstanceOf<LogPoisonedException>().With.Message.Contains("EIO"));
        storage.BeforeCall = null;
        await log.DisposeAsync();
        Assert.That(consumer.Stopped, Is.InstanceOf<LogPoisonedException>());
        Assert.That(consumer.Applied, Is.EqualTo(new[] { "first", "accepted" }));
    }

    private static EventLog<Purchase> Open(InMemoryStorage storage, DuckDbEngine duckDb, Consumer consumer, Durability durability = Durability.Fsync)
    {
        EventSchema events = EventSchema.Of(typeof(Purchase));
        EventCodec<Purchase> codec = new(events, events.Properties.Single(p => p.Name == nameof(Purchase.At)));
        EventLogOptions options = new() { MaxGroupBytes = 1, Durability = durability };
        EventLog<Purchase> log = EventLog<Purchase>.Open(storage, duckDb, codec, options, TimeProvider.System, NullLogger.Instance);
        log.Replay(consumer);
        log.Start(consumer);
        return log;
    }

    private sealed class Consumer(Func<int, bool> fails, ManualResetEventSlim failing) : IGroupConsumer<Purchase>
    {
        private int _groups;

        public List<string> Applied { get; } = [];

        public Exception? Stopped { get; private set; }

        public void Apply(in DurableGroup<Purchase> group)
        {
            if (fails(++_groups))
            {
                failing.Wait();
                throw new InvalidOperationException("The consumer is broken.");
            }

            foreach (Purchase e in group.Events)
            {
                Applied.Add(e.Product);
            }
        }

        public void Stop(Exception reason) => Stopped = reason;
    }
}
