using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd.Retaining;

/// <summary>Changes of events where some have gone: they reach all that are there when they are asked for, and no other.</summary>
[TestFixture]
internal sealed class RetainedChangesTests
{
    private static readonly Retention TwoHours = Retention.Of(age: TimeSpan.FromHours(2));

    [Test]
    public async Task A_correction_reaches_the_events_that_are_there_and_outlives_them()
    {
        using RetentionScene scene = new();
        Tick[] events = [.. Enumerable.Range(0, 65).Select(n => Tick.At(n)).Select((e, position) => position >= 30 && e.Group == 0 ? e with { Number = e.Number + 1000 } : e)];
        await using (LambdaStore<Tick> store = scene.Open(TwoHours))
        {
            await scene.AppendBatchesAsync(store, 30, 20, 10, 5);
            Assert.That(store.RawStart.Value, Is.EqualTo(30), "And up to 50 they are due to go.");
            Correction correction = await store.CorrectAsync(e => e.Group == 0, s => s.Set(e => e.Number, e => e.Number + 1000), "counted wrongly");
            Assert.That((store.RawStart.Value, correction.Events), Is.EqualTo((30L, events[30..].LongCount(e => e.Group == 0))));
            await CheckAsync(store, events);
            await store.RunBatchAsync(BatchMode.Full);
            Assert.That(store.RawStart.Value, Is.EqualTo(50));
            await CheckAsync(store, events);
        }

        await using LambdaStore<Tick> again = scene.Open(Retention.Of(bytes: 0));
        await CheckAsync(again, events);
        await again.ApplyRetentionAsync();
        Assert.That(again.RawStart.Value, Is.EqualTo(65));
        await CheckAsync(again, events);
        Assert.That((await again.CorrectAsync(e => e.Group == 0, s => s.Set(e => e.Number, 0), "nothing is left")).Events, Is.Zero);
        await again.RunBatchAsync();
        await CheckAsync(again, events);
    }

    private static async Task CheckAsync(LambdaStore<Tick> store, Tick[] events) => Assert.That(
        (await store.Query(RetentionScene.ByGroup).ExecuteAsync()).Rows.Select(r => (r.Key, r.Result.Count, r.Result.Sum, r.Result.Max)),
        Is.EqualTo(events.GroupBy(e => e.Group).OrderBy(g => g.Key).Select(g => (g.Key, g.LongCount(), g.Sum(e => e.Number), g.Max(e => e.Number)))));
}
