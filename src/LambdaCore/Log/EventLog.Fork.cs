using System.Runtime.ExceptionServices;
using LambdaCore.Storage;
using LambdaCore.Tables;

namespace LambdaCore.Log;

/// <content>The log of a store that is forked from this one.</content>
internal sealed partial class EventLog<TEvent>
{
    /// <summary>
    /// Gives a copy of the store its log: the master dataset and the dead letters share their files with this one's, and what is not sealed is copied. The
    /// caller sees to it that segments are not rewritten meanwhile.
    /// </summary>
    /// <param name="copy">The copy.</param>
    /// <param name="id">The id of the store that it will be.</param>
    /// <param name="cancellationToken">Stops the copying.</param>
    /// <returns>The end of the copy's log: all events before it were acknowledged when the copying began, or later.</returns>
    public async Task<LogPosition> ForkAsync(IStorageFork copy, Guid id, CancellationToken cancellationToken)
    {
        await _sealing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            LogPosition end = LogPosition.Max(Acknowledged, SealedEnd);
            await _pipeline!.WaitUntilWrittenAsync(end, cancellationToken).ConfigureAwait(false);
            await Task.Run(() => Fork(copy, id, end, cancellationToken), cancellationToken).ConfigureAwait(false);
            return end;
        }
        finally
        {
            _sealing.Release();
        }
    }

    private void Fork(IStorageFork copy, Guid id, LogPosition end, CancellationToken cancellationToken)
    {
        // A commit whose fate is unknown must not become certain in one of the two only.
        _table.ThrowIfFailed();
        LinkTable(copy, Folder);
        DeltaTable.HandOver(copy.Storage, _clock, Folder, StoreId, id, []);
        if (_deadLetters.Exists)
        {
            LinkTable(copy, DeadLetterTable<TEvent>.Folder);
            DeltaTable.HandOver(copy.Storage, _clock, DeadLetterTable<TEvent>.Folder, StoreId, id, []);
        }

        cancellationToken.ThrowIfCancellationRequested();
        if (end > SealedEnd)
        {
            CopyTail(copy.Storage, id, new LogRange(SealedEnd, end), cancellationToken);
        }
    }

    private static void LinkTable(IStorageFork copy, string folder)
    {
        copy.Link($"{folder}/_delta_log");
        copy.Link(folder);
    }

    /// <summary>Copies groups as they stand, under the other store's id, durably.</summary>
    private void CopyTail(IStorage storage, Guid id, LogRange range, CancellationToken cancellationToken)
    {
        using WriteAheadReader groups = _wal.Read(range);
        using WriteAheadLog tail = WriteAheadLog.Open(storage, id, range.Start, new WriteAheadLogOptions());
        try
        {
            while (groups.TryRead(out WriteAheadFrame group))
            {
                tail.Append(group.First, group.Count, group.IngestedAtMicroseconds, group.Payload.Span);
                cancellationToken.ThrowIfCancellationRequested();
            }

            tail.Close();
        }
        catch (LogPoisonedException error) when (error.InnerException is StorageException cause)
        {
            // It is the copy that is of no use; this store goes on.
            ExceptionDispatchInfo.Throw(cause);
        }
    }
}
