namespace LambdaCore.Benchmarks;

/// <summary>The three views that such a shop is always asked for.</summary>
public static class WebViews
{
    /// <summary>What happened per hour and type: about 2,200 keys, each with a sketch of its users.</summary>
    public static ViewDefinition<PageEvent, HourKey, HourStats> Hourly { get; } = View.Of<PageEvent>("hourly_stats")
        .Where(e => e.EventType != "heartbeat")
        .GroupBy(e => new HourKey(Window.Hour(e.Timestamp), e.EventType))
        .Select(g => new HourStats(g.Count(), g.ApproxDistinct(e => e.UserId), g.Average(e => e.Value), g.Sum(e => e.Value ?? 0)));

    /// <summary>What each user did last: as many keys as there are users.</summary>
    public static ViewDefinition<PageEvent, string, UserProfile> Users { get; } = View.Of<PageEvent>("user_profiles")
        .GroupBy(e => e.UserId)
        .Select(g => new UserProfile(g.Count(), g.Max(e => e.Timestamp), g.Latest(e => e.EventType)));

    /// <summary>How well each product sells.</summary>
    public static ViewDefinition<PageEvent, string, ProductStats> Products { get; } = View.Of<PageEvent>("product_stats")
        .Where(e => e.ProductId != null)
        .GroupBy(e => e.ProductId!)
        .Select(g => new ProductStats(
            g.Count(e => e.EventType == "view"),
            g.Count(e => e.EventType == "purchase"),
            (double)g.Count(e => e.EventType == "purchase") / g.Count(e => e.EventType == "view")));

    internal static IReadOnlyList<ViewDefinition<PageEvent>> All { get; } = [Hourly, Users, Products];
}

/// <summary>An hour and a type of event.</summary>
public readonly record struct HourKey(DateTimeOffset Hour, string EventType);

/// <summary>What happened in an hour.</summary>
public readonly record struct HourStats(long Events, double Users, double? Average, double Total);

/// <summary>What a user did.</summary>
public readonly record struct UserProfile(long Events, DateTimeOffset LastSeen, string LastEventType);

/// <summary>How a product sells.</summary>
public readonly record struct ProductStats(long Views, long Purchases, double ConversionRate);
