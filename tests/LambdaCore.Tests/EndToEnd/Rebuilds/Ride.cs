using LambdaCore.Storage;

namespace LambdaCore.Tests.EndToEnd.Rebuilds;

/// <summary>An event whose content follows from its position: one a minute, in four zones, of some length.</summary>
internal sealed record Ride(DateTimeOffset At, string Zone, long Length)
{
    /// <summary>Rides by hour and zone.</summary>
    public static ViewDefinition<Ride, HourOfZone, Rides> Hourly { get; } = View.Of<Ride>("hourly")
        .GroupBy(e => new HourOfZone(Window.Hour(e.At), e.Zone))
        .Select(g => new Rides(g.Count(), g.Sum(e => e.Length), g.Max(e => e.Length), g.ApproxDistinct(e => e.Length)));

    /// <summary>Another definition of the same name.</summary>
    public static ViewDefinition<Ride, string, long> ByZone { get; } = View.Of<Ride>("hourly").GroupBy(e => e.Zone).Select(g => g.Sum(e => e.Length));

    /// <summary>The event at a position.</summary>
    public static Ride Of(long position) => new(DateTimeOffset.UnixEpoch.AddMinutes(position), $"z{position * 7 % 4}", position * 31 % 17);

    /// <summary>The events of a range.</summary>
    public static Ride[] Range(long start, int count) => [.. Enumerable.Range(0, count).Select(i => Of(start + i))];

    /// <summary>What <see cref="Hourly"/> says of the events before a position.</summary>
    public static Dictionary<HourOfZone, Rides> Expected(long end) => Enumerable.Range(0, (int)end).Select(i => Of(i))
        .GroupBy(e => new HourOfZone(new DateTimeOffset(e.At.Year, e.At.Month, e.At.Day, e.At.Hour, 0, 0, TimeSpan.Zero), e.Zone))
        .ToDictionary(g => g.Key, g => new Rides(g.Count(), g.Sum(e => e.Length), g.Max(e => e.Length), g.Select(e => e.Length).Distinct().Count()));

    /// <summary>Opens a store that computes views in the background, in small steps.</summary>
    public static LambdaStore<Ride> Open(IStorage storage, Action<LambdaStoreOptions<Ride>> configure)
    {
        LambdaStoreOptions<Ride> options = new()
        {
            BatchThreads = 1,
            Rebuilds = new RebuildOptions { FoldedAtOpening = 0, StepEvents = 100, Share = 1 },
        };
        options.EventTime(e => e.At);
        configure(options);
        options.Validate();
        return StoreOpening.Open("memory", storage, options);
    }

    internal readonly record struct HourOfZone(DateTimeOffset Hour, string Zone);

    internal sealed record Rides(long Count, long Length, long Longest, long Lengths);
}
