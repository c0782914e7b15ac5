namespace Reprocessing;

/// <summary>What a till reports.</summary>
internal sealed record Sale(DateTimeOffset Time, string Shop, string Kind, long Cents);

/// <summary>Thirty days of sales and refunds. One day the till of one shop was set up wrongly, and sent mills where it should have sent cents.</summary>
internal static class Till
{
    public const string WrongShop = "Riga";
    public static readonly DateTimeOffset Start = new(2025, 3, 1, 0, 0, 0, TimeSpan.Zero);
    public static readonly DateTimeOffset WrongFrom = Start.AddDays(11);
    public static readonly DateTimeOffset WrongTo = WrongFrom.AddDays(1);

    private static readonly TimeSpan Length = TimeSpan.FromDays(30);
    private static readonly string[] Shops = ["Bergen", "Cork", "Gdynia", "Kiel", "Narva", WrongShop, "Turku", "Varna"];

    /// <summary>The sales in the order in which they come in.</summary>
    public static Sale[] Sales(int count, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(i =>
        {
            DateTimeOffset time = Start.AddTicks(Length.Ticks / count * i / TimeSpan.TicksPerMillisecond * TimeSpan.TicksPerMillisecond);
            string shop = Shops[random.Next(Shops.Length)];
            long cents = 100 + random.Next(20_000);
            bool isWrong = shop == WrongShop && time >= WrongFrom && time < WrongTo;
            return new Sale(time, shop, random.Next(12) == 0 ? "refund" : "sale", isWrong ? cents * 10 : cents);
        })];
    }
}
