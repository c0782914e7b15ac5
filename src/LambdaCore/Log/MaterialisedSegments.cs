namespace LambdaCore.Log;

/// <summary>
/// Sound segments of the master dataset, where DuckDB can read them, whichever shapes of the event type they were written with. They are not deleted before this is
/// disposed.
/// </summary>
/// <param name="Range">The events that they hold; all of them.</param>
/// <param name="Files">Their files, in the order of the log.</param>
/// <param name="Reader">Reads them.</param>
/// <param name="Lease">Lets the files go.</param>
internal sealed record MaterialisedSegments(LogRange Range, IReadOnlyList<EventFile> Files, SegmentSource Reader, IDisposable Lease) : IDisposable
{
    /// <summary>The revision of the log's content that they were taken from, where they are those of now; else 0.</summary>
    public long Revision { get; init; }

    /// <summary>What stands behind FROM: the columns of the event type, then <c>_position</c>, <c>_ingested_at</c> and <c>_batch_only</c>.</summary>
    public string Source => Reader.Of(Files);

    /// <summary>
    /// Likewise, then the columns of properties that the event type had once, and with amendments that were not applied yet: all that the files have, for those who write the
    /// events anew.
    /// </summary>
    public string WithRetired => Reader.WithRetired(Files);

    /// <inheritdoc/>
    public void Dispose() => Lease.Dispose();
}
