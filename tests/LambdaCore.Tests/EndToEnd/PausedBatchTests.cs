using LambdaCore.Storage;
using LambdaCore.Tests.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd;

/// <summary>While the batch layer stands still for hours, answers lose nothing: the speed layer grows, moves out of memory, and stays exact.</summary>
[TestFixture]
internal sealed class PausedBatchTests
{
    private static readonly ViewDefinition<Purchase, HourOfProduct, Sales> Hourly = View.Of<Purchase>("hourly")
        .GroupBy(e => new HourOfProduct(Window.Hour(e.At), e.Product))
        .Select(g => new Sales(g.Count(), g.Sum(e => e.Price), g.ApproxDistinct(e => e.Note), g.Latest(e => e.Note)));

    private readonly SimulatedClock _clock = new();
    private readonly Dictionary<HourOfProduct, List<Purchase>> _expected = [];
    private int _count;

    [Test]
    public async Task A_pause_of_the_batch_layer_for_hours_costs_no_event()
    {
        Random random = Seed.Random(out _);
        using InMemoryStorage storage = new();
        await using LambdaStore<Purchase> store = Purchase.Open(storage, o =>
        {
            o.AddView(Hourly);
            o.TimeProvider = _clock;
            o.SpeedMemoryBytes = 16 << 20;
        });
        await AppendHourAsync(store, 0, random);
        await store.RunBatchAsync();
        LogPosition batchEnd = store.Position;
        storage.BeforeCall = call =>
        {
            if (call.Path.StartsWith("views/", StringComparison.Ordinal) && call.Operation is StorageOperation.Rename or StorageOperation.Create)
            {
                throw new StorageException("The disk refuses.");
            }
        };
        for (int hour = 1; hour <= 12; hour++)
        {
            await AppendHourAsync(store, hour, random);
            Assert.That(async () => await store.RunBatchAsync(), Throws.InstanceOf<StorageException>(), "Each run begins a generation, and then fails.");
            _clock.Advance(TimeSpan.FromHours(1));
            Receipt receipt = await CheckAsync(store);
            Assert.That(receipt.BatchEnd, Is.EqualTo(batchEnd));
            Assert.That(receipt.Layers[0].Staleness, Is.EqualTo(TimeSpan.FromHours(hour)), "The receipt says what the pause does: the batch grows old.");
        }

        Assert.That(StoreInternals<Purchase>.Of(store).Speed.SpillMemoryBytes, Is.Positive, "No state has moved out of memory.");
        Receipt fallback = (await store.Query(Hourly).Reconcile(Reconciliation.Fallback(TimeSpan.FromHours(2))).Take(0).ExecuteAsync()).Receipt;
        Assert.That((fallback.Reconciliation!.Reason, fallback.Position.Value), Is.EqualTo((RealTimeReason.BatchFailed, (long)_count)));

        storage.BeforeCall = null;
        await store.RunBatchAsync();
        Assert.That((await CheckAsync(store)).BatchEnd.Value, Is.EqualTo(_count));
    }

    /// <summary>Appends an hour of events in groups; every fifth event is late by up to all the hours so far.</summary>
    private async Task AppendHourAsync(LambdaStore<Purchase> store, int hour, Random random)
    {
        for (int group = 0; group < 12; group++)
        {
            Purchase[] events = new Purchase[random.Next(1, 60)];
            for (int i = 0; i < events.Length; i++)
            {
                int minute = random.Next(5) == 0 ? random.Next((hour * 60) + 60) : (hour * 60) + random.Next(60);
                events[i] = Purchase.Of($"product{random.Next(40)}", minute) with { Price = random.Next(10_000) / 100m, Note = random.Next(4) == 0 ? null : $"note{random.Next(20)}" };
                HourOfProduct key = new(DateTimeOffset.UnixEpoch.AddHours(minute / 60), events[i].Product);
                if (!_expected.TryGetValue(key, out List<Purchase>? purchases))
                {
                    _expected[key] = purchases = [];
                }

                purchases.Add(events[i]);
            }

            await store.AppendAsync(events);
            _count += events.Length;
        }
    }

    private async Task<Receipt> CheckAsync(LambdaStore<Purchase> store)
    {
        ViewAnswer<HourOfProduct, Sales> answer = await store.Query(Hourly).ExecuteAsync();
        Assert.That(answer.Receipt.Range, Is.EqualTo(new LogRange(LogPosition.Zero, new LogPosition(_count))));
        Assert.That(answer.Rows.ToDictionary(r => r.Key, r => r.Result), Is.EquivalentTo(_expected.ToDictionary(e => e.Key, e => Fold(e.Value))));
        foreach (HourOfProduct key in _expected.Keys.Where((_, i) => i % 37 == 0))
        {
            Assert.That((await store.GetAsync(Hourly, key))!.Result, Is.EqualTo(Fold(_expected[key])));
        }

        return answer.Receipt;
    }

    private static Sales Fold(List<Purchase> events)
    {
        List<Purchase> noted = events.FindAll(e => e.Note is not null);
        return new Sales(
            events.Count, events.Sum(e => e.Price), noted.Select(e => e.Note).Distinct().Count(), noted.LastOrDefault(e => e.At == noted.Max(o => o.At))?.Note);
    }

    private readonly record struct HourOfProduct(DateTimeOffset Hour, string Product);

    private sealed record Sales(long Events, decimal Total, long Notes, string? Last);
}
