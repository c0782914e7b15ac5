using LambdaCore.Batch;
using LambdaCore.Serving;
using LambdaCore.Storage;
using LambdaCore.Tests.EndToEnd.Model;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd;

/// <summary>Views whose batch is made of another view's states.</summary>
[TestFixture]
internal sealed class RollUpTests
{
    private static readonly ViewDefinition<AnyEvent, HourKey, Sums> Hourly = View.Of<AnyEvent>("hours").Where(e => e.Small != 3)
        .GroupBy(e => new HourKey(Window.Hour(e.At), e.Category))
        .Select(g => new Sums(g.Count(), g.ApproxDistinct(e => e.Text, 6), g.Sum(e => e.Int16Maybe), g.Max(e => e.Text), g.Latest(e => e.Sequence), g.Count(e => e.Flag)));

    private static readonly ViewDefinition<AnyEvent, HourKey, Sums> Daily = Hourly.RollUp("days", k => new HourKey(Window.Day(k.Hour, "Europe/Berlin"), k.Category.ToUpperInvariant()));

    /// <summary>Roll-ups, each beside the same view over events.</summary>
    private static readonly (ViewDefinition<AnyEvent> RolledUp, ViewDefinition<AnyEvent> Direct)[] Pairs =
    [
        (Daily, Direct("direct_days", e => new HourKey(Window.Day(Window.Hour(e.At), "Europe/Berlin"), e.Category.ToUpperInvariant()))),
        (Daily.RollUp("months", k => Window.Month(k.Hour)), Direct("direct_months", e => Window.Month(Window.Day(Window.Hour(e.At), "Europe/Berlin")))),
        (Hourly.RollUp("types", k => k.Category), Direct("direct_types", e => e.Category)),
        (Hourly.RollUp("moving", k => new { k.Category, Start = Window.Hopping(k.Hour, TimeSpan.FromHours(5), TimeSpan.FromHours(2), TimeSpan.Zero) }),
            Direct("direct_moving", e => new { e.Category, Start = Window.Hopping(e.At, TimeSpan.FromHours(5), TimeSpan.FromHours(2), TimeSpan.Zero) })),
        (Hourly.RollUp("utc_days", k => new { Day = (DateTimeOffset?)Window.Day(k.Hour), Long = k.Category.Length > 4 }), Direct("direct_utc_days", e => new { Day = (DateTimeOffset?)Window.Day(e.At), Long = e.Category.Length > 4 })),
    ];

    [Test]
    public async Task States_that_are_rolled_up_are_those_of_the_same_view_over_events_byte_for_byte()
    {
        int seed = int.TryParse(Environment.GetEnvironmentVariable("LAMBDACORE_SEED"), out int given) ? given : Random.Shared.Next();
        TestContext.Out.WriteLine($"LAMBDACORE_SEED={seed}");
        Random random = new(seed);
        AnyEventSource source = new(random);
        using InMemoryStorage storage = new();
        await using LambdaStore<AnyEvent> store = Open(storage, [.. Pairs.SelectMany(p => new[] { p.RolledUp, p.Direct }), Hourly]);
        Phases phases = new();
        for (int run = 0; run < 6; run++)
        {
            await store.AppendAsync(source.Next(random.Next(1, 300)));
            await store.RunBatchAsync(run == 4 ? BatchMode.Full : BatchMode.Incremental, phases);
            foreach ((ViewDefinition<AnyEvent> rolledUp, ViewDefinition<AnyEvent> direct) in Pairs)
            {
                Assert.That(rolledUp.Plan.RollUp, Is.Not.Null);
                Assert.That(States(store, rolledUp), Is.EqualTo(States(store, direct)), $"LAMBDACORE_SEED={seed}, run {run}: {rolledUp.Name}");
            }
        }

        foreach ((ViewDefinition<AnyEvent> rolledUp, ViewDefinition<AnyEvent> direct) in Pairs)
        {
            Assert.That(phases.Of(rolledUp.Name), Does.Not.Contain(BatchPhase.Computing).And.Contain(BatchPhase.Merging), "no event is read");
            Assert.That(phases.Of(direct.Name), Does.Contain(BatchPhase.Computing));
        }
    }

