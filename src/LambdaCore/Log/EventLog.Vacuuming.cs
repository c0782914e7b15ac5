namespace LambdaCore.Log;

/// <content>Files that left the master dataset or the table of dead letters are deleted when no version within a window of time needs them.</content>
internal sealed partial class EventLog<TEvent>
{
    /// <summary>Deletes what is not needed any more. Sealing waits meanwhile.</summary>
    /// <param name="vacuum">What it is done with, and what counts it.</param>
    /// <param name="cancellationToken">Stops waiting for a seal that is going on.</param>
    /// <exception cref="StorageException">The disk refused. What was deleted by then is gone, and all else is as it was.</exception>
    public async Task VacuumAsync(TableVacuum vacuum, CancellationToken cancellationToken)
    {
        await _sealing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            vacuum.Run(_table, _leases, _verifier.Forget);
            _deadLetters.Vacuum(vacuum);
        }
        finally
        {
            _sealing.Release();
        }
    }

    /// <summary>The oldest version of the master dataset from which on all can be read, and when it was made.</summary>
    public (long Version, DateTimeOffset Since) OldestWhole => _table.Snapshot.OldestWhole;
}
