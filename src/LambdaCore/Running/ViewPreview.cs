using LambdaCore.Batch;
using LambdaCore.Log;
using LambdaCore.Serving;

namespace LambdaCore.Running;

/// <summary>Says what a rewrite of events that is prepared, but not committed, would make of the views' rows: of those alone whose keys it touches.</summary>
/// <typeparam name="TEvent">The event type.</typeparam>
/// <param name="context">What batch views share.</param>
/// <param name="views">All views; none of them may be behind the log's revision, and no batch may run meanwhile.</param>
/// <param name="repair">Computes a damaged layer of a view anew.</param>
internal sealed class ViewPreview<TEvent>(BatchContext context, IReadOnlyList<ServedView<TEvent>> views, Action<ServedView<TEvent>, LookupDamagedException> repair)
{
    /// <summary>Compares the rows of each view with those that it would have.</summary>
    /// <param name="rewrite">The rewrite.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="LookupDamagedException">A layer is damaged again after it was repaired.</exception>
    public IReadOnlyList<ViewComparison> Of(PreparedRewrite rewrite, CancellationToken cancellationToken)
    {
        long revision = context.Revision();
        using RevisionChanges changes = new(context, [.. views.SelectMany(v => v.Plan.ColumnsRead(context.EventTimeColumn)).Distinct()]);
        changes.Know(revision, rewrite);
        RowChanges rows = changes.Since(revision, cancellationToken)!;
        List<MaterialisedSegments> held = [];
        try
        {
            Dictionary<string, EventFile> drafts = new(StringComparer.Ordinal);
            foreach (SegmentDraft segment in rewrite.Segments)
            {
                held.Add(context.Materialise([segment.Old]));
                drafts.Add(held[^1].Files[0].Path, new EventFile(segment.Draft.ScratchPath, context.Schema.Newest.Id));
            }

            return [.. views.Select(v => Repairing(v, () => Compare(v, rewrite.Request.End, rows, Drafted, cancellationToken)))];

            MaterialisedSegments Drafted(LogRange range)
            {
                MaterialisedSegments segments = context.Segments(range);
                return segments with { Files = [.. segments.Files.Select(f => drafts.GetValueOrDefault(f.Path, f))] };
            }
        }
        finally
        {
            held.ForEach(h => h.Dispose());
        }
    }

    /// <summary>Compares, after each layer that shows to be damaged was repaired.</summary>
    private ViewComparison Repairing(ServedView<TEvent> view, Func<ViewComparison> compare)
    {
        for (int left = view.Snapshot.Batches.Count; ; left--)
        {
            try
            {
                return compare();
            }
            catch (LookupDamagedException damage) when (left > 0)
            {
                repair(view, damage);
            }
        }
    }

    private static ViewComparison Compare(
        ServedView<TEvent> view, LogPosition end, RowChanges rows, Func<LogRange, MaterialisedSegments> rewritten, CancellationToken cancellationToken)
    {
        using PreviewedStates? states = view.Batch.Preview(view.Snapshot.Batches, new LogRange(view.Snapshot.Start, end), rows, rewritten, cancellationToken);
        return states is null
            ? new ViewComparison(view.Plan.Name, end, 0, 0, 0, 0, [])
            : view.Compare(states.Old, states.Current, end, cancellationToken);
    }
}
