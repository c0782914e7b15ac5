using System.Globalization;

namespace LambdaCore.Views;

/// <summary>
/// Writes the SQL that finds the session of each event: a new one begins where the time since the event before, among those with the same other key
/// columns, is at least the gap; an event belongs to the last one that has begun. DuckDB sorts for this, and spills what does not fit in memory.
/// </summary>
/// <remarks>
/// Events of the same time may come in any order: which of them begins the session makes no difference, since the second window counts all
/// of them in. Columns that are made here have a space in their names, which no property of an event has.
/// </remarks>
internal static class SessionSql
{
    private const string Time = "\"event time\"";
    private const string Beginning = "\"session beginning\"";

    /// <summary>The column with the start of an event's session, in microseconds.</summary>
    public const string Start = "\"session start\"";

    /// <summary>The time of the last event of a group.</summary>
    public const string Last = $"max({Time})";

    /// <summary>The column that one of the other key columns has become.</summary>
    public static string Column(KeyColumn key) => SqlLiteral.Name($"key {key.Name}");

    /// <summary>What to select from, in parentheses: the events that count, with the key columns and the start of the session beside their own.</summary>
    /// <param name="plan">A view with sessions.</param>
    /// <param name="source">What stands behind FROM: a table, or a query in parentheses.</param>
    /// <param name="keyExpression">Writes the value of a key column.</param>
    /// <param name="only">The other key columns for which events count; null for all.</param>
    public static string Source(ViewPlan plan, string source, Func<KeyColumn, string> keyExpression, KeyTable? only = null)
    {
        KeyColumn session = plan.SessionKey!;
        string gap = session.SessionGap!.Value.ToString(CultureInfo.InvariantCulture);
        string keys = string.Concat(plan.StateKeys.Select(k => $", {keyExpression(k)} AS {Column(k)}"));
        string filter = plan.Filter is null ? "" : $" WHERE {ScalarSql.Condition(plan.Filter)}";
        string partition = plan.StateKeys.Count == 0 ? "" : $"PARTITION BY {string.Join(", ", plan.StateKeys.Select(Column))} ";
        string window = $"OVER ({partition}ORDER BY {Time})";
        string events = $"(SELECT *{keys}, {ScalarSql.Value(session.Scalar)} AS {Time} FROM {source}{filter})";
        return $"""
            (
                SELECT *, max({Beginning}) {window} AS {Start} FROM (
                  SELECT *, CASE WHEN {Time} - lag({Time}) {window} < {gap} THEN NULL ELSE {Time} END AS {Beginning} FROM {only?.Restrict(events, plan.StateKeys, Column) ?? events}
                )
              )
            """;
    }
}
