using LambdaCore.Tables;

namespace LambdaCore.Log;

/// <content>Files of the log that somebody reads stay on disk until he lets them go.</content>
internal sealed partial class EventLog<TEvent>
{
    private readonly SegmentLeases _leases = new();

    /// <summary>The segments that held a range of sealed events as of an older version of the master dataset, if their files are still there; to be disposed.</summary>
    /// <param name="version">The version.</param>
    /// <param name="range">Events that were sealed by then.</param>
    /// <returns>Null if files of that version were vacuumed.</returns>
    /// <exception cref="LogCorruptException">A segment is damaged.</exception>
    public MaterialisedSegments? SegmentsAt(long version, LogRange range)
    {
        bool isWhole = true;
        MaterialisedSegments held = Hold(range, () =>
        {
            IReadOnlyList<DeltaFile>? files = _table.Snapshot.FilesAt(version);
            isWhole = files is not null;
            return [.. (files ?? [])
                .Select(f => new SegmentFile(SegmentList.RangeOf(Folder, f), f))
                .Where(s => s.Range.Start < range.End && s.Range.End > range.Start)
                .OrderBy(s => s.Range.Start)];
        });
        return isWhole ? held : null;
    }

    /// <summary>Holds segments, and verifies those that were not since the store was opened.</summary>
    /// <param name="empty">The range where nothing is chosen.</param>
    /// <param name="choose">Names the segments, side by side and in order; they cannot be deleted from then on.</param>
    /// <exception cref="LogCorruptException">A segment is damaged or missing.</exception>
    private MaterialisedSegments Hold(LogRange empty, Func<IReadOnlyList<SegmentFile>> choose)
    {
        IDisposable lease = _leases.Hold(choose, out IReadOnlyList<SegmentFile> segments);
        try
        {
            LogRange range = segments.Count == 0 ? empty : new(segments[0].Range.Start, segments[^1].Range.End);
            return new MaterialisedSegments(range, [.. segments.Select(s => new EventFile(_verifier.Materialise(s), StoredSchema.VersionOf(s.File), PendingAmendments.AreIn(s.File)))], _source, lease);
        }
        catch
        {
            lease.Dispose();
            throw;
        }
    }
}
