using LambdaCore.Batch;
using LambdaCore.Log;
using LambdaCore.Running;
using LambdaCore.Storage;
using Microsoft.Extensions.Logging;

namespace LambdaCore;

/// <summary>Makes another store of an open one, which goes on.</summary>
/// <typeparam name="TEvent">The event type.</typeparam>
internal sealed class StoreFork<TEvent>(IStorage storage, EventLog<TEvent> log, BatchRunner<TEvent> batches, TimeProvider clock, ILogger logger)
{
    /// <summary>Makes a store with an id of its own, whole or not at all.</summary>
    /// <param name="target">Its physical path.</param>
    /// <param name="cancellationToken">Stops it, and nothing is left.</param>
    /// <returns>The end of its log.</returns>
    public Task<LogPosition> ForkAsync(string target, CancellationToken cancellationToken) =>
        batches.AloneAsync(() => ForkAloneAsync(target, cancellationToken), cancellationToken);

    private async Task<LogPosition> ForkAloneAsync(string target, CancellationToken cancellationToken)
    {
        Guid id = storage.NewId();
        using IStorageFork copy = storage.Fork(target);

        // Batch views first: the log may be sealed further meanwhile, and must not end before them.
        ForkedViews.Link(storage, copy, clock, log.StoreId, id, logger, cancellationToken);
        LogPosition end = await log.ForkAsync(copy, id, cancellationToken).ConfigureAwait(false);
        copy.Publish();
        return end;
    }
}
