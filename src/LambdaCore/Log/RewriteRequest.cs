namespace LambdaCore.Log;

/// <summary>Which sealed events are to be changed, and how.</summary>
/// <param name="End">Only events before this position, which is the end of a segment.</param>
/// <param name="Condition">SQL over the columns of the master dataset that holds for the events meant; NULL counts as false.</param>
/// <param name="Assignments">The columns that get other values; null if the events are removed.</param>
internal sealed record RewriteRequest(LogPosition End, string Condition, IReadOnlyList<ColumnAssignment>? Assignments)
{
    /// <summary>Whether amendments are applied: the events meant are those that were amended, and those before <see cref="End"/> that amend others count from then on.</summary>
    public bool AppliesAmendments { get; init; }
}

/// <summary>A column that gets another value.</summary>
/// <param name="Column">The column.</param>
/// <param name="Value">SQL over the columns as they were, of the column's stored type, that gives what an append would have stored.</param>
/// <param name="Fails">SQL that holds for events for which the value cannot be computed, so that the change is refused; null if it always can.</param>
internal sealed record ColumnAssignment(EventColumn Column, string Value, string? Fails = null);
