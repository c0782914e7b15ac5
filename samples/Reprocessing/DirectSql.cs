using System.Text.Json;
using LambdaCore;
using LambdaCore.DuckDb;

namespace Reprocessing;

/// <summary>
/// SQL over the Parquet files of the store, as any program could run it: which of them count is read from the Delta log, line by line. The store has no part in it.
/// </summary>
internal static class DirectSql
{
    private const string Revenue = """
        SELECT epoch_us("Time") // 86400000000 AS "Day", "Shop", count(*) FILTER ("Kind" = 'sale'), count(*) FILTER ("Kind" = 'refund'),
               sum(CASE WHEN "Kind" = 'refund' THEN -"Cents" ELSE "Cents" END)::BIGINT
        FROM sales GROUP BY ALL ORDER BY ALL
        """;

    private const string Shops = """
        SELECT "Shop", count(*), max("Cents"), last("Kind" ORDER BY "Time", "_position")
        FROM sales GROUP BY ALL ORDER BY ALL
        """;

    /// <summary>How many rows of the view of revenues differ from what the files say, and how many there are.</summary>
    public static async Task<(int Different, int Rows)> CheckRevenueAsync(LambdaStore<Sale> store, ViewDefinition<Sale, DayKey, Revenue> view, string folder)
    {
        ViewAnswer<DayKey, Revenue> answer = await store.Query(view).ExecuteAsync();
        return Compare(Ask(folder, Revenue), [.. answer.Rows.Select(r => new object?[]
        {
            r.Key.Day.ToUnixTimeSeconds() / 86_400, r.Key.Shop, r.Result.Sales, r.Result.Refunds, r.Result.Cents,
        })]);
    }

    /// <summary>The same for the view of shops.</summary>
    public static async Task<(int Different, int Rows)> CheckShopsAsync(LambdaStore<Sale> store, string folder)
    {
        ViewAnswer<string, ShopFigures> answer = await store.Query(Views.Shops).ExecuteAsync();
        return Compare(Ask(folder, Shops), [.. answer.Rows.Select(r => new object?[] { r.Key, r.Result.Events, r.Result.Largest, r.Result.LastKind })]);
    }

    /// <summary>Both come ascending by key, so rows are compared one by one.</summary>
    private static (int Different, int Rows) Compare(List<object?[]> expected, List<object?[]> actual)
    {
        int same = expected.Zip(actual).Count(rows => rows.First.SequenceEqual(rows.Second));
        return (Math.Max(expected.Count, actual.Count) - same, expected.Count);
    }

    private static List<object?[]> Ask(string folder, string sql)
    {
        string log = Path.Combine(folder, "log");
        using DuckDbInstance duckDb = new(new DuckDbOptions { AllowedDirectories = [log] });
        using DuckDbConnection connection = duckDb.Connect();
        string files = string.Join(", ", CurrentFiles(log).Select(f => Sql.Text(Path.Combine(log, f))));
        _ = connection.Execute($"CREATE VIEW sales AS FROM read_parquet([{files}], union_by_name = true)");
        using DuckDbResult result = connection.Query(sql);
        List<object?[]> rows = [];
        while (result.NextChunk())
        {
            for (int row = 0; row < result.RowCount; row++)
            {
                rows.Add([.. Enumerable.Range(0, result.ColumnCount).Select(column => result.Column(column).Value(row))]);
            }
        }

        return rows;
    }

    /// <summary>What was added to the table and not removed.</summary>
    private static HashSet<string> CurrentFiles(string table)
    {
        HashSet<string> files = [];
        foreach (string commit in Directory.GetFiles(Path.Combine(table, "_delta_log"), "*.json").Order(StringComparer.Ordinal))
        {
            foreach (string line in File.ReadLines(commit))
            {
                using JsonDocument action = JsonDocument.Parse(line);
                if (action.RootElement.TryGetProperty("add", out JsonElement added))
                {
                    _ = files.Add(added.GetProperty("path").GetString()!);
                }
                else if (action.RootElement.TryGetProperty("remove", out JsonElement removed))
                {
                    _ = files.Remove(removed.GetProperty("path").GetString()!);
                }
            }
        }

        return files;
    }
}
