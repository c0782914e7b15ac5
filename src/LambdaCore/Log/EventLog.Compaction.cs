using System.Globalization;
using LambdaCore.Diagnostics;
using LambdaCore.Storage;
using LambdaCore.Tables;

namespace LambdaCore.Log;

/// <content>Small segments that lie side by side become one. What the log says stays the same, and so does its revision.</content>
internal sealed partial class EventLog<TEvent>
{
    /// <summary>Segments do not grow beyond this length by compaction, and remember no more ends of former segments, which stand in the transaction log.</summary>
    private const long MostCompactedBytes = 256 << 20;
    private const long MostEnds = 1024;

    /// <summary>How many segments the master dataset has.</summary>
    public int SegmentCount => _content.Segments.Segments.Count;

    /// <summary>Writes segments into one: those that are small and many, or all that fit together. Each group is one commit.</summary>
    /// <remarks>No rewriting at the same time: the caller sees to it. Sealing goes on, except for the moment of a commit. Files that are replaced stay on disk until they are vacuumed.</remarks>
    /// <param name="all">Whether to write all segments together that fit; else only where there are many small ones.</param>
    /// <param name="cancellationToken">Stops it; groups that are done stay so.</param>
    /// <exception cref="LogCorruptException">A segment is damaged or missing.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public async Task CompactAsync(bool all, CancellationToken cancellationToken)
    {
        // Amendments that wait are soon written anew.
        IReadOnlyList<SegmentFile> segments = [.. _content.Segments.Segments.TakeWhile(s => !PendingAmendments.AreIn(s.File))];
        SegmentSize[] sizes = [.. segments.Select(s => new SegmentSize(s.Range.Count, s.File.Size, SegmentTally.EndsOf(s.File)))];
        SegmentSize most = new(_options.SegmentEvents, MostCompactedBytes, MostEnds);
        foreach ((int first, int count) in all ? CompactionPlan.Stretches(sizes, most) : CompactionPlan.Due(sizes, most))
        {
            SegmentFile[] merged = [.. segments.Skip(first).Take(count)];
            SegmentFileDraft draft;
            using (MaterialisedSegments held = Materialise(merged))
            {
                draft = SealedRows.WriteAnew(held.Files, () => _rewriter.Merge(held.WithRetired, cancellationToken));
            }

            try
            {
                await _sealing.WaitAsync(cancellationToken).ConfigureAwait(false);
                try
                {
                    CommitCompaction(merged, draft);
                }
                finally
                {
                    _sealing.Release();
                }
            }
            finally
            {
                ScratchFile.Discard(draft.ScratchPath);
            }
        }
    }

    private void CommitCompaction(SegmentFile[] merged, SegmentFileDraft draft)
    {
        _table.ThrowIfFailed();
        LogRange range = new(merged[0].Range.Start, merged[^1].Range.End);
        string name = SegmentList.PathOf(range, _table.Version + 1);
        DeltaFile file = new(name, draft.Size, draft.Sha256, _clock.GetUtcNow(), draft.Stats, SegmentTags.OfMerged(range, merged, _schema));

        // An attempt that failed before it came to its commit may have left a file there.
        _storage.Delete($"{Folder}/{name}");
        _storage.Adopt(draft.ScratchPath, $"{Folder}/{name}");
        _table.Commit(
            [file],
            [.. merged.Select(s => s.File.Path)],
            SealedEnd.Value,
            "COMPACT",
            [new("segments", merged.Length.ToString(CultureInfo.InvariantCulture)), new("events", draft.Rows.ToString(CultureInfo.InvariantCulture))],
            // What reads as something where it was missing is written down now, which readers from outside have not seen before.
            isDataChange: merged.Any(s => StoredSchema.VersionOf(s.File) != _schema.Newest.Id));
        _verifier.Trust(file);
        _content = Content.Of(_table);
        LogMessages.SegmentsCompacted(_logger, name, merged.Length, draft.Size);
    }
}
