namespace LambdaCore.DuckDb;

/// <summary>Writes names and texts into SQL where they cannot be bound as parameters.</summary>
internal static class Sql
{
    /// <summary>A quoted identifier.</summary>
    public static string Name(string name) => $"\"{Checked(name).Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    /// <summary>A text literal.</summary>
    public static string Text(string text) => $"'{Checked(text).Replace("'", "''", StringComparison.Ordinal)}'";

    /// <summary>A table function that reads Parquet files as they are: a folder named like <c>shop=7</c> is no column of theirs.</summary>
    public static string Parquet(IEnumerable<string> paths) =>
        $"read_parquet([{string.Join(", ", paths.Select(Text))}], hive_partitioning = false)";

    // DuckDB reads SQL up to the first NUL: what follows would silently be cut off.
    private static string Checked(string text) => text.Contains('\0', StringComparison.Ordinal)
        ? throw new ArgumentException($"A name or text in SQL cannot contain the character NUL: '{text}'. Bind it as a parameter.")
        : text;
}
