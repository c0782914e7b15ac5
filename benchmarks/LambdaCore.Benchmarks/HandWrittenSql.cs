namespace LambdaCore.Benchmarks;

/// <summary>
/// The three views as somebody who knows DuckDB well would write them for these files, when no state needs to be merged later: DuckDB's own estimate of distinct
/// users, averages instead of sums and counts, the hour by arithmetic instead of by calendar, no order of rows.
/// </summary>
internal static class HandWrittenSql
{
    /// <summary>The hourly statistics.</summary>
    public const string Hourly = """
        SELECT epoch_us("Timestamp") // 3600000000 AS hour, "EventType", count(*) AS events,
          approx_count_distinct("UserId") AS users, avg("Value") AS average, sum(coalesce("Value", 0)) AS total
        FROM {0} WHERE "EventType" <> 'heartbeat' GROUP BY ALL
        """;

    /// <summary>The user profiles.</summary>
    public const string Users = """
        SELECT "UserId", count(*) AS events, max("Timestamp") AS last_seen, arg_max("EventType", "Timestamp") AS last_event_type
        FROM {0} GROUP BY ALL
        """;

    /// <summary>The product statistics.</summary>
    public const string Products = """
        SELECT "ProductId", count(*) FILTER ("EventType" = 'view') AS views, count(*) FILTER ("EventType" = 'purchase') AS purchases
        FROM {0} WHERE "ProductId" IS NOT NULL GROUP BY ALL
        """;

    /// <summary>
    /// The same for somebody who must keep the promises of the views with DuckDB's own means: users counted exactly, since the estimate is off by
    /// 15 %, and the later of two events of the same time decided by their positions.
    /// </summary>
    public static IReadOnlyList<string> AllWithPromises { get; } =
    [
        Hourly.Replace("approx_count_distinct(\"UserId\")", "count(DISTINCT \"UserId\")", StringComparison.Ordinal),
        Users.Replace("arg_max(\"EventType\", \"Timestamp\")", "arg_max(\"EventType\", (\"Timestamp\", \"_position\"))", StringComparison.Ordinal),
        Products,
    ];

    /// <summary>The three views, in the order of <see cref="WebViews.All"/>.</summary>
    public static IReadOnlyList<string> All { get; } = [Hourly, Users, Products];

    /// <summary>A view over a table.</summary>
    /// <param name="source">What stands behind FROM.</param>
    /// <param name="view">One of <see cref="All"/> or <see cref="AllWithPromises"/>.</param>
    public static string Over(string source, string view) => view.Replace("{0}", source, StringComparison.Ordinal);
}
