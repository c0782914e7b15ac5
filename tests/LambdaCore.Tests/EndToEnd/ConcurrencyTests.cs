using System.Collections.Concurrent;
using LambdaCore.Storage;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd;

/// <summary>
/// Producers, readers and batch runs side by side on one store. What a reader may see is computable from the position that
/// its answer reports, whatever the others do.
/// </summary>
[TestFixture]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class ConcurrencyTests
{
    private const int BatchSize = 10;
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(3);

    private static readonly ViewDefinition<Ticket, int, Tally> ByKind = View.Of<Ticket>("by_kind").GroupBy(e => e.Kind)
        .Select(g => new Tally(g.Count(), g.Sum(e => e.Weight), g.Count(e => e.PartOfBatch), g.ApproxDistinct(e => e.Kind)));

    private static readonly ViewDefinition<Ticket, long, long> ByProducer = View.Of<Ticket>("by_producer").GroupBy(e => e.Producer).Select(g => g.Count());

    private readonly ConcurrentBag<string> _violations = [];
    private volatile bool _over;

    [TestCase(Durability.Fsync)]
    [TestCase(Durability.None)]
    public async Task Readers_see_whole_prefixes_while_producers_append_and_batches_run(Durability durability)
    {
        string folder = Directory.CreateTempSubdirectory("lambdacore-concurrency-").FullName;
        try
        {
            await using LambdaStore<Ticket> store = await LambdaStore.OpenAsync<Ticket>(folder, o =>
            {
                o.EventTime(e => e.At).AddView(ByKind).AddView(ByProducer);
                o.Durability = durability;
                o.SegmentEvents = 2000;
            });
            Task over = Task.Delay(Duration).ContinueWith(_ => _over = true, TaskScheduler.Default);
            long[] produced = await Task.WhenAll(
                [.. Enumerable.Range(0, 3).Select(i => Task.Run(() => ProduceSinglesAsync(store, i))),
                 .. Enumerable.Range(3, 3).Select(i => Task.Run(() => ProduceBatchesAsync(store, i))),
                 .. Enumerable.Range(0, 2).Select(_ => Task.Run(() => ReadAsync(store))),
                 Task.Run(() => RunBatchesAsync(store))]);
            await over;
            long total = produced.Sum();
            Assert.That(_violations, Is.Empty);
            Assert.That(store.Position.Value, Is.EqualTo(total));
            ViewAnswer<int, Tally> answer = await store.Query(ByKind).ExecuteAsync();
            Assert.That(answer.Rows.Sum(r => r.Result.Count), Is.EqualTo(total));
            await TestContext.Out.WriteLineAsync($"{total} events");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Test]
    public async Task A_question_that_meets_the_closing_is_answered_or_told_that_thestore_is_closed()
    {
        using InMemoryStorage storage = new();
        LambdaStore<Purchase> store = Purchase.Open(storage);
        await store.AppendAsync(Enumerable.Range(0, 100).Select(i => Purchase.Of($"p{i}", i)).ToArray());
        await store.RunBatchAsync();
        ViewQuery<string, long> query = store.Query(Purchase.ByProduct);
        Task<string>[] readers = [.. Enumerable.Range(0, 4).Select(i => Task.Run(async () =>
        {
            try
            {
                while (true)
                {
                    int rows = i % 2 == 0 ? (await query.ExecuteAsync()).Rows.Count : await store.GetAsync(Purchase.ByProduct, "p7") is null ? 0 : 100;
                    if (rows != 100)
                    {
                        return $"{rows} rows";
                    }
                }
            }
            catch (ObjectDisposedException)
            {
                return "closed";
            }
        }))];
        await Task.Yield();
        await store.DisposeAsync();
        Assert.That(await Task.WhenAll(readers), Is.All.EqualTo("closed"));
    }

    private async Task<long> ProduceSinglesAsync(LambdaStore<Ticket> store, int producer)
    {
        long count = 0;
        while (!_over)
        {
            LogPosition at = await store.AppendAsync(new Ticket(DateTimeOffset.UnixEpoch, producer, (int)(count % 7), 1, false));
            count++;

            // His own writes are there once they are acknowledged, also to who does not wait for anything.
            ViewEntry<long, long>? own = await store.GetAsync(ByProducer, producer, Consistency.Applied);
            Check(own?.Result == count, $"producer {producer} appended {count} events and sees {own?.Result} of them");
            Check(own?.Receipt.Position > at, $"an answer at {own?.Receipt.Position} misses the event at {at}, which was acknowledged");
        }

        return count;
    }

    private async Task<long> ProduceBatchesAsync(LambdaStore<Ticket> store, int producer)
    {
        long count = 0;
        while (!_over)
        {
            LogRange range = await store.AppendAsync(Enumerable.Range(0, BatchSize).Select(i => new Ticket(DateTimeOffset.UnixEpoch, producer, i, 1, true)).ToArray());
            count += range.Count;
            ViewAnswer<long, long> own = await store.Query(ByProducer).Where(k => k == producer).WithConsistency(Consistency.AtLeast(range.End)).ExecuteAsync();
            Check(own.Rows is [{ } row] && row.Result == count, $"producer {producer} appended {count} events and sees {string.Join(", ", own.Rows)}");
        }

        return count;
    }

    private async Task<long> ReadAsync(LambdaStore<Ticket> store)
    {
        LogPosition seen = LogPosition.Zero;
        while (!_over)
        {
            ViewAnswer<int, Tally> answer = await store.Query(ByKind).WithConsistency(Consistency.AtLeast(seen)).ExecuteAsync();
            long position = answer.Receipt.Position.Value;
            Check(answer.Receipt.Position >= seen, $"an answer at {position} came after one at {seen}");
            Check(answer.Rows.Sum(r => r.Result.Count) == position, $"an answer at {position} counts {answer.Rows.Sum(r => r.Result.Count)} events");
            Check(answer.Rows.Sum(r => r.Result.Weight) == position, $"an answer at {position} sums up to {answer.Rows.Sum(r => r.Result.Weight)}");
            Check(answer.Rows.All(r => r.Result.Kinds == 1), $"an answer at {position} has other kinds in the group of one kind");
            Check(answer.Rows.Where(r => r.Key < BatchSize).Select(r => r.Result.InBatches).Distinct().Count() <= 1, $"an answer at {position} has a batch in part");
            Check(answer.Receipt.BatchEnd.Value <= position, $"an answer at {position} has a batch view that ends at {answer.Receipt.BatchEnd}");
            seen = answer.Receipt.Position;

            ViewEntry<int, Tally>? one = await store.GetAsync(ByKind, 3, Consistency.AtLeast(seen));
            long? before = answer.Rows.FirstOrDefault(r => r.Key == 3)?.Result.Count;
            Check((one?.Result.Count ?? 0) >= (before ?? 0), $"kind 3 had {before} events and has {one?.Result.Count} later");
            Check(one is null || one.Receipt.Position >= seen, $"a look-up at {one?.Receipt.Position} came after an answer at {seen}");
            seen = LogPosition.Max(seen, one?.Receipt.Position ?? seen);
        }

        return 0;
    }

    private async Task<long> RunBatchesAsync(LambdaStore<Ticket> store)
    {
        LogPosition last = LogPosition.Zero;
        while (!_over)
        {
            LogPosition before = store.Position;
            BatchRun run = await store.RunBatchAsync();
            Check(run.End >= before && run.End >= last, $"a batch run ended at {run.End}, though {before} was acknowledged before it began and one before it ended at {last}");
            Check(store.SealedPosition >= run.End, $"a batch run ended at {run.End}, but only the events before {store.SealedPosition} are sealed");
            last = run.End;
        }

        return 0;
    }

    private void Check(bool holds, string otherwise)
    {
        if (!holds)
        {
            _violations.Add(otherwise);
        }
    }

    private sealed record Ticket(DateTimeOffset At, long Producer, int Kind, long Weight, bool PartOfBatch);

    private readonly record struct Tally(long Count, long Weight, long InBatches, long Kinds);
}
