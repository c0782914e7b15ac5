using LambdaCore.Storage;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd;

/// <summary>Which of its two values a row has under each reconciliation, and what the receipt says about it.</summary>
[TestFixture]
internal sealed class ReconciliationTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch;
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private static readonly ViewDefinition<Purchase, DateTimeOffset, Sales> Hourly = View.Of<Purchase>("hourly")
        .GroupBy(e => Window.Hour(e.At)).Select(g => new Sales(g.Count(), g.Sum(e => e.Price), g.Latest(e => e.Product)));

    private static readonly ViewDefinition<Purchase, DateTime, long> ByHourOfPayment = View.Of<Purchase>("paid").GroupBy(e => Window.Hour(e.Paid)).Select(g => g.Count());

    private SimulatedClock _clock = null!;
    private InMemoryStorage _storage = null!;
    private LambdaStore<Purchase> _store = null!;

    [SetUp]
    public void Open() => Open(new InMemoryStorage(), null);

    [TearDown]
    public async Task CloseAsync()
    {
        await _store.DisposeAsync();
        _storage.Dispose();
    }

    [Test]
    public async Task Merge_counts_every_event_and_is_the_default()
    {
        await AppendLateEventAsync();
        ViewAnswer<DateTimeOffset, Sales> answer = await _store.Query(Hourly).ExecuteAsync();
        Assert.That(Hours(answer), Is.EqualTo(new[] { (0, 3L), (1, 1L), (2, 2L) }));
        Assert.That(answer.Rows.Select(r => (r.Source, r.BatchWeight)), Is.EqualTo(new[] { (AnswerSource.Merged, 0.0), (AnswerSource.Batch, 0.0), (AnswerSource.Merged, 0.0) }));
        Assert.That(answer.Receipt.Reconciliation, Is.EqualTo(new ReconciliationReceipt { Used = Reconciliation.Merge, RealTimeRows = 3 }));
        Assert.That((await _store.Query(Hourly).Reconcile(Reconciliation.Merge).ExecuteAsync()).Receipt.Reconciliation, Is.EqualTo(answer.Receipt.Reconciliation));
    }

    [Test]
    public async Task Replace_keeps_a_closed_window_as_it_is_until_the_next_batch_run()
    {
        await AppendLateEventAsync();
        ViewAnswer<DateTimeOffset, Sales> answer = await _store.Query(Hourly).Reconcile(Reconciliation.Replace).ExecuteAsync();
        Assert.That(Hours(answer), Is.EqualTo(new[] { (0, 2L), (1, 1L), (2, 2L) }), "The third hour is open: it has what the batch lacks.");
        Assert.That(answer.Rows.Select(r => (r.Source, r.BatchWeight)), Is.EqualTo(new[] { (AnswerSource.Batch, 1.0), (AnswerSource.Batch, 1.0), (AnswerSource.Merged, 0.0) }));
        Assert.That(answer.Receipt.Reconciliation, Is.EqualTo(new ReconciliationReceipt
        {
            Used = Reconciliation.Replace, BatchRows = 2, RealTimeRows = 1, BatchWatermark = Start.AddMinutes(125),
        }));
        Assert.That(answer.Receipt.Position.Value, Is.EqualTo(6));
        Assert.That(answer.Receipt.ToString(), Does.EndWith(", Replace, 2 batch, 1 real-time"));
        ViewEntry<DateTimeOffset, Sales> first = (await _store.GetAsync(Hourly, Start, reconciliation: Reconciliation.Replace))!;
        Assert.That((first.Result.Events, first.Source, first.BatchWeight, first.Receipt.Source), Is.EqualTo((2L, AnswerSource.Batch, 1.0, AnswerSource.Batch)));

        await _store.RunBatchAsync();
        Assert.That(Hours(await _store.Query(Hourly).Reconcile(Reconciliation.Replace).ExecuteAsync()), Is.EqualTo(new[] { (0, 3L), (1, 1L), (2, 2L) }));
    }

    [Test]
    public async Task Replace_withholds_a_key_that_only_late_events_have_and_says_so()
    {
        await _store.AppendAsync(Purchase.Of("a", minute: 300));
        await _store.RunBatchAsync();
        await _store.AppendAsync(Purchase.Of("b", minute: 10));
        ViewAnswer<DateTimeOffset, Sales> answer = await _store.Query(Hourly).Reconcile(Reconciliation.Replace).ExecuteAsync();
        Assert.That(Hours(answer), Is.EqualTo(new[] { (5, 1L) }));
        Assert.That(answer.Receipt.Reconciliation, Is.EqualTo(new ReconciliationReceipt
        {
            Used = Reconciliation.Replace, RealTimeRows = 1, WithheldRows = 1, BatchWatermark = Start.AddMinutes(300),
        }));
        Assert.That(await _store.GetAsync(Hourly, Start, reconciliation: Reconciliation.Replace), Is.Null);
        await _store.RunBatchAsync();
        Assert.That(await _store.GetAsync(Hourly, Start, reconciliation: Reconciliation.Replace), Is.Not.Null);
    }

    [Test]
    public async Task Windows_close_by_what_the_batch_has_seen_so_a_pause_of_the_batch_costs_no_event()
    {
        await _store.AppendAsync(Purchase.Of("a", minute: 90));
        await _store.RunBatchAsync();
        await _store.AppendAsync(new[] { Purchase.Of("a", minute: 91), Purchase.Of("a", minute: 6000) });
        foreach (Reconciliation reconciliation in new[] { Reconciliation.Replace, Reconciliation.Hybrid(Hour) })
        {
            ViewEntry<DateTimeOffset, Sales> entry = (await _store.GetAsync(Hourly, Start.AddHours(1), reconciliation: reconciliation))!;
            Assert.That((entry.Result.Events, entry.BatchWeight), Is.EqualTo((2L, 0.0)), $"{reconciliation}: the batch holds half of that hour, though it is long over.");
        }
    }

    [Test]
    public async Task Without_a_window_of_event_time_nothing_closes()
    {
        await AppendLateEventAsync();
        foreach (Reconciliation reconciliation in new[] { Reconciliation.Replace, Reconciliation.Hybrid(Hour) })
        {
            ViewAnswer<string, long> products = await _store.Query(Purchase.ByProduct).Reconcile(reconciliation).ExecuteAsync();
            Assert.That(products.Rows.Sum(r => r.Result), Is.EqualTo(6));
            Assert.That(products.Receipt.Reconciliation, Is.EqualTo(new ReconciliationReceipt { Used = reconciliation, Reason = RealTimeReason.NoWindow, RealTimeRows = products.Rows.Count }));
            ViewAnswer<DateTime, long> paid = await _store.Query(ByHourOfPayment).Reconcile(reconciliation).ExecuteAsync();
            Assert.That(paid.Rows.Single().Result, Is.EqualTo(6));
            Assert.That(paid.Receipt.Reconciliation!.Reason, Is.EqualTo(RealTimeReason.NoWindow));
        }
    }

    [Test]
    public async Task Fallback_answers_from_the_batch_alone_while_it_is_young_enough()
    {
        Reconciliation fallback = Reconciliation.Fallback(Hour);
        await AppendLateEventAsync();
        _clock.Advance(Hour);
        ViewAnswer<DateTimeOffset, Sales> young = await _store.Query(Hourly).Reconcile(fallback).ExecuteAsync();
        Assert.That(Hours(young), Is.EqualTo(new[] { (0, 2L), (1, 1L), (2, 1L) }));
        Assert.That(young.Receipt.Reconciliation, Is.EqualTo(new ReconciliationReceipt { Used = fallback, BatchRows = 3 }));
        Assert.That((young.Receipt.Position.Value, young.Receipt.Source, young.Receipt.Layers.Single().Source), Is.EqualTo((4L, AnswerSource.Batch, AnswerSource.Batch)));
        Assert.That(young.Receipt.Watermark, Is.EqualTo(Start.AddMinutes(125)), "The receipt speaks of the events that count.");
        ViewEntry<DateTimeOffset, Sales> entry = (await _store.GetAsync(Hourly, Start, reconciliation: fallback))!;
        Assert.That((entry.Result.Events, entry.BatchWeight, entry.Receipt.Position.Value), Is.EqualTo((2L, 1.0, 4L)));

        _clock.Advance(TimeSpan.FromTicks(1));
        ViewAnswer<DateTimeOffset, Sales> old = await _store.Query(Hourly).Reconcile(fallback).ExecuteAsync();
        Assert.That(Hours(old), Is.EqualTo(new[] { (0, 3L), (1, 1L), (2, 2L) }));
        Assert.That(old.Receipt.Reconciliation, Is.EqualTo(new ReconciliationReceipt { Used = fallback, Reason = RealTimeReason.BatchTooOld, RealTimeRows = 3 }));
        Assert.That(old.Receipt.Position.Value, Is.EqualTo(6));
        Assert.That((await _store.GetAsync(Hourly, Start, reconciliation: fallback))!.Result.Events, Is.EqualTo(3));

        await _store.RunBatchAsync();
        _clock.Advance(TimeSpan.FromDays(365));
        ViewAnswer<DateTimeOffset, Sales> idle = await _store.Query(Hourly).Reconcile(fallback).ExecuteAsync();
        Assert.That((idle.Receipt.Reconciliation!.Reason, idle.Receipt.Source), Is.EqualTo(((RealTimeReason?)null, AnswerSource.Batch)), "A batch that lacks nothing is not too old.");
        Assert.That(Hours(idle), Is.EqualTo(Hours(old)));
    }

    [Test]
    public async Task Fallback_takes_the_real_time_side_while_there_is_no_batch()
    {
        await _store.AppendAsync(Purchase.Of("a"));
        ViewAnswer<DateTimeOffset, Sales> answer = await _store.Query(Hourly).Reconcile(Reconciliation.Fallback(TimeSpan.MaxValue)).ExecuteAsync();
        Assert.That(answer.Rows, Has.Count.EqualTo(1));
        Assert.That(answer.Receipt.Reconciliation!.Reason, Is.EqualTo(RealTimeReason.BatchMissing));
        Assert.That((await _store.Query(Hourly).Reconcile(Reconciliation.Replace).ExecuteAsync()).Receipt.Reconciliation!.Reason, Is.EqualTo(RealTimeReason.BatchMissing));
    }

    [Test]
    public async Task Fallback_takes_the_real_time_side_after_a_batch_run_that_failed_until_one_succeeds()
    {
        Reconciliation fallback = Reconciliation.Fallback(TimeSpan.MaxValue);
        await AppendLateEventAsync();
        Assert.That(async () => await _store.RunBatchAsync(new CancellationToken(canceled: true)), Throws.InstanceOf<OperationCanceledException>());
        Assert.That((await _store.Query(Hourly).Reconcile(fallback).ExecuteAsync()).Receipt.Source, Is.EqualTo(AnswerSource.Batch), "Who cancels a run does not call it broken.");

        _storage.BeforeCall = call =>
        {
            if (call.Path.StartsWith("views/", StringComparison.Ordinal) && call.Operation == StorageOperation.Rename)
            {
                throw new StorageException("The disk refuses.");
            }
        };
        Assert.That(async () => await _store.RunBatchAsync(), Throws.InstanceOf<StorageException>());
        _storage.BeforeCall = null;
        ViewAnswer<DateTimeOffset, Sales> failed = await _store.Query(Hourly).Reconcile(fallback).ExecuteAsync();
        Assert.That((failed.Receipt.Reconciliation!.Reason, failed.Receipt.Position.Value), Is.EqualTo((RealTimeReason.BatchFailed, 6L)));
        Assert.That((await _store.GetAsync(Hourly, Start, reconciliation: fallback))!.Result.Events, Is.EqualTo(3));

        await _store.RunBatchAsync();
        await _store.AppendAsync(Purchase.Of("a"));
        ViewAnswer<DateTimeOffset, Sales> again = await _store.Query(Hourly).Reconcile(fallback).ExecuteAsync();
        Assert.That((again.Receipt.Reconciliation!.Reason, again.Receipt.Position.Value), Is.EqualTo(((RealTimeReason?)null, 6L)));
    }

    [Test]
    public async Task A_position_that_is_asked_for_outranks_every_reconciliation()
    {
        await AppendLateEventAsync();
        foreach (Reconciliation reconciliation in new[] { Reconciliation.Fallback(TimeSpan.MaxValue), Reconciliation.Replace, Reconciliation.Hybrid(Hour) })
        {
            ViewQuery<DateTimeOffset, Sales> query = _store.Query(Hourly).Reconcile(reconciliation);
            Assert.That((await query.WithConsistency(Consistency.AtLeast(new LogPosition(4))).ExecuteAsync()).Receipt.Reconciliation!.Reason, Is.Null);
            ViewAnswer<DateTimeOffset, Sales> beyond = await query.WithConsistency(Consistency.AtLeast(new LogPosition(5))).ExecuteAsync();
            Assert.That((beyond.Receipt.Reconciliation!.Reason, Hours(beyond)[0]), Is.EqualTo((RealTimeReason.BatchBehind, (0, 3L))));
            Assert.That((await _store.GetAsync(Hourly, Start, Consistency.AtLeast(new LogPosition(5)), reconciliation))!.Result.Events, Is.EqualTo(3));
        }
    }

    [Test]
    public async Task Hybrid_moves_numbers_from_the_real_time_value_to_the_batch_value_as_the_window_ages()
    {
        await _store.AppendAsync(new[] { Purchase.Of("a", minute: 1), Purchase.Of("a", minute: 2), Purchase.Of("a", minute: 61), Purchase.Of("b", minute: 150) });
        await _store.RunBatchAsync();
        await _store.AppendAsync(new[] { Purchase.Of("late", minute: 3), Purchase.Of("late", minute: 4), Purchase.Of("late", minute: 62), Purchase.Of("late", minute: -1) });

        // The watermark is 30 minutes past the second hour's end, 90 past the first one's.
        ViewAnswer<DateTimeOffset, Sales> answer = await _store.Query(Hourly).Reconcile(Reconciliation.Hybrid(TimeSpan.FromHours(2))).ExecuteAsync();
        Assert.That(answer.Rows.Select(r => r.BatchWeight), Is.EqualTo(new[] { 0, 0.75, 0.25, 0 }));
        Assert.That(answer.Rows.Select(r => r.Result), Is.EqualTo(new[]
        {
            new Sales(1, 1.5m, "late"), // No batch layer has it.
            new Sales(2, 3.75m, "late"), // 4 * 1/4 + 2 * 3/4 = 2.5, half to even; 6 * 1/4 + 3 * 3/4.
            new Sales(2, 2.625m, "late"), // 2 * 3/4 + 1 * 1/4 = 1.75; 3 * 3/4 + 1.5 * 1/4.
            new Sales(1, 1.5m, "b"),
        }));
        Assert.That(answer.Receipt.Reconciliation, Is.EqualTo(new ReconciliationReceipt
        {
            Used = Reconciliation.Hybrid(TimeSpan.FromHours(2)), RealTimeRows = 2, BlendedRows = 2, BatchWatermark = Start.AddMinutes(150),
        }));
        ViewAnswer<DateTimeOffset, Sales> soon = await _store.Query(Hourly).Reconcile(Reconciliation.Hybrid(TimeSpan.FromMinutes(90))).ExecuteAsync();
        Assert.That((soon.Rows[1].BatchWeight, soon.Rows[1].Result), Is.EqualTo((1.0, new Sales(2, 3m, "a"))), "From the horizon on all of it is the batch's.");
    }

    [Test]
    public async Task Conditions_and_orders_see_what_was_reconciled()
    {
        await AppendLateEventAsync();
        ViewQuery<DateTimeOffset, Sales> query = _store.Query(Hourly).Reconcile(Reconciliation.Replace);
        Assert.That(Hours(await query.Having(s => s.Events > 2).ExecuteAsync()), Is.Empty);
        Assert.That(Hours(await query.OrderByDescending(r => r.Result.Events).OrderByDescending(r => r.Key).Take(2).ExecuteAsync()), Is.EqualTo(new[] { (2, 2L), (0, 2L) }));
        Assert.That(Hours(await query.Between(Start, Start + Hour).ExecuteAsync()), Is.EqualTo(new[] { (0, 2L) }));
        Assert.That((await query.OrderBy(r => r.BatchWeight).ExecuteAsync()).Rows[0].Key, Is.EqualTo(Start + (2 * Hour)));
    }

    [Test]
    public async Task With_one_layer_there_is_nothing_to_reconcile()
    {
        await AppendLateEventAsync();
        ViewQuery<DateTimeOffset, Sales> query = _store.Query(Hourly).Reconcile(Reconciliation.Hybrid(Hour));
        ViewAnswer<DateTimeOffset, Sales> batch = await query.From(AnswerSource.Batch).ExecuteAsync();
        ViewAnswer<DateTimeOffset, Sales> speed = await query.From(AnswerSource.Speed).ExecuteAsync();
        Assert.That((batch.Receipt.Reconciliation, speed.Receipt.Reconciliation), Is.EqualTo(((ReconciliationReceipt?)null, (ReconciliationReceipt?)null)));
        Assert.That(Hours(batch), Is.EqualTo(new[] { (0, 2L), (1, 1L), (2, 1L) }));
        Assert.That(Hours(speed), Is.EqualTo(new[] { (0, 1L), (2, 1L) }));
        Assert.That((batch.Rows[0].BatchWeight, speed.Rows[0].BatchWeight), Is.EqualTo((1.0, 0.0)));
    }

    [Test]
    public async Task A_view_has_a_choice_of_its_own_that_a_question_may_override()
    {
        await CloseAsync();
        Open(new InMemoryStorage(), Reconciliation.Replace);
        await AppendLateEventAsync();
        Assert.That(Hours(await _store.Query(Hourly).ExecuteAsync())[0], Is.EqualTo((0, 2L)));
        Assert.That((await _store.GetAsync(Hourly, Start))!.Result.Events, Is.EqualTo(2));
        Assert.That(Hours(await _store.Query(Hourly).Reconcile(Reconciliation.Merge).ExecuteAsync())[0], Is.EqualTo((0, 3L)));
        Assert.That((await _store.GetAsync(Hourly, Start, reconciliation: Reconciliation.Merge))!.Result.Events, Is.EqualTo(3));
        Assert.That((await _store.Query(Purchase.ByProduct).ExecuteAsync()).Receipt.Reconciliation!.Used, Is.EqualTo(Reconciliation.Merge), "The other view has none.");
    }

    [Test]
    public void Hybrid_is_refused_where_it_is_chosen_if_results_cannot_be_blended()
    {
        ViewDefinition<Purchase, DateTimeOffset, Outer> nested = View.Of<Purchase>("nested").GroupBy(e => Window.Hour(e.At)).Select(g => new Outer(new Inner(g.Count()), 1));
        Reconciliation hybrid = Reconciliation.Hybrid(Hour);
        Assert.That(() => new LambdaStoreOptions<Purchase>().AddView(nested, hybrid), Throws.ArgumentException.With.Message.Contains("'nested'").And.Message.Contains("Inner"));
        using InMemoryStorage storage = new();
        LambdaStore<Purchase> store = Purchase.Open(storage, o => o.AddView(nested, Reconciliation.Replace));
        Assert.That(() => store.Query(nested).Reconcile(hybrid), Throws.ArgumentException.With.Message.Contains("'nested'"));
        Assert.That(async () => await store.GetAsync(nested, Start, reconciliation: hybrid), Throws.ArgumentException.With.Message.Contains("'nested'"));
        Assert.That(() => store.Query(nested).Reconcile(null!), Throws.ArgumentNullException);
        Assert.That(async () => await store.DisposeAsync(), Throws.Nothing);
    }

    [Test]
    public void Ages_and_horizons_out_of_range_are_refused()
    {
        Assert.Multiple(() =>
        {
            Assert.That(() => Reconciliation.Fallback(TimeSpan.FromTicks(-1)), Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(Reconciliation.Fallback(TimeSpan.Zero).ToString(), Is.EqualTo("Fallback(00:00:00)"));
            Assert.That(() => Reconciliation.Hybrid(TimeSpan.Zero), Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(Reconciliation.Hybrid(Hour), Is.EqualTo(Reconciliation.Hybrid(TimeSpan.FromMinutes(60))).And.Not.EqualTo(Reconciliation.Fallback(Hour)));
            Assert.That(Reconciliation.Merge.ToString(), Is.EqualTo("Merge"));
        });
    }

    /// <summary>
    /// Two events in the first hour, one in the second, one in the third, which the batch has; then one more in the first, late, and one in the third.
    /// </summary>
    private async Task AppendLateEventAsync()
    {
        await _store.AppendAsync(new[] { Purchase.Of("a", minute: 10), Purchase.Of("a", minute: 20), Purchase.Of("a", minute: 70), Purchase.Of("a", minute: 125) });
        await _store.RunBatchAsync();
        await _store.AppendAsync(new[] { Purchase.Of("late", minute: 30), Purchase.Of("b", minute: 126) });
    }

    private void Open(InMemoryStorage storage, Reconciliation? ofHourly)
    {
        _clock = new SimulatedClock();
        _storage = storage;
        _store = Purchase.Open(storage, o =>
        {
            o.TimeProvider = _clock;
            o.AddView(Hourly, ofHourly).AddView(Purchase.ByProduct).AddView(ByHourOfPayment);
        });
    }

    private static (int Hour, long Events)[] Hours(ViewAnswer<DateTimeOffset, Sales> answer) =>
        [.. answer.Rows.Select(r => ((int)(r.Key - Start).TotalHours, r.Result.Events))];

    private sealed record Sales(long Events, decimal Total, string Last);

    private sealed record Inner(long Count);

    private sealed record Outer(Inner Inner, int One);
}
