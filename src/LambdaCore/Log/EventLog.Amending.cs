using System.Globalization;
using LambdaCore.DuckDb;
using LambdaCore.Storage;
using LambdaCore.Tables;
using LambdaCore.Values;

namespace LambdaCore.Log;

/// <content>
/// Events that amend others. Sealed, they wait, and nobody counts them; one rewrite removes what they amend and lets them count, in one commit. So a reader sees either the
/// one or the other, and the commit alone says which amendments were applied: those that wait no more.
/// </content>
internal sealed partial class EventLog<TEvent>
{
    private const string Position = EventSchema.PositionColumn;

    /// <summary>The end of the events of which none amends another and waits.</summary>
    public LogPosition AmendedEnd => _content.AmendedEnd;

    /// <summary>Whether events before a position amend others and wait to be applied.</summary>
    /// <param name="end">The end of a segment.</param>
    public bool HasPendingAmendments(LogPosition end) => PendingBefore(end).Any();

    /// <summary>Writes the segments anew that hold such events, or events that they amend. Nothing is changed; the caller disposes what it gets.</summary>
    /// <param name="end">Only events before this position, which is the end of a segment.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <remarks>As for <see cref="PrepareRewrite"/>.</remarks>
    /// <exception cref="LogCorruptException">A segment is damaged or missing.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public PreparedAmendments PrepareAmendments(LogPosition end, CancellationToken cancellationToken)
    {
        _table.ThrowIfFailed();
        SegmentFile[] pending = [.. PendingBefore(end)];
        IReadOnlyList<SegmentFile> all = _content.Segments.Covering(new LogRange(LogPosition.Zero, end));
        (StoredColumn id, StoredColumn amends) = _schema.AmendmentColumns!.Value;
        (string idName, string amendsName) = (Sql.Name(id.Name), Sql.Name(amends.Name));
        string waits = PendingAmendments.Condition(_schema)!;
        using MaterialisedSegments allHeld = Materialise(all);
        using MaterialisedSegments pendingHeld = Materialise(pending);
        return _rewriter.Run(
            connection =>
            {
                connection.Execute($"CREATE TEMP TABLE amending AS SELECT {amendsName} AS target, {Position} AS position FROM {pendingHeld.WithRetired} WHERE {waits}");
                connection.Execute("CREATE TEMP TABLE targets AS SELECT target, max(position) AS last FROM amending GROUP BY target");
                string matching = string.Join(" UNION ALL ", new[] { idName, amendsName }.Select(name =>
                    $"SELECT target, {Position} AS position, last FROM {allHeld.WithRetired} AS events JOIN targets ON events.{name} = target"));
                connection.Execute($"CREATE TEMP TABLE matches AS {matching}");
                connection.Execute("CREATE TEMP TABLE amended AS SELECT DISTINCT position FROM matches WHERE position < last");
                long amending = connection.Scalar<long>("SELECT count(*) FROM amending");
                long notFound = connection.Scalar<long>(
                    "SELECT count(*) FROM amending LEFT JOIN (SELECT target, min(position) AS first FROM matches GROUP BY target) AS found USING (target) WHERE first IS NULL OR first >= position");
                return new PreparedAmendments(Rewrite(connection, all, end, waits), amending, notFound);
            },
            cancellationToken);
    }

    private IEnumerable<SegmentFile> PendingBefore(LogPosition end) => _content.Segments.Segments.Where(s => s.Range.End <= end && PendingAmendments.AreIn(s.File));

    private PreparedRewrite Rewrite(DuckDbConnection connection, IReadOnlyList<SegmentFile> all, LogPosition end, string waits)
    {
        RewriteRequest request = new(end, "TRUE", Assignments: null) { AppliesAmendments = true };
        List<SegmentDraft> drafts = [];
        try
        {
            foreach (SegmentFile segment in all)
            {
                string within = string.Create(CultureInfo.InvariantCulture, $"position >= {segment.Range.Start.Value} AND position < {segment.Range.End.Value}");
                long amended = connection.Scalar<long>($"SELECT count(*) FROM amended WHERE {within}");
                bool hasPending = PendingAmendments.AreIn(segment.File);
                if (amended > 0 || hasPending)
                {
                    using MaterialisedSegments held = Materialise([segment]);
                    SegmentFileDraft draft = SealedRows.WriteAnew(
                        held.Files,
                        () => _rewriter.Amend(connection, held.WithRetired, $"{Position} IN (SELECT position FROM amended WHERE {within})", hasPending ? waits : "FALSE"));
                    drafts.Add(new SegmentDraft(segment, draft, amended));
                }
            }

            return new PreparedRewrite(request, drafts);
        }
        catch
        {
            new PreparedRewrite(request, drafts).Dispose();
            throw;
        }
    }
}
