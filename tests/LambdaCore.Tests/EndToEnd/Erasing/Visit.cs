namespace LambdaCore.Tests.EndToEnd.Erasing;

/// <summary>What a user did, with his name in many places.</summary>
internal sealed record Visit(DateTimeOffset Time, string User, Guid Id, long Number, decimal Money, string? Note)
{
    /// <summary>An event of a user like any other.</summary>
    public static Visit At(DateTimeOffset time, int n) => new(
        time, $"user{n % 17}", new Guid(n % 17, 0, 0, new byte[8]), 1000 + (n % 13), n % 7, n % 3 == 0 ? null : $"note{n % 5}");

    /// <summary>An event of the needle.</summary>
    public static Visit Of(Needle needle, DateTimeOffset time) => new(time, needle.User, needle.Id, needle.Number, needle.Money, $"by {needle.User}");
}

/// <summary>Views in whose keys and states a user's name stands in every way.</summary>
internal static class VisitViews
{
    public static readonly ViewDefinition<Visit, UserKey, UserStats> ByUser = View.Of<Visit>("by_user")
        .GroupBy(e => new UserKey(e.User, e.Id, e.Number))
        .Select(g => new UserStats(g.Count(), g.Sum(e => e.Number), g.Sum(e => e.Money), g.Max(e => e.Note)));

    public static readonly ViewDefinition<Visit, DateTimeOffset, HourStats> Hours = View.Of<Visit>("hours")
        .GroupBy(e => Window.Hour(e.Time))
        .Select(g => new HourStats(g.Count(), g.CountDistinct(e => e.User, 100_000), g.Latest(e => e.User), g.Min(e => e.Id), g.Max(e => e.Number), g.Sum(e => e.Money), g.ApproxDistinct(e => e.User)));

    public static readonly ViewDefinition<Visit, bool, TopStats> Tops = View.Of<Visit>("tops")
        .GroupBy(e => e.Number > 1006)
        .Select(g => new TopStats(g.TopK(e => e.User, 3, 16_384), g.FirstN(e => e.User, 40), g.Earliest(e => e.Note)));

    public static readonly ViewDefinition<Visit, VisitSession, SessionStats> Sessions = View.Of<Visit>("sessions")
        .GroupBy(e => new VisitSession(e.User, Window.Session(e.Time, TimeSpan.FromMinutes(30))))
        .Select(g => new SessionStats(g.Count(), g.Latest(e => e.Note)));

    /// <summary>A view that a store has, but is not opened with.</summary>
    public static readonly ViewDefinition<Visit, string, long> LeftOut = View.Of<Visit>("left_out").GroupBy(e => e.User).Select(g => g.Count());

    public static IReadOnlyList<ViewDefinition<Visit>> ButOne { get; } = [ByUser, Hours, Tops, Sessions];

    public static IReadOnlyList<ViewDefinition<Visit>> All { get; } = [.. ButOne, LeftOut];

    public readonly record struct UserKey(string User, Guid Id, long Number);

    public readonly record struct VisitSession(string User, DateTimeOffset Start);

    public sealed record UserStats(long Count, long Sum, decimal Money, string? LastNote);

    public sealed record HourStats(long Count, long Users, string? Latest, Guid Id, long Max, decimal Money, double About);

    public sealed record TopStats(IReadOnlyList<TopItem<string>> Users, IReadOnlyList<string> First, string? Earliest);

    public sealed record SessionStats(long Count, string? Last);
}
