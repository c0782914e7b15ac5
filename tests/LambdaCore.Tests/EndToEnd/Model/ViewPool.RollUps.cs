using static LambdaCore.Tests.EndToEnd.Model.ModelView;

namespace LambdaCore.Tests.EndToEnd.Model;

/// <content>Views of other views' states, with hand-written LINQ over the events beside them.</content>
internal static partial class ViewPool
{
    /// <summary>The view that another one rolls up; null if it rolls up none.</summary>
    public static ModelView? SourceOf(ModelView view) => view.Definition.Plan.RollUp is { } rollUp ? All.First(v => v.Name == rollUp.Source.Name) : null;

    private static IEnumerable<ModelView> RollUps()
    {
        ViewDefinition<AnyEvent, HourKey, Amounts> hours = View.Of<AnyEvent>("rolled_hours").Where(e => e.Category != "heartbeat")
            .GroupBy(e => new HourKey(Window.Hour(e.At), e.Category)).Select(g => new Amounts(g.Count(), g.Sum(e => e.Amount), g.Max(e => e.Sequence), g.ApproxDistinct(e => e.Small)));
        ViewDefinition<AnyEvent, HourKey, Amounts> days = hours.RollUp("rolled_days", k => new HourKey(Window.Day(k.Hour, "Europe/Berlin"), k.Category));
        return
        [
            Of(hours, events => events.Where(e => e.Category != "heartbeat").GroupBy(e => new HourKey(Truncate(e.At, TimeSpan.TicksPerHour), e.Category)).Select(Summed)),
            Of(days, events => events.Where(e => e.Category != "heartbeat").GroupBy(e => new HourKey(BerlinMidnight(Truncate(e.At, TimeSpan.TicksPerHour)), e.Category)).Select(Summed)),
            Of(days.RollUp("rolled_twice", k => k.Category == "view"), events => events.Where(e => e.Category != "heartbeat").GroupBy(e => e.Category == "view").Select(Summed)),
            Of(hours.RollUp("rolled_moving", k => Window.Hopping(k.Hour, TimeSpan.FromHours(3), TimeSpan.FromHours(1))),
                events => events.Where(e => e.Category != "heartbeat").SelectMany(e => Hops(Truncate(e.At, TimeSpan.TicksPerHour), 180, 60, 0).Select(start => (Start: start, Event: e)))
                    .GroupBy(p => p.Start, p => p.Event).Select(Summed)),
        ];
    }

    private static (TKey Key, Amounts Result) Summed<TKey>(IGrouping<TKey, AnyEvent> g) =>
        (g.Key, new Amounts(g.Count(), g.Sum(e => e.Amount), g.Max(e => e.Sequence), g.Select(e => e.Small).Distinct().Count()));
}

internal sealed record Amounts(long Events, double Total, long Last, long Small);
