using LambdaCore.Tables;

namespace LambdaCore.Log;

/// <summary>A stretch of the log, with the files that say what it held.</summary>
/// <param name="Range">The stretch; not empty.</param>
/// <param name="Segments">The segments, side by side, which may reach beyond it.</param>
internal readonly record struct PastStretch(LogRange Range, IReadOnlyList<SegmentFile> Segments);

/// <summary>
/// Which files of the master dataset say what its events were before later changes: for what was sealed before the first such change, the table as it was just
/// before it; for what was sealed then until the second, as it was just before that; and so on. What none of them has touched is read from the files
/// of now, since compaction and vacuum may have taken the old ones. Immutable.
/// </summary>
internal sealed class PastVersions
{
    private readonly IReadOnlyList<Version> _versions;
    private readonly SegmentList _now;

    private PastVersions(IReadOnlyList<Version> versions, SegmentList now, long revision)
    {
        _versions = versions;
        _now = now;
        Revision = revision;
    }

    /// <summary>The revision of the content.</summary>
    public long Revision { get; }

    /// <summary>Where raw events begin: those before have gone by retention.</summary>
    public LogPosition Start => _now.Start;

    /// <summary>Whether a change that came too late to count may have touched events that have gone since.</summary>
    public bool AreGoneChanged => _versions.Any(v => v.Changed.Any(c => c.Start < _now.Start));

    /// <summary>The events as they are now.</summary>
    public static PastVersions Now(SegmentList segments, long revision) => new([], segments, revision);

    /// <summary>Reads the history of the master dataset.</summary>
    /// <param name="table">The master dataset.</param>
    /// <param name="isLater">Whether a change of events came too late to count.</param>
    /// <exception cref="TableCorruptException">A version is missing or damaged.</exception>
    public static PastVersions Read(DeltaTable table, Func<DeltaCommit, bool> isLater)
    {
        List<Version> versions = [];
        long revision = 0;
        DeltaSnapshot? before = null;
        foreach (DeltaSnapshot snapshot in table.ReadHistory())
        {
            if (ContentChange.Is(snapshot.LastCommit))
            {
                if (versions.Count > 0 || isLater(snapshot.LastCommit))
                {
                    HashSet<string> removed = [.. snapshot.LastCommit.Removed];
                    SegmentList segments = SegmentList.Of(table, before!);
                    versions.Add(new Version(segments, [.. segments.Segments.Where(s => removed.Contains(s.File.Path)).Select(s => s.Range)], snapshot.LastCommit.Timestamp));
                }
                else
                {
                    revision = snapshot.Version;
                }
            }

            before = snapshot;
        }

        return new PastVersions(versions, SegmentList.Of(table, before!), revision);
    }

    /// <summary>Since when the events can be read as they were known; null if it is unlimited.</summary>
    /// <param name="table">The master dataset.</param>
    /// <param name="exists">Whether a file is there.</param>
    public static DateTimeOffset? KnownSince(DeltaTable table, Func<SegmentFile, bool> exists)
    {
        PastVersions all = Read(table, _ => true);
        return all._versions.Index().Where(v => !all.Touched(v.Index).All(exists)).Select(v => (DateTimeOffset?)v.Item.ChangedAt).LastOrDefault();
    }

    /// <summary>The stretches before a position, in order, without gap or overlap, from where raw events begin; as far as events are sealed.</summary>
    public IReadOnlyList<PastStretch> Before(LogPosition end)
    {
        List<PastStretch> stretches = [];
        LogPosition next = _now.Start;
        for (int i = 0; i < _versions.Count; i++)
        {
            HashSet<string> touched = [.. Touched(i).Select(s => s.File.Path)];
            Queue<SegmentFile> left = new(_versions[i].Segments.Segments.Where(s => s.Range.End > next && s.Range.Start < end));
            while (left.TryDequeue(out SegmentFile segment))
            {
                bool isTouched = touched.Contains(segment.File.Path);
                List<SegmentFile> alike = [segment];
                while (left.TryPeek(out SegmentFile following) && touched.Contains(following.File.Path) == isTouched)
                {
                    alike.Add(left.Dequeue());
                }

                LogRange range = new(next, LogPosition.Min(end, alike[^1].Range.End));
                stretches.Add(new PastStretch(range, isTouched ? alike : _now.Covering(range)));
                next = range.End;
            }
        }

        LogRange rest = new(next, LogPosition.Max(next, LogPosition.Min(end, _now.End)));
        return rest.IsEmpty ? stretches : [.. stretches, new PastStretch(rest, _now.Covering(rest))];
    }

    /// <summary>The segments of a version that its change, or one after it, may have touched.</summary>
    private IEnumerable<SegmentFile> Touched(int version)
    {
        LogRange[] changed = [.. _versions.Skip(version).SelectMany(v => v.Changed)];
        return _versions[version].Segments.Segments.Where(s => changed.Any(c => s.Range.Start < c.End && c.Start < s.Range.End));
    }

    /// <param name="Segments">The master dataset just before a change.</param>
    /// <param name="Changed">The stretches that the change wrote anew.</param>
    /// <param name="ChangedAt">When it was made.</param>
    private sealed record Version(SegmentList Segments, IReadOnlyList<LogRange> Changed, DateTimeOffset ChangedAt);
}
