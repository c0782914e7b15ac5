using LambdaCore.Tables;

namespace LambdaCore.Log;

/// <summary>A segment that took the place of another.</summary>
/// <param name="Old">The one before. Its file is still there.</param>
/// <param name="New">The one now, over the same range.</param>
/// <param name="Events">How many events were changed or removed.</param>
internal sealed record RewrittenSegment(SegmentFile Old, SegmentFile New, long Events);

/// <summary>A stretch of the log whose events may say something else than in an earlier revision.</summary>
/// <param name="Range">The stretch.</param>
/// <param name="Old">The segments that held it, in order, just before the first change after that revision.</param>
/// <param name="Current">The segments that hold it now, in order.</param>
internal sealed record RewrittenRange(LogRange Range, IReadOnlyList<SegmentFile> Old, IReadOnlyList<SegmentFile> Current);
