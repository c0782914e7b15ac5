using LambdaCore;

namespace Reprocessing;

/// <summary>A day and a shop.</summary>
internal readonly record struct DayKey(DateTimeOffset Day, string Shop);

/// <summary>What a shop took in on a day.</summary>
internal readonly record struct Revenue(long Sales, long Refunds, long Cents);

/// <summary>What is known of a shop.</summary>
internal readonly record struct ShopFigures(long Events, long Largest, string LastKind);

internal static class Views
{
    /// <summary>As it was shipped: refunds are added where they should be taken off.</summary>
    public static ViewDefinition<Sale, DayKey, Revenue> RevenueAsShipped { get; } = View.Of<Sale>("daily_revenue")
        .GroupBy(e => new DayKey(Window.Day(e.Time), e.Shop))
        .Select(g => new Revenue(g.Count(e => e.Kind == "sale"), g.Count(e => e.Kind == "refund"), g.Sum(e => e.Cents)));

    /// <summary>The same view, mended.</summary>
    public static ViewDefinition<Sale, DayKey, Revenue> RevenueMended { get; } = View.Of<Sale>("daily_revenue")
        .GroupBy(e => new DayKey(Window.Day(e.Time), e.Shop))
        .Select(g => new Revenue(g.Count(e => e.Kind == "sale"), g.Count(e => e.Kind == "refund"), g.Sum(e => e.Kind == "refund" ? -e.Cents : e.Cents)));

    /// <summary>A view that has no mistake.</summary>
    public static ViewDefinition<Sale, string, ShopFigures> Shops { get; } = View.Of<Sale>("shops")
        .GroupBy(e => e.Shop)
        .Select(g => new ShopFigures(g.Count(), g.Max(e => e.Cents), g.Latest(e => e.Kind)!));
}
