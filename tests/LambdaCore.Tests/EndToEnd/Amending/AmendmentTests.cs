using LambdaCore.Storage;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd.Amending;

/// <summary>What an event does that amends another, beside everything else that can be done to events. Exactness in general is the affair of the random sequences.</summary>
[TestFixture]
internal sealed class AmendmentTests
{
    [Test]
    public async Task An_amendment_takes_the_place_of_what_it_amends_with_the_next_batch_and_not_before()
    {
        using InMemoryStorage disk = new();
        await using LambdaStore<Order> store = Order.Open(disk);
        await store.AppendAsync(new[] { Order.Of(1, "a", 10), Order.Of(2, "a", 20) });
        await store.RunBatchAsync();
        await store.AppendAsync(Order.Of(3, "b", 11).InPlaceOf(1));
        ViewAnswer<string, OrderSums> before = await store.Query(Order.ByProduct).ExecuteAsync();
        Assert.That(Order.Show(before), Is.EqualTo("a 2x 30"));
        Assert.That(before.Receipt.AmendmentsWaiting, Is.EqualTo(1));
        Assert.That(before.Receipt.ToString(), Does.Contain("1 amendments waiting"));

        BatchRun run = await store.RunBatchAsync();
        Assert.That(run.Amendments, Is.EqualTo(new AmendmentRun(Amending: 1, Amended: 1, NotFound: 0)));
        Assert.That(run.ToString(), Does.Contain("1 amendments of 1 events"));
        ViewAnswer<string, OrderSums> after = await store.Query(Order.ByProduct).ExecuteAsync();
        Assert.That(Order.Show(after), Is.EqualTo("a 1x 20, b 1x 11"));
        Assert.That(after.Receipt.AmendmentsWaiting, Is.Zero);
        Assert.That(after.Receipt.Position, Is.EqualTo(before.Receipt.Position), "with the same events");
        LogChange change = (await store.ReadChangesAsync()).Single();
        Assert.That((change.Kind, change.Events, change.Revision, change.Position.Value), Is.EqualTo((LogChangeKind.Amendment, 1, after.Receipt.Revision, 3)));
        Assert.That((await store.RunBatchAsync()).Amendments, Is.EqualTo(default(AmendmentRun)), "once is enough");
        Assert.That(await store.ReadChangesAsync(), Has.Count.EqualTo(1));
        await store.RunBatchAsync(BatchMode.Full);
        Assert.That(await Order.ShowAsync(store), Is.EqualTo("a 1x 20, b 1x 11"));
    }

    [Test]
    public async Task The_last_amendment_wins_whether_batches_come_between_or_not([Values] bool between)
    {
        using InMemoryStorage disk = new();
        await using LambdaStore<Order> store = Order.Open(disk);
        Order[] orders =
        [
            Order.Of(1, "a", 10),
            Order.Of(2, "a", 11).InPlaceOf(1), // gives way to the next one
            Order.Of(3, "a", 12).InPlaceOf(1),
            Order.Of(4, "b", 20),
            Order.Of(5, "b", 21).InPlaceOf(4),
            Order.Of(6, "b", 22).InPlaceOf(5), // of an amendment, which has amended all the same
            Order.Of(7, "c", 30),
            Order.Of(7, "c", 31), // the same id twice
            Order.Of(8, "c", 32).InPlaceOf(7),
            Order.Of(9, "d", 40).InPlaceOf(9), // of itself: there is nothing before
        ];
        foreach (Order order in orders)
        {
            await store.AppendAsync(order);
            if (between)
            {
                await store.RunBatchAsync();
            }
        }

        await store.RunBatchAsync();
        Assert.That(await Order.ShowAsync(store), Is.EqualTo("a 1x 12, b 1x 22, c 1x 32, d 1x 40"));
        await store.AppendAsync(Order.Of(9, "d", 41).InPlaceOf(9));
        await store.RunBatchAsync();
        Assert.That(await Order.ShowAsync(store), Does.EndWith("d 1x 41"), "an event with the same id in the place of all before it");
    }

