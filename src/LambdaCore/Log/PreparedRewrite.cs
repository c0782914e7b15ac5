using LambdaCore.Storage;
using LambdaCore.Tables;

namespace LambdaCore.Log;

/// <summary>Segments that are written anew and wait in the scratch folder: nothing is changed yet. Disposing it discards what was not published.</summary>
/// <param name="request">What was asked for.</param>
/// <param name="segments">The segments that change, in order.</param>
internal sealed class PreparedRewrite(RewriteRequest request, IReadOnlyList<SegmentDraft> segments) : IDisposable
{
    /// <summary>What was asked for.</summary>
    public RewriteRequest Request => request;

    /// <summary>The segments that change, in order; none if no event does.</summary>
    public IReadOnlyList<SegmentDraft> Segments => segments;

    /// <summary>How many events are changed or removed.</summary>
    public long Events => segments.Sum(s => s.Events);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (SegmentDraft segment in segments)
        {
            ScratchFile.Discard(segment.Draft.ScratchPath);
        }
    }
}

/// <summary>What will take the place of a segment.</summary>
/// <param name="Old">The segment.</param>
/// <param name="Draft">The new file.</param>
/// <param name="Events">How many events are changed or removed.</param>
internal sealed record SegmentDraft(SegmentFile Old, SegmentFileDraft Draft, long Events);
