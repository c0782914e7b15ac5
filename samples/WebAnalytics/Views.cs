using LambdaCore;

namespace WebAnalytics;

/// <summary>What a visitor of the shop did. Name and e-mail are there when he signs up or changes them, the value when money is at stake.</summary>
public sealed record PageEvent(
    DateTimeOffset Timestamp, string EventType, string UserId, string? Name = null, string? Email = null, string? ProductId = null, double? Value = null);

public readonly record struct HourKey(DateTimeOffset Hour, string EventType);

public readonly record struct HourStats(long Events, long Users, double? AverageValue, double TotalValue);

public sealed record UserProfile(string? Name, string? Email, long Events, DateTimeOffset LastActivity);

public readonly record struct ProductStats(long Views, long Purchases, double? ConversionRate);

/// <summary>The three views that every such system is asked for.</summary>
internal static class Views
{
    /// <summary>Traffic by hour and type of event.</summary>
    public static readonly ViewDefinition<PageEvent, HourKey, HourStats> Hours =
        View.Of<PageEvent>("hours")
            .GroupBy(e => new HourKey(Window.Hour(e.Timestamp), e.EventType))
            .Select(g => new HourStats(
                g.Count(),
                g.ApproxDistinct(e => e.UserId),
                g.Average(e => e.Value),
                g.Sum(e => e.Value)));

    /// <summary>Each user, with the newest name and e-mail that are known: events without one leave them as they are.</summary>
    public static readonly ViewDefinition<PageEvent, string, UserProfile> Users =
        View.Of<PageEvent>("users")
            .GroupBy(e => e.UserId)
            .Select(g => new UserProfile(
                g.Latest(e => e.Name),
                g.Latest(e => e.Email),
                g.Count(),
                g.Max(e => e.Timestamp)));

    /// <summary>Each product, and how often looking at it ended in buying it: null while nobody has looked.</summary>
    public static readonly ViewDefinition<PageEvent, string, ProductStats> Products =
        View.Of<PageEvent>("products")
            .Where(e => e.ProductId != null)
            .GroupBy(e => e.ProductId!)
            .Select(g => new ProductStats(
                g.Count(e => e.EventType == "view"),
                g.Count(e => e.EventType == "purchase"),
                g.Count(e => e.EventType == "view") == 0
                    ? null
                    : (double)g.Count(e => e.EventType == "purchase") / g.Count(e => e.EventType == "view")));
}
