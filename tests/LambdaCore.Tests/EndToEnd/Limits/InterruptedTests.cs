using System.Globalization;
using LambdaCore.Storage;
using LambdaCore.Tests.Speed;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd.Limits;

/// <summary>
/// An operation is cancelled, or the store is disposed of, while a storage call of it is under way: whichever it is, the store, or the one that is opened next, has each operation done or not
/// done, and everything acknowledged.
/// </summary>
/// <remarks>LAMBDACORE_INTERRUPTIONS says how many, LAMBDACORE_SEED from which seed on: a seed says the operation, too, so that one round of it replays a failure.</remarks>
[TestFixture]
internal sealed class InterruptedTests
{
    private const int DefaultRounds = 60;

    private static readonly ViewDefinition<Purchase, string, Sold> ByProduct = View.Of<Purchase>("by_product").GroupBy(e => e.Product).Select(g => new Sold(g.Count(), g.Sum(e => e.Price), g.Count(e => e.Note == "corrected")));

    private static readonly string[] Operations = ["append", "append several", "batch", "full batch", "correct", "preview", "erase", "compact", "vacuum", "retain", "reprocess", "fork", "query", "explain", "dead letters", "past", "changes"];

    [Test]
    public async Task Whatever_is_cancelled_or_cut_short_by_disposal_is_done_or_not_done_and_the_store_opens([Values] bool disposes)
    {
        int first = Seeds.Next();
        int rounds = int.TryParse(Environment.GetEnvironmentVariable("LAMBDACORE_INTERRUPTIONS"), CultureInfo.InvariantCulture, out int asked) ? asked : DefaultRounds;
        TestContext.Out.WriteLine($"seed {first}, {rounds} rounds");
        Dictionary<string, int> interrupted = [];
        for (int round = 0; round < rounds; round++)
        {
            int seed = unchecked(first + round);
            string operation = Operations[(int)((uint)seed % Operations.Length)];
            try
            {
                if (await new Round(new Random(seed), operation, disposes).RunAsync())
                {
                    interrupted[operation] = interrupted.GetValueOrDefault(operation) + 1;
                }
            }
            catch (Exception error)
            {
                Assert.Fail($"{operation}, LAMBDACORE_SEED={seed}: {error}");
            }
        }

        TestContext.Out.WriteLine(string.Join(", ", interrupted.Select(i => $"{i.Key} {i.Value}")));
        if (rounds >= DefaultRounds)
        {
            Assert.That(interrupted.Values.Sum(), Is.GreaterThan(rounds / 4), "Hardly anything was interrupted.");
        }
    }

    private readonly record struct Sold(long Count, decimal Price, long Corrected);

    /// <summary>One store, one operation, one interruption.</summary>
    private sealed class Round(Random random, string operation, bool disposes)
    {
        private const int Products = 6;

        private readonly List<Purchase> _events = [];

        public async Task<bool> RunAsync()
        {
            using InMemoryStorage disk = new();
            LambdaStore<Purchase> store = Open(disk);
            await AppendAsync(store, [.. Enumerable.Range(0, Products), .. Enumerable.Range(0, 14).Select(_ => random.Next(Products))]);
            await store.RunBatchAsync();
            await AppendAsync(store, [.. Enumerable.Range(0, 10).Select(_ => random.Next(Products))]);
            await store.CorrectAsync(e => e.Product == "p1", s => s.Set(e => e.Note, "corrected"), "before");
            Correct("p1");
            await AppendAsync(store, [.. Enumerable.Range(0, 5).Select(_ => random.Next(Products))]);
            string[] before = await AnswerAsync(store);
            int changes = (await store.ReadChangesAsync()).Count;

            using CancellationTokenSource cancellation = new();
            Task disposal = Task.CompletedTask;
            int left = 1 + random.Next(60);
            bool reached = false;
            disk.BeforeCall = _ =>
            {
                if (Interlocked.Decrement(ref left) == 0)
                {
                    reached = true;
                    if (disposes)
                    {
                        disposal = Task.Run(() => store.DisposeAsync().AsTask());
                    }
                    else
                    {
                        cancellation.Cancel();
                    }
                }
            };
            bool failed = false;
            try
            {
                await ActAsync(store, cancellation.Token);
            }
            catch (Exception error) when (error is OperationCanceledException or ObjectDisposedException)
            {
                failed = true;
            }

            disk.BeforeCall = null;
            if (!disposes || !reached)
            {
                await CheckAsync(store, before, changes, failed);
                await store.DisposeAsync();
            }

            await disposal.WaitAsync(TimeSpan.FromMinutes(2));
            await using LambdaStore<Purchase> again = Open(disk);
            await CheckAsync(again, before, changes, failed);
            await again.AppendAsync(Purchase.Of("p1"));
            await again.RunBatchAsync();
            return reached;
        }

