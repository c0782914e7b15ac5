namespace LambdaCore.Views;

/// <summary>The SQL by which each event counts for all of the windows that it lies in.</summary>
internal static class HoppingSql
{
    /// <summary>The column that holds a window's start in <see cref="Source"/>: a name that no property has.</summary>
    public const string Start = "\"window start\"";

    private const string Time = "\"window time\"";

    /// <summary>A query, in parentheses, for FROM: the events that count, each once for every window, with the columns that the view reads.</summary>
    /// <param name="plan">The view.</param>
    /// <param name="hopping">The column of its key.</param>
    /// <param name="source">What stands behind FROM for the events.</param>
    /// <param name="eventTimeColumn">The name of the column of event time.</param>
    public static string Source(ViewPlan plan, KeyColumn hopping, string source, string eventTimeColumn)
    {
        HoppingWindows windows = (HoppingWindows)hopping.Window!;
        Scalar time = ((CallScalar)hopping.Scalar).Arguments[0];
        IEnumerable<string> columns = plan.ColumnsRead(eventTimeColumn).Select(SqlLiteral.Name);
        string filter = plan.Filter is null ? "" : $" WHERE {ScalarSql.Condition(plan.Filter)}";

        // The columns are named so that no others are read from the files.
        return $"(SELECT *, unnest({windows.Starts(SqlText.Atom(Time))}) AS {Start}\n"
            + $"    FROM (SELECT {string.Join(", ", columns)}, {ScalarSql.Value(time).Text} AS {Time} FROM {source}{filter}) AS counted) AS windows";
    }
}
