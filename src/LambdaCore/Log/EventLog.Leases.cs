using LambdaCore.Tables;

namespace LambdaCore.Log;

/// <content>Files of the log that somebody reads stay on disk until he lets them go.</content>
internal sealed partial class EventLog<TEvent>
{
    private readonly SegmentLeases _leases = new();

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
            return new MaterialisedSegments(range, [.. segments.Select(_verifier.Materialise)], lease);
        }
        catch
        {
            lease.Dispose();
            throw;
        }
    }
}
