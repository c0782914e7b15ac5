using LambdaCore.Storage;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd;

/// <summary>What a question may not ask, and how one waits.</summary>
[TestFixture]
internal sealed class AskingTests
{
    private static readonly ViewDefinition<Purchase, DateTimeOffset, long> Hourly = View.Of<Purchase>("hourly").GroupBy(e => Window.Hour(e.At)).Select(g => g.Count());

    private InMemoryStorage _storage = null!;
    private LambdaStore<Purchase> _store = null!;

    [SetUp]
    public void Open()
    {
        _storage = new InMemoryStorage();
        _store = Purchase.Open(_storage, o => o.AddView(Purchase.ByProduct).AddView(Hourly));
    }

    [TearDown]
    public async Task CloseAsync()
    {
        await _store.DisposeAsync();
        _storage.Dispose();
    }

    [Test]
    public void A_view_that_the_store_was_not_opened_with_is_refused_with_those_that_it_was()
    {
        ViewDefinition<Purchase, string, long> other = View.Of<Purchase>("other").GroupBy(e => e.Product).Select(g => g.Count());
        ViewDefinition<Purchase, string, long> changed = View.Of<Purchase>("by_product").Where(e => e.Price > 1).GroupBy(e => e.Product).Select(g => g.Count());
        Assert.That(() => _store.Query(other), Throws.ArgumentException.With.Message.Contains("'other'").And.Message.Contains("'by_product', 'hourly'"));
        Assert.That(() => _store.Query(changed), Throws.ArgumentException.With.Message.Contains("another definition of view 'by_product'"));
        Assert.That(async () => await _store.GetAsync(other, "a"), Throws.ArgumentException.With.Message.Contains("'other'"));
    }

    [Test]
    public async Task A_view_with_the_same_definition_is_the_same_view()
    {
        ViewDefinition<Purchase, string, long> twin = View.Of<Purchase>("by_product").GroupBy(p => p.Product).Select(group => group.Count());
        await _store.AppendAsync(Purchase.Of("a"));
        Assert.That((await _store.GetAsync(twin, "a"))!.Result, Is.EqualTo(1));
    }

