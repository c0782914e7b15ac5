using LambdaCore.Tables;

namespace LambdaCore.Log;

/// <summary>Finds which stretches of the master dataset may say something else than at an earlier revision.</summary>
internal static class RewrittenRanges
{
    /// <summary>Compares the master dataset with what it was just before the first change after a revision.</summary>
    /// <remarks>Compaction may have merged files before, between and after changes; so a stretch is as long as it takes for files of before and now to begin and end together.</remarks>
    /// <param name="table">The master dataset.</param>
    /// <param name="revision">The earlier revision.</param>
    public static IReadOnlyList<RewrittenRange> Of(DeltaTable table, long revision)
    {
        SegmentList? old = null;
        List<LogRange> changed = [];
        DeltaSnapshot? before = null;
        foreach (DeltaSnapshot snapshot in table.ReadHistory())
        {
            if (snapshot.Version > revision && ContentChange.Is(snapshot.LastCommit))
            {
                old ??= SegmentList.Of(table, before!);
                HashSet<string> removed = [.. snapshot.LastCommit.Removed];
                changed.AddRange(before!.Files.Where(f => removed.Contains(f.Path)).Select(f => SegmentList.RangeOf(table.Folder, f)));
            }

            before = snapshot;
        }

        // What retention has removed since can neither be read nor patched any more.
        SegmentList current = SegmentList.Of(table, before!);
        IReadOnlyList<SegmentFile> kept = [.. old!.Segments.Where(s => s.Range.Start >= current.Start)];
        return [.. Stretches(kept, current.Segments).Where(s => changed.Any(c => Overlap(c, s.Range)))];
    }

    /// <summary>The shortest stretches in which files of before and of now begin and end together, without those over which they are the same.</summary>
    private static IEnumerable<RewrittenRange> Stretches(IReadOnlyList<SegmentFile> old, IReadOnlyList<SegmentFile> current)
    {
        int nextCurrent = 0;
        for (int nextOld = 0; nextOld < old.Count;)
        {
            // Later versions have merged segments of earlier ones, and have split none.
            int firstOld = nextOld;
            SegmentFile now = current[nextCurrent++];
            LogPosition end = old[nextOld++].Range.End;
            while (end < now.Range.End && nextOld < old.Count)
            {
                end = old[nextOld++].Range.End;
            }

            SegmentFile[] was = [.. old.Take(nextOld).Skip(firstOld)];
            if (!(was is [var one] && one.File.Path == now.File.Path))
            {
                yield return new RewrittenRange(new LogRange(was[0].Range.Start, was[^1].Range.End), was, [now]);
            }
        }
    }

    private static bool Overlap(LogRange one, LogRange other) => one.Start < other.End && other.Start < one.End;
}
