namespace WebAnalytics;

/// <summary>
/// The shop's visitors: few users and products make most of the traffic, evenings are busier than nights, visits are sessions of
/// several steps, and some phones send what happened hours later. The same seed gives the same events.
/// </summary>
internal sealed class Traffic(int seed)
{
    private const int SessionsPerMinute = 30;
    private const double LateShare = 0.03;

    private static readonly string[] FirstNames = ["Ada", "Alan", "Barbara", "Donald", "Edsger", "Frances", "Grace", "Ken", "Leslie", "Tony"];
    private static readonly string[] LastNames = ["Abel", "Bauer", "Costa", "Dubois", "Eriksen", "Ferrari", "Garcia", "Horvat", "Ito", "Jansen"];

    private readonly Random _random = new(seed);
    private readonly Zipf _users = new(20_000, 0.9);
    private readonly Zipf _products = new(1_000, 1.1);
    private readonly PriorityQueue<PageEvent, (DateTimeOffset Arrival, long Number)> _underWay = new();
    private long _number;

    /// <summary>The time in the shop. It begins long ago, since events that are ahead of the clock would not move the watermark.</summary>
    public DateTimeOffset Now { get; private set; } = new(2024, 3, 1, 6, 0, 0, TimeSpan.Zero);

    /// <summary>Lets time pass, and gives the events that arrive meanwhile, in the order of their arrival.</summary>
    public PageEvent[] Pass(TimeSpan time)
    {
        for (DateTimeOffset end = Now + time; Now < end; Now = Now.AddMinutes(1))
        {
            double rhythm = 1 + (0.8 * Math.Sin((Now.TimeOfDay.TotalHours - 13) * Math.PI / 12)); // least at 7, most at 19
            for (double sessions = SessionsPerMinute * rhythm * 2 * _random.NextDouble(); sessions > _random.NextDouble(); sessions--)
            {
                AddSession(Now.AddMilliseconds(_random.Next(60_000)));
            }
        }

        List<PageEvent> arrived = [];
        while (_underWay.TryPeek(out _, out (DateTimeOffset Arrival, long Number) next) && next.Arrival < Now)
        {
            arrived.Add(_underWay.Dequeue());
        }

        return [.. arrived];
    }

    private void AddSession(DateTimeOffset time)
    {
        int number = _users.Next(_random);
        string user = $"user-{number}";
        TimeSpan delay = _random.NextDouble() < LateShare ? TimeSpan.FromMinutes(_random.Next(1, 240)) : TimeSpan.Zero;

        if (Happens(0.05))
        {
            string name = $"{FirstNames[number % 10]} {LastNames[number / 10 % 10]}";
            Send(new PageEvent(time, "profile", user, Name: name, Email: Happens(0.8) ? $"{user}@mail{_random.Next(9)}.example" : null));
        }

        if (Happens(0.01))
        {
            // Gift cards have no page that one could look at.
            Send(new PageEvent(time, "purchase", user, ProductId: "gift-card", Value: 25));
        }

        do
        {
            string product = $"product-{_products.Next(_random)}";
            double price = Math.Round(5 + (200 * _random.NextDouble()), 2);
            Send(new PageEvent(Later(), "view", user, ProductId: product));
            if (Happens(0.2))
            {
                Send(new PageEvent(Later(), "cart", user, ProductId: product, Value: price));
                if (Happens(0.4))
                {
                    Send(new PageEvent(Later(), "purchase", user, ProductId: product, Value: price));
                }
            }
        }
        while (Happens(0.75));

        bool Happens(double probability) => _random.NextDouble() < probability;

        DateTimeOffset Later() => time = time.AddMilliseconds(_random.Next(1_000, 90_000));

        void Send(PageEvent e) => _underWay.Enqueue(e, (e.Timestamp + delay, _number++));
    }
}
