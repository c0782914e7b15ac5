namespace LambdaCore.Benchmarks;

/// <summary>
/// Seeded traffic of a web shop: the same count gives the same events, spread evenly over 30 days, up to ten minutes late, with a
/// few busy users and products and many quiet ones.
/// </summary>
internal static class WebTraffic
{
    public const int Users = 50_000;
    public const int Products = 2_000;
    public static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    public static readonly TimeSpan Length = TimeSpan.FromDays(30);

    private const int Seed = 20260101;
    private static readonly string[] EventTypes = ["view", "view", "view", "click", "click", "purchase", "heartbeat", "heartbeat"];
    private static readonly string[] UserIds = [.. Enumerable.Range(0, Users).Select(UserId)];
    private static readonly string[] ProductIds = [.. Enumerable.Range(0, Products).Select(i => $"product{i}")];

    /// <summary>The name of a user, from 0 to <see cref="Users"/>; lower numbers are busier.</summary>
    public static string UserId(int number) => $"user{number}";

    /// <summary>The first events.</summary>
    public static PageEvent[] Events(int count)
    {
#pragma warning disable CA5394 // Nothing here is a secret, and the traffic must be the same in every run.
        Random random = new(Seed);
        PageEvent[] events = new PageEvent[count];
        long step = Length.Ticks / count;
        for (int i = 0; i < count; i++)
        {
            DateTimeOffset time = Start.AddTicks(Math.Max(0, (i * step) - random.NextInt64(TimeSpan.FromMinutes(10).Ticks)));
            string type = EventTypes[random.Next(EventTypes.Length)];
            string? product = random.Next(3) == 0 ? null : ProductIds[Skewed(random, Products)];
            double? value = random.Next(5) == 0 ? null : Math.Round(random.NextDouble() * 100, 2);
            events[i] = new PageEvent(time, type, UserIds[Skewed(random, Users)], product, value);
        }

        return events;
    }

    /// <summary>A quarter of all draws falls on the first sixteenth of the numbers.</summary>
    private static int Skewed(Random random, int count)
    {
        double draw = random.NextDouble();
        return (int)(draw * draw * count);
    }
#pragma warning restore CA5394
}
