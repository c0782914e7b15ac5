namespace LambdaCore.Log;

/// <content>What an erasure needs beside the rewriting of segments: rejected events, and bytes in the write-ahead log of events that are sealed.</content>
internal sealed partial class EventLog<TEvent>
{
    /// <summary>Erases rejected events. Sealing waits meanwhile.</summary>
    /// <param name="condition">SQL that holds for the events meant; it is not recorded.</param>
    /// <param name="end">The end of the events that are looked at: the end of a segment.</param>
    /// <param name="reason">What is recorded.</param>
    /// <param name="cancellationToken">Stops it before the commit.</param>
    /// <returns>How many events went.</returns>
    public async Task<long> EraseDeadLettersAsync(string condition, LogPosition end, string reason, CancellationToken cancellationToken)
    {
        await _sealing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return _deadLetters.Erase(condition, end, reason, cancellationToken);
        }
        finally
        {
            _sealing.Release();
        }
    }

    /// <summary>Goes on in a new write-ahead file.</summary>
    /// <returns>Where it begins. When the events before are sealed, <see cref="DeleteWriteAheadFilesAsync"/> deletes the files before.</returns>
    public LogPosition RollWriteAheadLog() => _wal.Roll();

    /// <summary>Sees to it that no write-ahead file is left whose events are all sealed.</summary>
    /// <exception cref="StorageException">The disk refused.</exception>
    public async Task DeleteWriteAheadFilesAsync()
    {
        await _sealing.WaitAsync().ConfigureAwait(false);
        try
        {
            _wal.DeleteBefore(SealedEnd);
        }
        finally
        {
            _sealing.Release();
        }
    }

    /// <summary>The files that left the log's tables and are on disk, which hold what the events were before.</summary>
    /// <param name="keep">How long they stay.</param>
    public IReadOnlyList<RemainingFile> RemainingFiles(TimeSpan keep) => [.. TableVacuum.RemainingOf(_table, keep), .. _deadLetters.Remaining(keep)];
}
