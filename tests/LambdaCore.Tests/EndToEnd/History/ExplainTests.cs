using LambdaCore.Storage;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd.History;

/// <summary>The events that a row is made of.</summary>
[TestFixture]
internal sealed class ExplainTests
{
    private static readonly ViewDefinition<Purchase, Visit, long> Visits = View.Of<Purchase>("visits")
        .GroupBy(e => new Visit(e.Product, Window.Session(e.At, TimeSpan.FromMinutes(10)))).Select(g => g.Count());

    [Test]
    public async Task Each_event_says_which_layer_counts_it_and_what_was_rejected_is_left_out()
    {
        SimulatedClock clock = new(DateTimeOffset.UnixEpoch.AddHours(100));
        using InMemoryStorage disk = new();
        await using (LambdaStore<Purchase> rejecting = Open(disk, clock, LatePolicy.Reject))
        {
            await rejecting.AppendAsync((Purchase[])[Purchase.Of("p0", 5000), Purchase.Of("p0", 1), Purchase.Of("p1", 5000)]);
            await rejecting.RunBatchAsync();
        }

        await using LambdaStore<Purchase> store = Open(disk, clock, LatePolicy.BatchOnly);
        clock.Advance(TimeSpan.FromSeconds(1));
        await store.AppendAsync((Purchase[])[Purchase.Of("p0", 2), Purchase.Of("p1", 5000), Purchase.Of("p0", 5001)]);
        ViewExplanation<Purchase, string, long> explained = await store.ExplainAsync(Purchase.ByProduct, "p0");
        await store.AppendAsync(Purchase.Of("p0", 5002));
        List<ExplainedEvent<Purchase>> events = await explained.Events.ToListAsync();
        Assert.Multiple(() =>
        {
            Assert.That(events.Select(e => (e.Position.Value, e.Source)), Is.EqualTo([(0L, AnswerSource.Batch), (3L, AnswerSource.None), (5L, AnswerSource.Speed)]), "the one at 1 was rejected, the one at 3 waits");
            Assert.That(events[2].Event, Is.EqualTo(Purchase.Of("p0", 5001)));
            Assert.That(events[2].IngestedAt - events[0].IngestedAt, Is.EqualTo(TimeSpan.FromSeconds(1)));
            Assert.That(explained.Row!.Result, Is.EqualTo(2));
            Assert.That(explained.Receipt.Position.Value, Is.EqualTo(6), "what came later is not of this answer");
        });
    }

    [Test]
    public async Task A_session_is_made_of_its_own_events_and_a_key_without_a_row_of_none()
    {
        using InMemoryStorage disk = new();
        await using LambdaStore<Purchase> store = Open(disk, TimeProvider.System, LatePolicy.Include);
        await store.AppendAsync((Purchase[])[Purchase.Of("p0", 0), Purchase.Of("p0", 9), Purchase.Of("p0", 60), Purchase.Of("p1", 5), Purchase.Of("p0", 65)]);
        Assert.That(await PositionsAsync(0), Is.EqualTo([0, 1]));
        Assert.That(await PositionsAsync(60), Is.EqualTo([2, 4]));
        Assert.That(await PositionsAsync(9), Is.Empty);

        async Task<IEnumerable<long>> PositionsAsync(int minute)
        {
            ViewExplanation<Purchase, Visit, long> explained = await store.ExplainAsync(Visits, new Visit("p0", DateTimeOffset.UnixEpoch.AddMinutes(minute)));
            List<ExplainedEvent<Purchase>> events = await explained.Events.ToListAsync();
            Assert.That(explained.Row?.Result ?? 0, Is.EqualTo(events.Count));
            return events.Select(e => e.Position.Value);
        }
    }

    [Test]
    public async Task An_explanation_lists_the_events_as_they_were_when_the_row_was_made()
    {
        using InMemoryStorage disk = new();
        await using LambdaStore<Purchase> store = Open(disk, TimeProvider.System, LatePolicy.Include);
        await store.AppendAsync((Purchase[])[Purchase.Of("p0", 0), Purchase.Of("p1", 1), Purchase.Of("p0", 2)]);
        ViewExplanation<Purchase, string, long> before = await store.ExplainAsync(Purchase.ByProduct, "p0");
        await store.CorrectAsync(e => e.Product == "p0" && e.At == DateTimeOffset.UnixEpoch, s => s.Set(e => e.Product, e => "p1"), "wrong product");
        ViewExplanation<Purchase, string, long> after = await store.ExplainAsync(Purchase.ByProduct, "p0");
        Assert.That(await before.Events.Select(e => (e.Position.Value, e.Event.Product)).ToListAsync(), Is.EqualTo([(0L, "p0"), (2L, "p0")]));
        Assert.That(await after.Events.Select(e => e.Position.Value).ToListAsync(), Is.EqualTo([2L]));
        Assert.That((before.Row!.Result, after.Row!.Result), Is.EqualTo((2L, 1L)));
    }

    private static LambdaStore<Purchase> Open(IStorage disk, TimeProvider clock, LatePolicy late) => Purchase.Open(disk, options =>
    {
        options.TimeProvider = clock;
        options.LateEvents = late;
        options.AddView(Purchase.ByProduct);
        options.AddView(Visits);
    });

    private readonly record struct Visit(string Product, DateTimeOffset Start);
}
