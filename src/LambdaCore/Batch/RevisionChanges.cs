using LambdaCore.Diagnostics;
using LambdaCore.DuckDb;
using LambdaCore.Log;
using LambdaCore.Tables;

namespace LambdaCore.Batch;

/// <summary>Finds which events differ between earlier revisions of the log's content and the one now, each once for all views that are healed together. Not thread-safe.</summary>
/// <param name="context">What batch views share.</param>
/// <param name="columns">The columns that matter.</param>
internal sealed class RevisionChanges(BatchContext context, IReadOnlyList<string> columns) : IDisposable
{
    /// <summary>Positions of the log whose old and new rows are compared at once, so that memory stays bounded.</summary>
    private const long PositionsAtOnce = 1 << 20;

    /// <summary>Files that one query reads at most.</summary>
    private const int FilesAtOnce = 64;

    private readonly Dictionary<long, RowChanges?> _known = [];
    private readonly Dictionary<long, PreparedRewrite> _rewrites = [];

    /// <summary>The events that differ; null if that cannot be found out any more, since old files are gone.</summary>
    /// <param name="revision">The earlier revision.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public RowChanges? Since(long revision, CancellationToken cancellationToken)
    {
        if (!_known.TryGetValue(revision, out RowChanges? changes))
        {
            _known[revision] = changes = Find(revision, cancellationToken);
        }

        return changes;
    }

    /// <summary>Says by which rewrite the revision now came from an earlier one, so that nothing needs to be compared.</summary>
    /// <param name="revision">The revision before.</param>
    /// <param name="rewrite">What was rewritten; it stays the caller's.</param>
    public void Know(long revision, PreparedRewrite rewrite) => _rewrites[revision] = rewrite;

    /// <summary>Deletes the files.</summary>
    public void Dispose()
    {
        foreach (RowChanges? changes in _known.Values)
        {
            changes?.Dispose();
        }
    }

    private RowChanges? Find(long revision, CancellationToken cancellationToken)
    {
        if (_rewrites.TryGetValue(revision, out PreparedRewrite? rewrite))
        {
            return RowsOf(rewrite, cancellationToken);
        }

        if (context.RewrittenSince(revision) is not { } rewritten)
        {
            return null;
        }

        RowChanges changes = new(columns);
        try
        {
            for (int next = 0; next < rewritten.Count;)
            {
                using Sources old = new(context, columns);
                using Sources current = new(context, columns);
                for (long positions = 0; next < rewritten.Count && (old.Count == 0 || (old.Count < FilesAtOnce && positions < PositionsAtOnce)); next++)
                {
                    positions += rewritten[next].Range.Count;
                    if (!TryAdd(old, rewritten[next].Old))
                    {
                        changes.Dispose();
                        return null;
                    }

                    current.Add(rewritten[next].Current);
                }

                changes.Compare(context, old.Union, current.Union, cancellationToken);
            }

            return changes;
        }
        catch
        {
            changes.Dispose();
            throw;
        }
    }

    /// <summary>The events that a rewrite meant, read where they were, and what it made of them.</summary>
    private RowChanges RowsOf(PreparedRewrite rewrite, CancellationToken cancellationToken)
    {
        IReadOnlyList<ColumnAssignment>? assignments = rewrite.Request.Assignments;
        RowChanges changes = new(columns);
        try
        {
            foreach (SegmentDraft[] segments in rewrite.Segments.Chunk(FilesAtOnce))
            {
                using Sources sources = new(context, ["*"]);
                Array.ForEach(segments, s => sources.Add([s.Old]));
                string meant = $"{sources.Union} WHERE ({rewrite.Request.Condition})";
                IEnumerable<string> values = columns.Select(c => assignments?.FirstOrDefault(a => a.Column.Name == c) is { } assignment
                    ? $"{assignment.Value} AS {Sql.Name(c)}"
                    : Sql.Name(c));
                changes.Take(
                    context,
                    $"SELECT {string.Join(", ", columns.Select(Sql.Name))} FROM {meant}",
                    $"SELECT {string.Join(", ", values)} FROM {meant}{(assignments is null ? " AND FALSE" : "")}",
                    cancellationToken);
            }

            return changes;
        }
        catch
        {
            changes.Dispose();
            throw;
        }
    }

    /// <summary>Adds old segments, if they are sound.</summary>
    private bool TryAdd(Sources sources, IReadOnlyList<SegmentFile> segments)
    {
        try
        {
            sources.Add(segments);
            return true;
        }
        catch (LogCorruptException error)
        {
            LogMessages.OldSegmentUnusable(context.Logger, error);
            return false;
        }
    }

    /// <summary>Segments as one source, held.</summary>
    private sealed class Sources(BatchContext context, IReadOnlyList<string> columns) : IDisposable
    {
        private readonly List<MaterialisedSegments> _segments = [];

        public int Count => _segments.Count;

        /// <summary>What stands behind FROM for all of them.</summary>
        public string Union => _segments.Count == 1
            ? _segments[0].Source
            : $"({string.Join(" UNION ALL ", _segments.Select(s => $"SELECT {string.Join(", ", columns.Select(c => c == "*" ? c : Sql.Name(c)))} FROM {s.Source}"))})";

        public void Add(IReadOnlyList<SegmentFile> segments) => _segments.Add(context.Materialise(segments));

        public void Dispose() => _segments.ForEach(s => s.Dispose());
    }
}
