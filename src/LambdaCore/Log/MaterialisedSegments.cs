using LambdaCore.DuckDb;

namespace LambdaCore.Log;

/// <summary>Sound segments of the master dataset, where DuckDB can read them. They are not deleted before this is disposed.</summary>
/// <param name="Range">The events that they hold; all of them.</param>
/// <param name="Paths">Their physical paths, in the order of the log.</param>
/// <param name="Lease">Lets the files go.</param>
internal sealed record MaterialisedSegments(LogRange Range, IReadOnlyList<string> Paths, IDisposable Lease) : IDisposable
{
    /// <summary>The revision of the log's content that they were taken from, where they are those of now; else 0.</summary>
    public long Revision { get; init; }

    /// <inheritdoc/>
    public void Dispose() => Lease.Dispose();

    /// <summary>
    /// What stands behind FROM: the columns of the event type, then <c>_position</c>, <c>_ingested_at</c> and <c>_batch_only</c>. Not for an empty range, which
    /// has no segments.
    /// </summary>
    public string Source => Sql.Parquet(Paths);
}
