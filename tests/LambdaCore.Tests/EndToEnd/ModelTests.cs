using LambdaCore.Tests.EndToEnd.Model;
using LambdaCore.Tests.Values;
using LambdaCore.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd;

/// <summary>The model itself, where it says what must become of events that are changed or erased after they were appended.</summary>
[TestFixture]
internal sealed class ModelTests
{
    [Test]
    public void A_log_keeps_every_value_of_every_event_by_revision()
    {
        AnyEvent[] events = new AnyEventSource(Seed.Random(out _)).Next(4);
        ModelLog log = ModelLog.Of(events);
        log.Change(3, default, new Dictionary<int, AnyEvent?> { [1] = events[1] with { Small = 77 }, [2] = null });
        log.Append([events[0]]);
        log.Change(5, default, new Dictionary<int, AnyEvent?> { [1] = null });
        Assert.Multiple(() =>
        {
            Assert.That(log.At(0), Is.EqualTo((AnyEvent[])[.. events, events[0]]));
            Assert.That(log.At(2), Is.EqualTo(log.At(0)));
            Assert.That(log.At(4).Select(e => e?.Small), Is.EqualTo((int?[])[events[0].Small, 77, null, events[3].Small, events[0].Small]));
            Assert.That(log.Current.Select(e => e?.Small), Is.EqualTo((int?[])[events[0].Small, null, null, events[3].Small, events[0].Small]));
            Assert.That(log.Revision, Is.EqualTo(5));
            Assert.That(log.Appended(2), Is.EqualTo(events[2]));
        });
    }

    [Test]
    public void A_changed_event_cannot_come_before_the_change_that_it_follows()
    {
        ModelLog log = ModelLog.Of(new AnyEventSource(Seed.Random(out _)).Next(1));
        log.Change(3, default, new Dictionary<int, AnyEvent?> { [0] = null });
        Assert.Multiple(() =>
        {
            Assert.That(() => log.Change(3, default, new Dictionary<int, AnyEvent?>()), Throws.TypeOf<ModelViolationException>());
            Assert.That(() => log.Change(4, default, new Dictionary<int, AnyEvent?> { [0] = null }), Throws.TypeOf<ModelViolationException>());
        });
    }

    [Test]
    public void A_fold_passes_over_holes_as_over_events_that_do_not_count()
    {
        Random random = Seed.Random(out int seed);
        AnyEvent[] events = new AnyEventSource(random).Next(60);
        HashSet<int> erased = [.. Enumerable.Range(0, 60).Where(_ => random.Next(3) == 0)];
        LogRange range = new(new LogPosition(5), new LogPosition(55));
        Check(View.Of<AnyEvent>("groups").GroupBy(e => e.Small).Select(g => new { N = g.Count(), Sum = g.Sum(e => (long)e.Int32), Last = g.Latest(e => e.Sequence) }));
        Check(View.Of<AnyEvent>("sessions").GroupBy(e => new { Start = Window.Session(e.At, TimeSpan.FromHours(1)), e.Flag }).Select(g => new { N = g.Count(), Last = g.Max(e => e.Sequence) }));

        void Check<TKey, TResult>(ViewDefinition<AnyEvent, TKey, TResult> view)
        {
            FoldOracle<AnyEvent, TKey, TResult> oracle = FoldOracle<AnyEvent, TKey, TResult>.Of(view, ModelView.EventTime);
            ModelLog log = ModelLog.Of(events);
            log.Change(1, default, erased.ToDictionary(i => i, _ => (AnyEvent?)null));
            IEnumerable<(TKey, TResult?)> holes = oracle.Rows(log.Current, range, _ => true).Select(r => (r.Key, r.Result));
            Assert.That(holes, Is.EqualTo(oracle.Rows(events, range, i => !erased.Contains(i)).Select(r => (r.Key, r.Result))), $"seed {seed}, {view.Name}");
            Assert.That(holes, Is.Not.EqualTo(oracle.Rows(events, range, _ => true).Select(r => (r.Key, r.Result))), $"seed {seed}, {view.Name}");
        }
    }
}
