namespace LambdaCore.Tests.Simulation;

/// <summary>The event of simulated stores: its number tells it from all others.</summary>
internal sealed record Reading(DateTimeOffset At, int Group, long Number, string Text)
{
    public static ViewDefinition<Reading, int, GroupTotals> ByGroup { get; } = View.Of<Reading>("by_group")
        .GroupBy(e => e.Group)
        .Select(g => new GroupTotals(g.Count(), g.Sum(e => e.Number), g.Max(e => e.Number)));

    public static ViewDefinition<Reading, DateTimeOffset, HourTotals> ByHour { get; } = View.Of<Reading>("by_hour")
        .GroupBy(e => Window.Hour(e.At))
        .Select(g => new HourTotals(g.Count(), g.Sum(e => e.Number)));

    internal readonly record struct GroupTotals(long Events, long Sum, long Highest);

    internal readonly record struct HourTotals(long Events, long Sum);
}
