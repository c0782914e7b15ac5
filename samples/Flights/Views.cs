using LambdaCore;

namespace Flights;

/// <summary>One flight, as the airline reported it.</summary>
public sealed record Flight(DateTimeOffset Departure, int DelayMinutes, int DistanceMiles, string Origin, string Destination);

public readonly record struct AirportDay(DateTimeOffset Day, string Airport);

public readonly record struct AirportDayStats(long Flights, double DelayedShare, double AverageDelay, int WorstDelay, long Destinations);

public readonly record struct AirportStats(long Flights, long MinutesLost, long Destinations, string FirstDestination, string LastDestination);

public readonly record struct Route(string Origin, string Destination);

public sealed record RouteStats(
    long Flights, long Miles, double AverageDelay, int BestDelay, int WorstDelay, DateTimeOffset FirstDeparture, DateTimeOffset LastDeparture, int LastDelay);

public readonly record struct HourStats(long Flights, double DelayedShare, double? AverageDelayOfDelayed, long Routes);

/// <summary>What the store keeps of the flights. Every aggregate is written here and nowhere else.</summary>
internal static class Views
{
    /// <summary>How each airport fared on each day.</summary>
    public static readonly ViewDefinition<Flight, AirportDay, AirportDayStats> AirportDays =
        View.Of<Flight>("airport_days")
            .GroupBy(f => new AirportDay(Window.Day(f.Departure), f.Origin))
            .Select(g => new AirportDayStats(
                g.Count(),
                (double)g.Count(f => f.DelayMinutes > 15) / g.Count(),
                g.Average(f => f.DelayMinutes),
                g.Max(f => f.DelayMinutes),
                g.ApproxDistinct(f => f.Destination)));

    /// <summary>Where passengers wait, and where they go.</summary>
    public static readonly ViewDefinition<Flight, string, AirportStats> Airports =
        View.Of<Flight>("airports")
            .GroupBy(f => f.Origin)
            .Select(g => new AirportStats(
                g.Count(),
                g.Sum(f => Math.Max(f.DelayMinutes, 0)),
                g.ApproxDistinct(f => f.Destination),
                g.Earliest(f => f.Destination),
                g.Latest(f => f.Destination)));

    /// <summary>Each pair of airports, in each direction.</summary>
    public static readonly ViewDefinition<Flight, Route, RouteStats> Routes =
        View.Of<Flight>("routes")
            .GroupBy(f => new Route(f.Origin, f.Destination))
            .Select(g => new RouteStats(
                g.Count(),
                g.Sum(f => f.DistanceMiles),
                g.Average(f => f.DelayMinutes),
                g.Min(f => f.DelayMinutes),
                g.Max(f => f.DelayMinutes),
                g.Min(f => f.Departure),
                g.Max(f => f.Departure),
                g.Latest(f => f.DelayMinutes)));

    /// <summary>How delays grow over the hours of a day.</summary>
    public static readonly ViewDefinition<Flight, int, HourStats> Hours =
        View.Of<Flight>("hours")
            .GroupBy(f => f.Departure.Hour)
            .Select(g => new HourStats(
                g.Count(),
                (double)g.Count(f => f.DelayMinutes > 15) / g.Count(),
                g.Average(f => f.DelayMinutes > 15 ? f.DelayMinutes : (int?)null),
                g.ApproxDistinct(f => f.Origin + f.Destination)));
}
