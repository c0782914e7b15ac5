namespace LambdaCore.Tests.Simulation;

/// <summary>The event of simulated stores: its number tells it from all others, until it is corrected.</summary>
/// <param name="At">When.</param>
/// <param name="Group">The key of one view.</param>
/// <param name="Number">What views sum up.</param>
/// <param name="Text">As long as it is.</param>
/// <param name="Id">What it is known by.</param>
/// <param name="Amends">The id of those that it amends.</param>
internal sealed record Reading(DateTimeOffset At, int Group, long Number, string Text, long Id = 0, long? Amends = null)
{
    /// <summary>The time of an event that is rejected wherever there was one of another time before it.</summary>
    public static DateTimeOffset TooLate { get; } = new(1800, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Stores here reject what is later than this, which nothing else is.</summary>
    public static TimeSpan GracePeriod { get; } = TimeSpan.FromDays(10_000);

    /// <summary>Whether it is rejected.</summary>
    public bool IsRejected => At == TooLate;

    /// <summary>Whether an event that amends an id amends this one.</summary>
    public bool IsKnownAs(long id) => Id == id || Amends == id;

    /// <summary>What stands in its text and in no other event's.</summary>
    public static string MarkOf(long id) => $"<{id}>";

    public static ViewDefinition<Reading, int, GroupTotals> ByGroup { get; } = View.Of<Reading>("by_group")
        .GroupBy(e => e.Group)
        .Select(g => new GroupTotals(g.Count(), g.Sum(e => e.Number), g.Max(e => e.Number)));

    public static ViewDefinition<Reading, DateTimeOffset, HourTotals> ByHour { get; } = View.Of<Reading>("by_hour")
        .GroupBy(e => Window.Hour(e.At))
        .Select(g => new HourTotals(g.Count(), g.Sum(e => e.Number)));

    internal readonly record struct GroupTotals(long Events, long Sum, long Highest);

    internal readonly record struct HourTotals(long Events, long Sum);
}
