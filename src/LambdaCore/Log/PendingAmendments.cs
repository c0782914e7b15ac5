using System.Globalization;
using LambdaCore.DuckDb;
using LambdaCore.Tables;
using LambdaCore.Values;

namespace LambdaCore.Log;

/// <summary>
/// Sealed events that amend others, before a batch run has applied them: they are in the log, but no reader counts them. A segment that has such events says so in a
/// tag of its file, and marks them in the column that says which events wait for a batch; applying them takes both away.
/// </summary>
internal static class PendingAmendments
{
    private const string Tag = "pending_amendments";

    /// <summary>The tag of a segment that is sealed, if it needs one.</summary>
    /// <param name="tally">What its events came to.</param>
    public static IEnumerable<KeyValuePair<string, string>> TagOf(in EventTimeTally tally) =>
        tally.Amending == 0 ? [] : [KeyValuePair.Create(Tag, tally.Amending.ToString(CultureInfo.InvariantCulture))];

    /// <summary>Whether a file has such events.</summary>
    public static bool AreIn(DeltaFile file) => file.Tags.ContainsKey(Tag);

    /// <summary>The tags of a file without such events.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Without(IEnumerable<KeyValuePair<string, string>> tags) => tags.Where(t => t.Key != Tag);

    /// <summary>SQL that holds for such an event of a file that has some; null if events never amend others.</summary>
    public static string? Condition(StoredSchema schema) =>
        schema.AmendmentColumns is var (_, amends) ? $"({EventSchema.BatchOnlyColumn} AND {Sql.Name(amends.Name)} IS NOT NULL)" : null;
}