        private async Task ActAsync(LambdaStore<Purchase> store, CancellationToken token)
        {
            switch (operation)
            {
                case "append":
                    Purchase one = Purchase.Of("p1", 7);
                    await store.AppendAsync(one, token);
                    _events.Add(one);
                    break;
                case "append several":
                    Purchase[] several = [Purchase.Of("p2", 8), Purchase.Of("p9", 9)];
                    await store.AppendAsync(several, token);
                    _events.AddRange(several);
                    break;
                case "batch":
                    await store.RunBatchAsync(token);
                    break;
                case "full batch":
                    await store.RunBatchAsync(BatchMode.Full, cancellationToken: token);
                    break;
                case "correct":
                    await store.CorrectAsync(e => e.Product == "p2", s => s.Set(e => e.Note, "corrected"), "during", cancellationToken: token);
                    break;
                case "preview":
                    await store.PreviewAsync(e => e.Product == "p2", s => s.Set(e => e.Note, "corrected"), token);
                    break;
                case "erase":
                    await store.EraseAsync(e => e.Product == "p2", "during", cancellationToken: token);
                    break;
                case "compact":
                    await store.CompactAsync(token);
                    break;
                case "vacuum":
                    await store.VacuumAsync(TimeSpan.Zero, token);
                    break;
                case "retain":
                    await store.ApplyRetentionAsync(token);
                    break;
                case "reprocess":
                    await (await store.ReprocessAsync(ByProduct, null, null, "during", cancellationToken: token)).Completion.WaitAsync(token);
                    break;
                case "fork":
                    await store.ForkAsync("fork", token);
                    break;
                case "query":
                    await store.Query(ByProduct).ExecuteAsync(token);
                    break;
                case "explain":
                    await foreach (ExplainedEvent<Purchase> _ in (await store.ExplainAsync(ByProduct, "p1", token)).Events.WithCancellation(token))
                    {
                    }

                    break;
                case "dead letters":
                    await foreach (DeadLetter<Purchase> _ in store.ReadDeadLettersAsync(token))
                    {
                    }

                    break;
                case "past":
                    await store.AsOf(new LogPosition(12)).Query(ByProduct).ExecuteAsync(token);
                    break;
                default:
                    await store.ReadChangesAsync(token);
                    break;
            }
        }

        /// <summary>Whether the answers are those of before, or those with the operation done: the one or the other, whole.</summary>
        private async Task CheckAsync(LambdaStore<Purchase> store, string[] before, int changes, bool failed)
        {
            string[] now = await AnswerAsync(store);
            bool changed = (await store.ReadChangesAsync()).Count > changes;
            if (operation.StartsWith("append", StringComparison.Ordinal))
            {
                string[] done = Expected([.. _events, .. failed ? operation == "append" ? [Purchase.Of("p1", 7)] : new[] { Purchase.Of("p2", 8), Purchase.Of("p9", 9) } : []]);
                Assert.That(now, failed ? Is.EqualTo(before).Or.EqualTo(done) : Is.EqualTo(done));
            }
            else
            {
                string[] done = operation switch
                {
                    "correct" => Expected([.. _events.Select(e => e.Product == "p2" ? e with { Note = "corrected" } : e)]),
                    "erase" => Expected([.. _events.Where(e => e.Product != "p2")]),
                    _ => before,
                };
                Assert.That(now, Is.EqualTo(changed ? done : before));
                Assert.That(failed || changed == (operation is "correct" or "erase"), Is.True, "an operation that has come to its end is done");
            }
        }

        private async Task AppendAsync(LambdaStore<Purchase> store, int[] products)
        {
            Purchase[] events = [.. products.Select((product, i) => Purchase.Of($"p{product}", i))];
            await store.AppendAsync(events);
            _events.AddRange(events);
        }

        private void Correct(string product)
        {
            for (int i = 0; i < _events.Count; i++)
            {
                _events[i] = _events[i].Product == product ? _events[i] with { Note = "corrected" } : _events[i];
            }
        }

        private static async Task<string[]> AnswerAsync(LambdaStore<Purchase> store) =>
            [.. (await store.Query(ByProduct).ExecuteAsync()).Rows.Select(r => Row(r.Key, r.Result)).Order(StringComparer.Ordinal)];

        private static string[] Expected(Purchase[] events) =>
            [.. events.GroupBy(e => e.Product).Select(g => Row(g.Key, new Sold(g.Count(), g.Sum(e => e.Price), g.Count(e => e.Note == "corrected")))).Order(StringComparer.Ordinal)];

        private static string Row(string product, Sold sold) => string.Create(CultureInfo.InvariantCulture, $"{product}: {sold.Count} {sold.Price:0.##} {sold.Corrected}");

        private static LambdaStore<Purchase> Open(InMemoryStorage disk) => Purchase.Open(disk, o => o.AddView(ByProduct));
    }
}