    [Test]
    public async Task An_amendment_of_what_is_not_there_counts_like_any_other_and_the_run_says_so()
    {
        using InMemoryStorage disk = new();
        await using LambdaStore<Order> store = Order.Open(disk);
        await store.AppendAsync(new[] { Order.Of(1, "a", 10), Order.Of(3, "a", 1).InPlaceOf(2), Order.Of(2, "a", 20) });
        Assert.That((await store.RunBatchAsync()).Amendments, Is.EqualTo(new AmendmentRun(Amending: 1, Amended: 0, NotFound: 1)));
        Assert.That(await Order.ShowAsync(store), Is.EqualTo("a 3x 31"), "also of what comes later");
        Assert.That((await store.ReadChangesAsync()).Single().Events, Is.Zero);
    }

    [Test]
    public async Task What_was_retired_by_a_value_that_no_view_counts_is_gone()
    {
        ViewDefinition<Order, string, long> counted = View.Of<Order>("counted").Where(e => e.Product != "void").GroupBy(e => e.Product).Select(g => g.Count());
        using InMemoryStorage disk = new();
        await using LambdaStore<Order> store = Order.Open(disk, o => o.AddView(counted));
        await store.AppendAsync(new[] { Order.Of(1, "a", 10), Order.Of(2, "b", 10), Order.Of(3, "void", 0).InPlaceOf(1) });
        await store.RunBatchAsync();
        Assert.That((await store.Query(counted).ExecuteAsync()).Rows.Select(r => r.Key), Is.EqualTo(new[] { "b" }));
    }

    [Test]
    public async Task The_past_is_as_it_was_known_and_explanations_list_what_counts()
    {
        using InMemoryStorage disk = new();
        SimulatedClock clock = new();
        await using LambdaStore<Order> store = Order.Open(disk, o => o.TimeProvider = clock);
        await store.AppendAsync(new[] { Order.Of(1, "a", 10), Order.Of(2, "a", 20) });
        clock.Advance(TimeSpan.FromHours(1));
        await store.AppendAsync(Order.Of(3, "a", 11).InPlaceOf(1));
        DateTimeOffset waiting = clock.GetUtcNow();
        Assert.That(await ExplainedAsync(), Is.EqualTo("0, 1"));
        Assert.That(Order.Show(await store.AsOf(new LogPosition(3)).Query(Order.ByProduct).ExecuteAsync()), Is.EqualTo("a 2x 30"));

        clock.Advance(TimeSpan.FromHours(1));
        await store.RunBatchAsync();
        Assert.That(await ExplainedAsync(), Is.EqualTo("1, 2"));
        Assert.That(Order.Show(await store.AsOf(waiting).Query(Order.ByProduct).ExecuteAsync()), Is.EqualTo("a 2x 30"), "as it was known before the batch");
        Assert.That(Order.Show(await store.AsOf(clock.GetUtcNow()).Query(Order.ByProduct).ExecuteAsync()), Is.EqualTo("a 2x 31"));
        Assert.That(Order.Show(await store.AsOf(new LogPosition(3)).Query(Order.ByProduct).ExecuteAsync()), Is.EqualTo("a 2x 31"));
        Assert.That(Order.Show(await store.AsOf(new LogPosition(2)).Query(Order.ByProduct).ExecuteAsync()), Is.EqualTo("a 1x 20"), "by a position it is the log as it is now, where what was amended is gone");

        async Task<string> ExplainedAsync()
        {
            ViewExplanation<Order, string, OrderSums>? explanation = await store.ExplainAsync(Order.ByProduct, "a");
            List<long> positions = [];
            await foreach (ExplainedEvent<Order> e in explanation!.Events)
            {
                positions.Add(e.Position.Value);
            }

            return string.Join(", ", positions);
        }
    }

    [Test]
    public async Task Corrections_and_erasures_come_after_the_amendments_that_wait()
    {
        using InMemoryStorage disk = new();
        await using LambdaStore<Order> store = Order.Open(disk);
        await store.AppendAsync(new[] { Order.Of(1, "a", 10), Order.Of(2, "a", 11).InPlaceOf(1), Order.Of(3, "b", 30) });
        Correction correction = await store.CorrectAsync(e => e.Product == "a", s => s.Set(e => e.Amount, e => e.Amount * 2), "in cents");
        Assert.That(correction.Events, Is.EqualTo(1), "the amended one is gone by then");
        Assert.That(await Order.ShowAsync(store), Is.EqualTo("a 1x 22, b 1x 30"));
        await store.AppendAsync(Order.Of(4, "b", 31).InPlaceOf(3));
        ErasureReceipt erased = await store.EraseAsync(e => e.Id == 4, "asked for");
        Assert.That(erased.Events, Is.EqualTo(1));
        Assert.That(await Order.ShowAsync(store), Is.EqualTo("a 1x 22"), "what an erased event has amended stays so");
        Assert.That((await store.ReadChangesAsync()).Select(c => c.Kind), Is.EqualTo(new[] { LogChangeKind.Amendment, LogChangeKind.Correction, LogChangeKind.Amendment, LogChangeKind.Erasure }));

        ArgumentException refused = (await Assert.ThrowsAsync<ArgumentException>(() => store.CorrectAsync("Id = 3", "AmendedId = 1", "no")))!;
        Assert.That(refused.Message, Does.Contain("Order.AmendedId cannot be corrected"));
        await Assert.ThrowsAsync<ArgumentException>(() => store.PreviewAsync(e => e.Id == 3, s => s.Set(e => e.Id, 5)));
    }

