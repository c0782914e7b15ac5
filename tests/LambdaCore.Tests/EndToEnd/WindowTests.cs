using LambdaCore.Storage;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd;

/// <summary>Questions about windows that are not all of one length, or that overlap, with events in both layers.</summary>
[TestFixture]
internal sealed class WindowTests
{
    private const string Berlin = "Europe/Berlin";

    private static readonly ViewDefinition<Purchase, DateTimeOffset, long> Days = View.Of<Purchase>("days").GroupBy(e => Window.Day(e.At, Berlin)).Select(g => g.Count());

    private static readonly ViewDefinition<Purchase, MovingKey, long> Moving =
        View.Of<Purchase>("moving").GroupBy(e => new MovingKey(Window.Hopping(e.At, TimeSpan.FromHours(1), TimeSpan.FromMinutes(15)), e.Product)).Select(g => g.Count());

    private InMemoryStorage _storage = null!;
    private LambdaStore<Purchase> _store = null!;

    [SetUp]
    public void Open()
    {
        _storage = new InMemoryStorage();
        _store = Purchase.Open(_storage, o => o.AddView(Days));
    }

    [TearDown]
    public async Task CloseAsync()
    {
        await _store.DisposeAsync();
        _storage.Dispose();
    }

    [Test]
    public async Task Days_of_23_and_25_hours_hold_as_many_events_of_each_hour_in_both_layers()
    {
        foreach ((string from, int hours) in new[] { ("2025-03-29T23:00Z", 23), ("2025-10-25T22:00Z", 25) })
        {
            DateTimeOffset start = Utc(from);
            await _store.AppendAsync(Enumerable.Range(-24, 24 + 24 + hours).Select(h => Purchase.Of("a") with { At = start.AddHours(h) }).ToArray());
            Assert.That((await _store.GetAsync(Days, Window.Day(start.AddHours(5), Berlin)))!.Result, Is.EqualTo(hours));
            await _store.RunBatchAsync();
            ViewAnswer<DateTimeOffset, long> answer = await _store.Query(Days).Between(start, start.AddHours(hours)).ExecuteAsync();
            Assert.That(answer.Rows.Select(r => (r.Key, r.Result)), Is.EqualTo(new[] { (start, (long)hours) }));
            Assert.That(answer.Receipt.Source, Is.EqualTo(AnswerSource.Batch));
        }
    }

    [Test]
    public async Task A_day_is_complete_when_its_own_clock_says_so()
    {
        DateTimeOffset start = Utc("2025-10-25T22:00Z");
        await _store.AppendAsync(Purchase.Of("a") with { At = start.AddHours(24.5) });
        Assert.That((await _store.GetAsync(Days, start))!.Receipt.IsComplete, Is.False, "the day has 25 hours");
        await _store.AppendAsync(Purchase.Of("a") with { At = start.AddHours(25) });
        Assert.That((await _store.GetAsync(Days, start))!.Receipt.IsComplete, Is.True);
        Assert.That((await _store.Query(Days).Between(start, start.AddHours(1)).ExecuteAsync()).Receipt.IsComplete, Is.True);
        Assert.That((await _store.Query(Days).Between(start, start.AddHours(25).AddTicks(10)).ExecuteAsync()).Receipt.IsComplete, Is.False);
    }

    [Test]
    public async Task An_event_counts_in_each_of_the_overlapping_windows_in_both_layers()
    {
        DateTimeOffset noon = Utc("2026-03-01T12:00Z");
        await _store.DisposeAsync();
        _store = Purchase.Open(_storage, o => o.AddView(Moving));
        await _store.AppendAsync(Purchase.Of("a") with { At = noon.AddMinutes(20) });
        await _store.RunBatchAsync();
        await _store.AppendAsync(new[] { Purchase.Of("a") with { At = noon.AddMinutes(50) }, Purchase.Of("b") with { At = noon } });

        ViewAnswer<MovingKey, long> all = await _store.Query(Moving).Where(k => k.Product == "a").ExecuteAsync();
        (int Minute, long Count)[] expected = [(-30, 1), (-15, 1), (0, 2), (15, 2), (30, 1), (45, 1)];
        Assert.That(all.Rows.Select(r => ((int)(r.Key.Start - noon).TotalMinutes, r.Result)), Is.EqualTo(expected));
        Assert.That(all.Receipt.Source, Is.EqualTo(AnswerSource.Merged));

        ViewAnswer<MovingKey, long> some = await _store.Query(Moving).Where(k => k.Product == "a").Between(noon.AddMinutes(40), noon.AddMinutes(45)).ExecuteAsync();
        Assert.That(some.Rows.Select(r => ((int)(r.Key.Start - noon).TotalMinutes, r.Result)), Is.EqualTo(expected.Where(e => e.Minute is > -20 and < 45)));
        Assert.That(some.Receipt.IsComplete, Is.False);
        Assert.That((await _store.GetAsync(Moving, new MovingKey(noon, "a")))!.Result, Is.EqualTo(2));
        Assert.That(await _store.GetAsync(Moving, new MovingKey(noon.AddMinutes(7), "a")), Is.Null);
        await _store.AppendAsync(Purchase.Of("c") with { At = noon.AddMinutes(90) });
        Assert.That((await _store.Query(Moving).Between(noon, noon.AddMinutes(40)).ExecuteAsync()).Receipt.IsComplete, Is.True, "the last window asked for ends at half past one");
        Assert.That((await _store.Query(Moving).Between(noon, noon.AddMinutes(46)).ExecuteAsync()).Receipt.IsComplete, Is.False);
    }

    private static DateTimeOffset Utc(string text) => DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture);

    private readonly record struct MovingKey(DateTimeOffset Start, string Product);
}