    [Test]
    public async Task A_roll_up_works_without_its_source_and_takes_it_up_when_it_comes()
    {
        using InMemoryStorage storage = new();
        AnyEventSource source = new(new Random(5));
        Phases phases = new();
        long count;
        await using (LambdaStore<AnyEvent> alone = Open(storage, [Daily]))
        {
            await alone.AppendAsync(source.Next(200));
            await alone.RunBatchAsync(BatchMode.Incremental, phases);
            count = (await alone.Query(Daily).ExecuteAsync()).Rows.Sum(r => r.Result.Events);
            Assert.That(phases.Of("days"), Does.Contain(BatchPhase.Computing));
        }

        phases = new Phases();
        await using LambdaStore<AnyEvent> both = Open(storage, [Daily, Hourly]);
        Assert.That((await both.Query(Daily).ExecuteAsync()).Rows.Sum(r => r.Result.Events), Is.EqualTo(count));
        AnyEvent[] more = source.Next(100);
        await both.AppendAsync(more);
        await both.RunBatchAsync(BatchMode.Incremental, phases);
        Assert.That(phases.Of("days"), Does.Contain(BatchPhase.Computing), "the source computed everything at once, so it has no layer of the new events alone");
        await both.AppendAsync(source.Next(100));
        phases = new Phases();
        await both.RunBatchAsync(BatchMode.Incremental, phases);
        Assert.That(phases.Of("days"), Does.Not.Contain(BatchPhase.Computing));
        Assert.That((await both.Query(Daily).ExecuteAsync()).Rows.Sum(r => r.Result.Events), Is.EqualTo((await both.Query(Hourly).ExecuteAsync()).Rows.Sum(r => r.Result.Events)));
    }

    [Test]
    public void What_cannot_be_rolled_up_is_refused_with_advice()
    {
        ViewBuilder<AnyEvent> events = View.Of<AnyEvent>("source");
        Assert.That(() => events.GroupBy(e => e.Category).Select(g => new { g.Key, N = g.Count() }).RollUp("r", k => k.Length), Throws.TypeOf<ViewDefinitionException>().With.Message.Contains("g.Key"));
        Assert.That(() => events.GroupBy(e => Window.Hopping(e.At, TimeSpan.FromHours(2), TimeSpan.FromHours(1))).Select(g => g.Count()).RollUp("r", k => Window.Day(k)), Throws.TypeOf<ViewDefinitionException>().With.Message.Contains("overlap"));
        Assert.That(() => events.GroupBy(e => Window.Session(e.At, TimeSpan.FromHours(2))).Select(g => g.Count()).RollUp("r", k => Window.Day(k)), Throws.TypeOf<ViewDefinitionException>().With.Message.Contains("sessions"));
        Assert.That(() => Hourly.RollUp("r", k => Window.Session(k.Hour, TimeSpan.FromHours(2))), Throws.TypeOf<ViewDefinitionException>().With.Message.Contains("session"));
        Assert.That(() => Hourly.RollUp("a b", k => k.Category), Throws.TypeOf<ViewDefinitionException>());
        Assert.That(() => Hourly.RollUp("r", k => new { Events = k.Category }), Throws.TypeOf<ViewDefinitionException>().With.Message.Contains("Rename"));
        Assert.That(() => Hourly.RollUp("r", k => k.ToString()), Throws.TypeOf<ViewDefinitionException>());
        Assert.That(Daily.Explain(), Does.Contain("rolls up  hours"));
        Assert.That(Pairs[^1].RolledUp.Plan.Fingerprint, Is.EqualTo(Pairs[^1].Direct.Plan.Fingerprint), "the day of an hour of a time is the day of the time");
    }

    private static ViewDefinition<AnyEvent, TKey, Sums> Direct<TKey>(string name, System.Linq.Expressions.Expression<Func<AnyEvent, TKey>> key) =>
        View.Of<AnyEvent>(name).Where(e => e.Small != 3).GroupBy(key)
            .Select(g => new Sums(g.Count(), g.ApproxDistinct(e => e.Text, 6), g.Sum(e => e.Int16Maybe), g.Max(e => e.Text), g.Latest(e => e.Sequence), g.Count(e => e.Flag)));

    private static LambdaStore<AnyEvent> Open(IStorage storage, IReadOnlyList<ViewDefinition<AnyEvent>> views)
    {
        LambdaStoreOptions<AnyEvent> options = new() { BatchThreads = 1 };
        options.EventTime(e => e.At);
        foreach (ViewDefinition<AnyEvent> view in views)
        {
            options.AddView(view);
        }

        options.Validate();
        return StoreOpening.Open("memory", storage, options);
    }

    private static List<(LogRange Range, string Key, string State)> States(LambdaStore<AnyEvent> store, ViewDefinition<AnyEvent> view)
    {
        List<(LogRange Range, string Key, string State)> states = [];
        foreach (BatchView layer in StoreInternals<AnyEvent>.Of(store).ViewsByName[view.Name].Snapshot.Batches)
        {
            LookupFile.Enumerator rows = layer.Lookup.Scan(null, null);
            while (rows.MoveNext())
            {
                states.Add((layer.Range, Convert.ToHexString(rows.Key), Convert.ToHexString(rows.State)));
            }
        }

        return states;
    }

    private sealed record Sums(long Events, double Texts, long? Sum, string Longest, long Last, long Flags);

    private sealed class Phases : IProgress<BatchProgress>
    {
        private readonly List<BatchProgress> _seen = [];

        public void Report(BatchProgress value) => _seen.Add(value);

        public IEnumerable<BatchPhase> Of(string view) => _seen.Where(p => p.View == view).Select(p => p.Phase).Distinct();
    }
}
