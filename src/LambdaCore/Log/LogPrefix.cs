using LambdaCore.Values;

namespace LambdaCore.Log;

/// <summary>The events before a position, as the log held them at some revision of its content, where DuckDB can read them. Their files stay until this is disposed.</summary>
/// <param name="Start">The first event that there is: those before it have gone by retention, and are only in archive layers.</param>
/// <param name="End">The position; not before the first event, unless it is zero.</param>
/// <param name="Revision">The revision.</param>
/// <param name="Tally">What the times of the events before it came to, or of those before the last segment's end that is not behind it.</param>
/// <param name="Parts">The stretches of the log, in order, without gap or overlap.</param>
internal sealed record LogPrefix(LogPosition Start, LogPosition End, long Revision, EventTimeTally Tally, IReadOnlyList<LogPart> Parts) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (LogPart part in Parts)
        {
            part.Segments.Dispose();
        }
    }
}

/// <summary>A stretch of the log.</summary>
/// <param name="Range">The events that count.</param>
/// <param name="Segments">The segments that hold them, and perhaps more.</param>
internal sealed record LogPart(LogRange Range, MaterialisedSegments Segments);
