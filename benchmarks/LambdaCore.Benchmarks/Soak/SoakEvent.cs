namespace LambdaCore.Benchmarks.Soak;

/// <summary>An event of the soak: everything in it follows from its producer and its number there, so that what a store should say can be computed without keeping events.</summary>
public sealed record SoakEvent(DateTimeOffset At, int Producer, long Number, int Kind, int User, long Amount, long Twin)
{
    internal const int Kinds = 8;
    internal const int Users = 20_000;

    /// <summary>A producer's event with a number.</summary>
    internal static SoakEvent Of(int producer, long number)
    {
        ulong draw = (((ulong)number << 8) + (ulong)producer + 1) * 0x9E3779B97F4A7C15;
        draw ^= draw >> 29;
        long amount = (number % 1000) - 500;
        return new SoakEvent(WebTraffic.Start.AddMilliseconds(100 * number), producer, number, (int)(draw % Kinds), (int)((draw >> 8) % Users), amount, -amount);
    }
}

/// <summary>What each view of the soak says of a key.</summary>
public readonly record struct SoakTotals(long Count, long Amount, long Twin, long Last);

/// <summary>An hour and a kind.</summary>
public readonly record struct SoakHour(DateTimeOffset Hour, int Kind);

/// <summary>The views of the soak.</summary>
public static class SoakViews
{
    /// <summary>As many keys as producers.</summary>
    public static ViewDefinition<SoakEvent, int, SoakTotals> ByProducer { get; } = View.Of<SoakEvent>("by_producer").GroupBy(e => e.Producer)
        .Select(g => new SoakTotals(g.Count(), g.Sum(e => e.Amount), g.Sum(e => e.Twin), g.Max(e => e.Number)));

    /// <summary>As many keys as users.</summary>
    public static ViewDefinition<SoakEvent, int, SoakTotals> ByUser { get; } = View.Of<SoakEvent>("by_user").GroupBy(e => e.User)
        .Select(g => new SoakTotals(g.Count(), g.Sum(e => e.Amount), g.Sum(e => e.Twin), g.Max(e => e.Number)));

    /// <summary>A few keys per hour.</summary>
    public static ViewDefinition<SoakEvent, SoakHour, SoakTotals> Hourly { get; } = View.Of<SoakEvent>("hourly").GroupBy(e => new SoakHour(Window.Hour(e.At), e.Kind))
        .Select(g => new SoakTotals(g.Count(), g.Sum(e => e.Amount), g.Sum(e => e.Twin), g.Max(e => e.Number)));
}
