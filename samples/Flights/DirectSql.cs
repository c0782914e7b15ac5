namespace Flights;

/// <summary>
/// What each view should say, in SQL over the original file, written independently of the views. Columns are named after, and come in
/// the order of, the properties of keys and results. Among flights of one minute, the order of the file decides which is the latest.
/// </summary>
internal static class DirectSql
{
    public const string AirportDays = """
        SELECT time_bucket(INTERVAL 1 day, date) AS Day, origin AS Airport,
               count(*) AS Flights, count(*) FILTER (delay > 15) / count(*) AS DelayedShare,
               avg(delay) AS AverageDelay, max(delay) AS WorstDelay, count(DISTINCT destination) AS Destinations
        FROM flights GROUP BY ALL ORDER BY ALL
        """;

    public const string Airports = """
        SELECT origin AS Airport,
               count(*) AS Flights, sum(greatest(delay, 0))::BIGINT AS MinutesLost, count(DISTINCT destination) AS Destinations,
               first(destination ORDER BY date, file_row_number) AS FirstDestination,
               last(destination ORDER BY date, file_row_number) AS LastDestination
        FROM flights GROUP BY ALL ORDER BY ALL
        """;

    public const string Routes = """
        SELECT origin AS Origin, destination AS Destination,
               count(*) AS Flights, sum(distance)::BIGINT AS Miles, avg(delay) AS AverageDelay, min(delay) AS BestDelay, max(delay) AS WorstDelay,
               min(date) AS FirstDeparture, max(date) AS LastDeparture, last(delay ORDER BY date, file_row_number) AS LastDelay
        FROM flights GROUP BY ALL ORDER BY ALL
        """;

    public const string Hours = """
        SELECT hour(date) AS Hour,
               count(*) AS Flights, count(*) FILTER (delay > 15) / count(*) AS DelayedShare,
               avg(delay) FILTER (delay > 15) AS AverageDelayOfDelayed, count(DISTINCT origin || destination) AS Routes
        FROM flights GROUP BY ALL ORDER BY ALL
        """;
}