    [Test]
    public void A_range_of_time_needs_a_window_and_an_end_that_is_not_before_its_start()
    {
        DateTimeOffset now = DateTimeOffset.UnixEpoch;
        Assert.That(() => _store.Query(Purchase.ByProduct).Between(now, now), Throws.InvalidOperationException.With.Message.Contains("by_product").And.Message.Contains("Window"));
        Assert.That(() => _store.Query(Hourly).Between(now, now.AddTicks(-1)), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => _store.Query(Hourly).Take(-1), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => _store.Query(Hourly).From(AnswerSource.None), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void Null_is_refused_where_a_value_is_needed()
    {
        Assert.Multiple(() =>
        {
            Assert.That(() => _store.Query<string, long>(null!), Throws.ArgumentNullException);
            Assert.That(async () => await _store.GetAsync<string, long>(null!, "a"), Throws.ArgumentNullException);
            Assert.That(() => _store.Query(Hourly).Where(null!), Throws.ArgumentNullException);
            Assert.That(() => _store.Query(Hourly).Having(null!), Throws.ArgumentNullException);
            Assert.That(() => _store.Query(Hourly).OrderBy<int>(null!), Throws.ArgumentNullException);
            Assert.That(() => _store.Query(Hourly).OrderByDescending<int>(null!), Throws.ArgumentNullException);
            Assert.That(async () => await _store.GetAsync(Purchase.ByProduct, null!), Throws.ArgumentException.With.Message.Contains("Product"));
        });
    }

    [Test]
    public async Task A_closed_store_answers_nothing_and_can_be_closed_again()
    {
        ViewQuery<string, long> begun = _store.Query(Purchase.ByProduct);
        await _store.DisposeAsync();
        await _store.DisposeAsync();
        Assert.Multiple(() =>
        {
            Assert.That(async () => await _store.AppendAsync(Purchase.Of("a")), Throws.InstanceOf<ObjectDisposedException>());
            Assert.That(async () => await _store.AppendAsync(new[] { Purchase.Of("a") }), Throws.InstanceOf<ObjectDisposedException>());
            Assert.That(async () => await _store.RunBatchAsync(), Throws.InstanceOf<ObjectDisposedException>());
            Assert.That(() => _store.Query(Hourly), Throws.InstanceOf<ObjectDisposedException>());
            Assert.That(async () => await _store.GetAsync(Purchase.ByProduct, "a"), Throws.InstanceOf<ObjectDisposedException>());
            Assert.That(async () => await begun.ExecuteAsync(), Throws.InstanceOf<ObjectDisposedException>());
        });
    }

    [Test]
    public async Task A_question_about_the_future_waits_until_it_is_there()
    {
        Task<ViewAnswer<string, long>> waiting = _store.Query(Purchase.ByProduct).WithConsistency(Consistency.AtLeast(new LogPosition(2))).ExecuteAsync().AsTask();
        await _store.AppendAsync(Purchase.Of("a"));
        Assert.That(waiting.IsCompleted, Is.False);
        await _store.AppendAsync(Purchase.Of("a"));
        Assert.That((await waiting).Receipt.Position.Value, Is.EqualTo(2));
        Assert.That((await waiting).Rows.Single().Result, Is.EqualTo(2));
    }

    [Test]
    public async Task A_question_that_waits_can_be_cancelled_and_ends_with_the_store()
    {
        using CancellationTokenSource cancellation = new();
        Consistency future = Consistency.AtLeast(new LogPosition(10));
        Task<ViewEntry<string, long>?> cancelled = _store.GetAsync(Purchase.ByProduct, "a", future, cancellationToken: cancellation.Token).AsTask();
        Task<ViewAnswer<string, long>> abandoned = _store.Query(Purchase.ByProduct).WithConsistency(future).ExecuteAsync().AsTask();
        await cancellation.CancelAsync();
        Assert.That(async () => await cancelled, Throws.InstanceOf<OperationCanceledException>());
        await _store.DisposeAsync();
        Assert.That(async () => await abandoned, Throws.InstanceOf<ObjectDisposedException>());
    }

    [Test]
    public async Task A_cancelled_batch_run_leaves_the_views_as_they_were()
    {
        await _store.AppendAsync(Purchase.Of("a"));
        Assert.That(async () => await _store.RunBatchAsync(new CancellationToken(canceled: true)), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(await Purchase.CountsAsync(_store), Is.EquivalentTo(new Dictionary<string, long> { ["a"] = 1 }));
        BatchRun run = await _store.RunBatchAsync();
        Assert.That(run.Views.Select(v => (v.Name, v.Range.End.Value, v.Keys)), Is.EqualTo(new[] { ("by_product", 1L, 1L), ("hourly", 1L, 1L) }));
        Assert.That((await _store.RunBatchAsync()).Views, Is.Empty, "Nothing was appended since.");
    }

    [Test]
    public async Task An_answer_is_complete_when_the_watermark_has_passed_its_last_window()
    {
        DateTimeOffset start = DateTimeOffset.UnixEpoch;
        await _store.AppendAsync(Purchase.Of("a", minute: 31));
        Assert.That((await _store.Query(Hourly).Between(start, start.AddMinutes(30)).ExecuteAsync()).Receipt.IsComplete, Is.False, "The window of the first hour goes on.");
        Assert.That((await _store.GetAsync(Hourly, start))!.Receipt.IsComplete, Is.False);
        await _store.AppendAsync(Purchase.Of("a", minute: 60));
        Assert.That((await _store.Query(Hourly).Between(start, start.AddMinutes(30)).ExecuteAsync()).Receipt.IsComplete, Is.True);
        Assert.That((await _store.GetAsync(Hourly, start))!.Receipt.IsComplete, Is.True);
        Assert.That((await _store.Query(Hourly).ExecuteAsync()).Receipt.IsComplete, Is.Null);
    }

    [Test]
    public async Task A_range_of_time_keeps_every_window_that_it_touches()
    {
        DateTimeOffset start = DateTimeOffset.UnixEpoch;
        await _store.AppendAsync(new[] { Purchase.Of("a", minute: 5), Purchase.Of("a", minute: 65), Purchase.Of("a", minute: 125) });
        Assert.That(await HoursAsync(start.AddMinutes(10), start.AddMinutes(20)), Is.EqualTo(new[] { 0 }), "Within one window.");
        Assert.That(await HoursAsync(start.AddMinutes(30), start.AddMinutes(90)), Is.EqualTo(new[] { 0, 1 }), "Beginning and ending inside windows.");
        Assert.That(await HoursAsync(start.AddHours(1), start.AddHours(2)), Is.EqualTo(new[] { 1 }), "The end does not belong to the range.");
        Assert.That(await HoursAsync(start.AddHours(1), start.AddHours(2).AddTicks(1)), Is.EqualTo(new[] { 1, 2 }));
        Assert.That(await HoursAsync(start.AddMinutes(30), start.AddMinutes(30)), Is.Empty, "No moment lies in it.");

        async Task<IEnumerable<int>> HoursAsync(DateTimeOffset from, DateTimeOffset to) =>
            (await _store.Query(Hourly).Between(from, to).ExecuteAsync()).Rows.Select(r => (int)(r.Key - start).TotalHours);
    }
}
