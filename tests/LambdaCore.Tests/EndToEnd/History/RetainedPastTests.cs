using LambdaCore.Log;
using LambdaCore.Tests.EndToEnd.Retaining;
using LambdaCore.Tests.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd.History;

/// <summary>The past where the oldest events have gone: archive layers and the log together say what was, from where raw events begin.</summary>
[TestFixture]
internal sealed class RetainedPastTests
{
    [Test]
    public async Task From_where_raw_events_begin_the_past_counts_what_has_gone()
    {
        Random random = Seed.Random(out int seed);
        using RetentionScene scene = new();
        List<(DateTimeOffset At, long End)> moments = [];
        await using LambdaStore<Tick> store = scene.Open(Retention.Of(TimeSpan.FromHours(5)));
        for (int i = 0; i < 12; i++)
        {
            await RetentionScene.AppendAsync(store, 1 + random.Next(30));
            moments.Add((scene.Clock.GetUtcNow(), store.Position.Value));
            await store.RunBatchAsync();
            scene.Clock.Advance(TimeSpan.FromHours(1));
        }

        await RetentionScene.AppendAsync(store, 7);
        long start = store.RawStart.Value;
        Assert.That(start, Is.InRange(1, store.Position.Value - 8), $"seed {seed}");
        for (long end = start; end <= store.Position.Value; end += 1 + random.Next(6))
        {
            Assert.That(await WrongAsync(store.AsOf(new LogPosition(end)), start, end), Is.Null, $"seed {seed}");
        }

        foreach ((DateTimeOffset at, long end) in moments)
        {
            if (end >= start)
            {
                Assert.That(await WrongAsync(store.AsOf(at), start, end), Is.Null, $"seed {seed}");
            }
            else
            {
                LambdaCoreException refusal = (await Assert.ThrowsAsync<LambdaCoreException>(async () => await store.AsOf(at).GetAsync(RetentionScene.ByGroup, 0)))!;
                Assert.That(refusal.Message, Does.Contain("have gone by retention").And.Contain("Ask for that time or a later one"), $"seed {seed}, {at:O}");
            }
        }

        Assert.That(async () => await store.AsOf(new LogPosition(start - 1)).Query(RetentionScene.ByMinute).ExecuteAsync(), Throws.TypeOf<LambdaCoreException>().With.Message.Contains($"Ask for {start} or a later position"));
        Assert.That((await store.AsOf(LogPosition.Zero).Query(RetentionScene.ByMinute).ExecuteAsync()).Rows, Is.Empty);
    }

    [Test]
    public async Task What_was_changed_and_has_gone_since_cannot_be_known_as_it_was()
    {
        using RetentionScene scene = new();
        await using LambdaStore<Tick> store = scene.Open(Retention.Of(TimeSpan.FromHours(3)));
        await scene.AppendBatchesAsync(store, 10, 10);
        DateTimeOffset before = scene.Clock.GetUtcNow();
        scene.Clock.Advance(TimeSpan.FromSeconds(1));
        EventLog<Tick> log = StoreInternals<Tick>.Of(store).Log;
        using (PreparedRewrite prepared = log.PrepareRewrite(new RewriteRequest(log.SealedEnd, "_position = 3", null), CancellationToken.None))
        {
            await log.CommitRewriteAsync(prepared, new ContentChange(LogChangeKind.Erasure, "test", null, null, null));
        }

        Assert.That((await store.AsOf(before).Query(RetentionScene.ByGroup).ExecuteAsync()).Rows.Sum(r => r.Result.Count), Is.EqualTo(20));
        await scene.AppendBatchesAsync(store, 10, 10, 10);
        Assert.That(store.RawStart.Value, Is.GreaterThan(3));
        Assert.That(
            async () => await store.AsOf(before).Query(RetentionScene.ByGroup).ExecuteAsync(), Throws.TypeOf<LambdaCoreException>().With.Message.Contains("have gone by retention"));
    }

    private static async Task<string?> WrongAsync(HistoricalStore<Tick> past, long rawStart, long end)
    {
        Tick[] events = [.. Enumerable.Range(0, (int)end).Select(n => Tick.At(n))];
        (int, Totals)[] expected =
        [
            .. events.GroupBy(e => e.Group).OrderBy(g => g.Key)
                .Select(g => (g.Key, new Totals(g.Count(), g.Sum(e => e.Number), g.Max(e => e.Number), g.Count()))),
        ];
        ViewAnswer<int, Totals> answer = await past.Query(RetentionScene.ByGroup).ExecuteAsync();
        Dictionary<DateTimeOffset, long> minutes = (await past.Query(RetentionScene.ByMinute).ExecuteAsync()).Rows.ToDictionary(r => r.Key, r => r.Result);
        foreach ((int group, Totals totals) in expected)
        {
            if ((await past.GetAsync(RetentionScene.ByGroup, group))?.Result != totals)
            {
                return $"group {group} by lookup is not {totals} as of {end}";
            }
        }

        string layers = $"[0,{rawStart}) [{rawStart},{end})";
        return !answer.Rows.Select(r => (r.Key, r.Result)).SequenceEqual(expected) ? $"as of {end}: {string.Join(", ", answer.Rows.Select(r => (r.Key, r.Result)))}, but it must be {string.Join(", ", expected)}"
            : answer.Receipt.Range != new LogRange(default, new LogPosition(end)) ? $"as of {end}: {answer.Receipt}"
            : $"[0,{answer.Receipt.Layers[^1].Range.Start}) {answer.Receipt.Layers[^1].Range}" != layers ? $"as of {end}: the layers are {string.Join(", ", answer.Receipt.Layers)}"
            : !minutes.OrderBy(m => m.Key).Select(m => (m.Key.UtcTicks / TimeSpan.TicksPerMinute, m.Value))
                .SequenceEqual(events.GroupBy(e => e.Time.UtcTicks / TimeSpan.TicksPerMinute).OrderBy(g => g.Key).Select(g => (g.Key, g.Sum(e => e.Number)))) ? $"as of {end}: the minutes differ"
            : null;
    }
}
