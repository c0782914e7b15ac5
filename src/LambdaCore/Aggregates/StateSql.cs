using LambdaCore.Values;

namespace LambdaCore.Aggregates;

/// <summary>
/// Writes the SQL that computes a state column over a group of events. It has the column's representation, except that an
/// Int128 comes as <c>DECIMAL(38,0)</c>, the widest whole number that Parquet can store exactly.
/// </summary>
internal delegate string StateSql(in StateOperands operands);

/// <summary>What the SQL of a state column is made of.</summary>
/// <param name="Inputs">
/// SQL of the input values, of the types of <see cref="AggregateFunction.Inputs"/>: times and durations are BIGINT
/// microseconds and ticks, dates INTEGER days, decimals DECIMAL(38,9), Guids VARCHAR. Empty for a count of events. A SQL
/// NULL is a missing value.
/// </param>
/// <param name="Predicate">SQL of the condition that an event must meet to count; empty if there is none.</param>
/// <param name="Time">SQL of a BIGINT, the event's time in microseconds.</param>
/// <param name="Position">SQL of a BIGINT, the event's position.</param>
internal readonly record struct StateOperands(IReadOnlyList<string> Inputs, string Predicate, string Time, string Position)
{
    /// <summary>The only or first input.</summary>
    public string Input => Inputs[0];

    /// <summary>SQL of a HUGEINT that is <see cref="EventStamp.Order"/> of the event.</summary>
    public string Order => $"CAST({Time} AS HUGEINT) * 18446744073709551616 + {Position}";

    /// <summary>The filter to put behind an aggregate function's call; empty if every event counts.</summary>
    public string Filter => Predicate.Length == 0 ? "" : $" FILTER (WHERE {Predicate})";

    /// <summary>The filter that also leaves out events of which an input is missing.</summary>
    public string FilterPresent
    {
        get
        {
            string present = string.Join(" AND ", Inputs.Select(input => $"({input}) IS NOT NULL"));
            return Predicate.Length == 0 ? $" FILTER (WHERE {present})" : $" FILTER (WHERE ({Predicate}) AND {present})";
        }
    }

    /// <summary>SQL that turns the negative zero of a floating-point column into zero, and leaves other kinds alone.</summary>
    public static string Canonical(ValueKind kind, string sql) =>
        kind is ValueKind.Float32 or ValueKind.Float64 ? $"CASE WHEN {sql} = 0 THEN 0 ELSE {sql} END" : sql;
}