    [Test]
    public async Task What_retention_has_removed_cannot_be_amended_and_the_run_says_that_it_found_nothing()
    {
        using InMemoryStorage disk = new();
        SimulatedClock clock = new();
        await using LambdaStore<Order> store = Order.Open(disk, o =>
        {
            o.TimeProvider = clock;
            o.Retention = Retention.Of(TimeSpan.FromHours(1));
        });
        await store.AppendAsync(new[] { Order.Of(1, "a", 10), Order.Of(2, "a", 20) });
        await store.RunBatchAsync();
        clock.Advance(TimeSpan.FromHours(2));
        await store.AppendAsync(Order.Of(3, "a", 30));
        await store.RunBatchAsync();
        Assert.That(store.RawStart.Value, Is.EqualTo(2));
        await store.AppendAsync(new[] { Order.Of(4, "a", 11).InPlaceOf(1), Order.Of(5, "a", 31).InPlaceOf(3) });
        Assert.That((await store.RunBatchAsync()).Amendments, Is.EqualTo(new AmendmentRun(Amending: 2, Amended: 1, NotFound: 1)));
        Assert.That(await Order.ShowAsync(store), Is.EqualTo("a 4x 72"), "10 + 20 of the archive, 11 and 31");
    }

    [Test]
    public async Task Raw_events_do_not_go_while_there_are_amendments_among_them_that_wait()
    {
        using InMemoryStorage disk = new();
        SimulatedClock clock = new();
        await using LambdaStore<Order> store = Order.Open(disk, o =>
        {
            o.TimeProvider = clock;
            o.Retention = Retention.Of(TimeSpan.FromHours(1));
        });
        await store.AppendAsync(new[] { Order.Of(1, "a", 10), Order.Of(2, "a", 11).InPlaceOf(1) });
        bool fails = true;
        disk.BeforeCall = call =>
        {
            // The second time that a segment is published, it is written anew.
            if (fails && call.Operation == StorageOperation.Rename && call.Path.StartsWith("log/", StringComparison.Ordinal) && StoreInternals<Order>.Of(store).Log.SealedEnd > LogPosition.Zero)
            {
                throw new StorageException("The disk refuses.");
            }
        };
        await Assert.ThrowsAsync<StorageException>(() => store.RunBatchAsync());
        fails = false;
        clock.Advance(TimeSpan.FromHours(2));
        Assert.That((await store.ApplyRetentionAsync()).RawStart, Is.EqualTo(LogPosition.Zero));
        await store.CompactAsync();
        Assert.That(await Order.ShowAsync(store), Is.EqualTo("a 1x 10"));
        Assert.That((await store.RunBatchAsync()).Amendments.Amended, Is.EqualTo(1));
        Assert.That(store.RawStart.Value, Is.EqualTo(2));
        Assert.That(await Order.ShowAsync(store), Is.EqualTo("a 1x 11"));
    }

    [Test]
    public async Task Amendments_that_wait_go_on_waiting_in_a_fork_and_in_a_store_that_is_opened_again()
    {
        using InMemoryStorage disk = new();
        await using (LambdaStore<Order> store = Order.Open(disk))
        {
            await store.AppendAsync(new[] { Order.Of(1, "a", 10), Order.Of(2, "a", 11).InPlaceOf(1) });
            await StoreInternals<Order>.Of(store).Log.SealAsync(store.Position, CancellationToken.None);
            await store.AppendAsync(Order.Of(3, "b", 1).InPlaceOf(2));
            await store.ForkAsync("fork");
        }

        await using (LambdaStore<Order> again = Order.Open(disk))
        {
            ViewAnswer<string, OrderSums> answer = await again.Query(Order.ByProduct).ExecuteAsync();
            Assert.That((Order.Show(answer), answer.Receipt.AmendmentsWaiting), Is.EqualTo(("a 1x 10", 2)), "one of them sealed, one not");
        }

        using InMemoryStorage forked = disk.TakeFork("fork")!;
        await using LambdaStore<Order> fork = Order.Open(forked);
        Assert.That(await Order.ShowAsync(fork), Is.EqualTo("a 1x 10"));
        await fork.RunBatchAsync();
        Assert.That(await Order.ShowAsync(fork), Is.EqualTo("b 1x 1"));
    }

