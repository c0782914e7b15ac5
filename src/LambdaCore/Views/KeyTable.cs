namespace LambdaCore.Views;

/// <summary>Some keys of a view in a table whose columns are what <see cref="SqlCompiler.SelectKeys"/> gives, to restrict the view's SQL to them.</summary>
/// <param name="Source">What stands behind FROM for the keys.</param>
internal sealed record KeyTable(string Source)
{
    /// <summary>The column that holds the values of a column of the key, by its number among those that states are kept by. No property has a name with a space.</summary>
    public static string Column(int number) => $"\"affected {number}\"";

    /// <summary>The rows of a source, in parentheses, whose key is among the keys.</summary>
    /// <param name="source">What stands behind FROM, with a column for each part of the key.</param>
    /// <param name="keys">The columns that states are kept by.</param>
    /// <param name="columnOf">The column of the source for each of them.</param>
    public string Restrict(string source, IReadOnlyList<KeyColumn> keys, Func<KeyColumn, string> columnOf)
    {
        string[] conditions = [.. keys.Select((k, i) => $"events.{columnOf(k)} {(k.Type.IsNullable ? "IS NOT DISTINCT FROM" : "=")} affected.{Column(i)}")];

        // Without a column there is one key, which all rows have, or none.
        return conditions.Length == 0
            ? $"(SELECT * FROM {source} AS events WHERE EXISTS (SELECT 1 FROM {Source}))"
            : $"(SELECT * FROM {source} AS events SEMI JOIN {Source} AS affected ON {string.Join(" AND ", conditions)})";
    }
}
