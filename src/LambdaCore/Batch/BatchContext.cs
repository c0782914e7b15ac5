using LambdaCore.DuckDb;
using LambdaCore.Log;
using LambdaCore.Storage;
using LambdaCore.Tables;
using Microsoft.Extensions.Logging;

namespace LambdaCore.Batch;

/// <summary>What the batch views of a store share.</summary>
/// <param name="Storage">The disk.</param>
/// <param name="DuckDb">DuckDB.</param>
/// <param name="Segments">The segments that hold a range of sealed events, each sound.</param>
/// <param name="Dropped">What retention has removed from the log.</param>
/// <param name="StoreId">The store's id.</param>
/// <param name="EventTimeColumn">The column of event time.</param>
/// <param name="MemoryBytes">Bytes of memory that a batch may use.</param>
/// <param name="Clock">Tells the time.</param>
/// <param name="Logger">Logs.</param>
internal sealed record BatchContext(
    IStorage Storage,
    DuckDbEngine DuckDb,
    Func<LogRange, MaterialisedSegments> Segments,
    Func<DroppedEvents> Dropped,
    Guid StoreId,
    string EventTimeColumn,
    long MemoryBytes,
    TimeProvider Clock,
    ILogger Logger)
{
    /// <summary>What events have and had.</summary>
    public required StoredSchema Schema { get; init; }

    /// <summary>Tells the revision of the log's content.</summary>
    public Func<long> Revision { get; init; } = () => 0;

    /// <summary>Tells whether events of a range may have been rewritten since a revision.</summary>
    public Func<LogRange, long, bool> IsRewritten { get; init; } = (_, _) => false;

    /// <summary>Finds which segments say something else than at an earlier revision; null if old files are gone.</summary>
    public required Func<long, IReadOnlyList<RewrittenRange>?> RewrittenSince { get; init; }

    /// <summary>Makes segments readable, also such as are not the log's any more.</summary>
    public required Func<IReadOnlyList<SegmentFile>, MaterialisedSegments> Materialise { get; init; }

    /// <summary>Uses a connection that a cancellation interrupts.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public T Run<T>(Func<DuckDbConnection, T> use, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using DuckDbConnection connection = DuckDb.Connect();
        using CancellationTokenRegistration registration = cancellationToken.Register(connection.Interrupt);
        try
        {
            return use(connection);
        }
        catch (DuckDbException error) when (error.IsInterrupt && cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException("The batch run was cancelled.", error, cancellationToken);
        }
    }
}