    [Test]
    public async Task No_answer_counts_both_or_neither_while_batches_run([Values] bool isComputedAnew)
    {
        const int Ids = 5;
        using InMemoryStorage disk = new();
        await using (LambdaStore<Order> first = Order.Open(disk))
        {
            await first.AppendAsync(Enumerable.Range(0, Ids).Select(id => Order.Of(id, $"p{id}", 0)).ToArray());
            await StoreInternals<Order>.Of(first).Log.SealAsync(first.Position, CancellationToken.None);
        }

        await using LambdaStore<Order> store = Order.Open(disk, o =>
        {
            o.HoldsRebuilds = true;
            o.Rebuilds = new RebuildOptions { InBackground = isComputedAnew, FoldedAtOpening = 0 };
        });
        Assert.That(store.Rebuilds, Has.Count.EqualTo(isComputedAnew ? 1 : 0));
        using CancellationTokenSource done = new();
        Task<long>[] readers = [.. Enumerable.Range(0, 2).Select(_ => Task.Run(ReadAsync))];
        for (int round = 1; round <= 12; round++)
        {
            await store.AppendAsync(Enumerable.Range(0, Ids).Select(id => Order.Of(100 + id, $"p{id}", round).InPlaceOf(id)).ToArray());
            Assert.That((await store.RunBatchAsync()).Amendments, Is.EqualTo(new AmendmentRun(Ids, Ids, 0)), $"round {round}");
        }

        await done.CancelAsync();
        Assert.That((await Task.WhenAll(readers)).Sum(), Is.Positive);
        Assert.That(await Order.ShowAsync(store), Is.EqualTo("p0 1x 12, p1 1x 12, p2 1x 12, p3 1x 12, p4 1x 12"));

        async Task<long> ReadAsync()
        {
            long answers = 0;
            do
            {
                ViewAnswer<string, OrderSums> answer = await store.Query(Order.ByProduct).ExecuteAsync();
                Assert.That(answer.Rows.Select(r => r.Result.Count), Is.EqualTo(Enumerable.Repeat(1L, Ids)), $"{Order.Show(answer)}, {answer.Receipt}");
                Assert.That(answer.Rows.Select(r => r.Result.Sum).Distinct().Count(), Is.EqualTo(1), $"all in one moment: {Order.Show(answer)}");
                answers++;
            }
            while (!done.IsCancellationRequested);
            return answers;
        }
    }

    [Test]
    public async Task Late_events_that_are_rejected_amend_nothing_and_those_that_wait_for_a_batch_do()
    {
        foreach (LatePolicy policy in new[] { LatePolicy.Reject, LatePolicy.BatchOnly })
        {
            using InMemoryStorage disk = new();
            await using LambdaStore<Order> store = Order.Open(disk, o =>
            {
                o.LateEvents = policy;
                o.GracePeriod = TimeSpan.Zero;
            });
            await store.AppendAsync(new[] { Order.Of(1, "a", 10), Order.Of(100, "a", 20), Order.Of(2, "a", 11).InPlaceOf(1), Order.Of(3, "a", 5) });
            ViewAnswer<string, OrderSums> before = await store.Query(Order.ByProduct).ExecuteAsync();
            Assert.That(Order.Show(before), Is.EqualTo("a 2x 30"));
            Assert.That((before.Receipt.AmendmentsWaiting, before.Receipt.Late), Is.EqualTo(policy == LatePolicy.Reject ? (0L, new LateCounts(0, 0, 2)) : (1L, new LateCounts(0, 2, 0))));
            await store.RunBatchAsync();
            Assert.That(await Order.ShowAsync(store), Is.EqualTo(policy == LatePolicy.Reject ? "a 2x 30" : "a 3x 36"));
        }
    }
}
