namespace LambdaCore;

/// <content>Forks.</content>
public sealed partial class LambdaStore<TEvent>
{
    /// <summary>
    /// Makes an independent store of this one in another folder, by hard links: in well under a second, however large the store is, and with hardly any room on
    /// disk. For tests and what-if: the two go on apart, and nothing that one of them does is seen by the other.
    /// </summary>
    /// <remarks>
    /// Appends and queries go on meanwhile; batch runs, sealing and rewriting of the log wait. The fork is there as a whole when the call returns, durably, or not at
    /// all. It is not open: open it as any store. It has the master dataset with its history, the events that are not sealed, the dead letters, and the
    /// batch views; an id of its own tells its files from this store's.
    /// </remarks>
    /// <param name="path">The folder of the fork: one that does not exist or is empty, on the same file system as this store, and not within it.</param>
    /// <param name="cancellationToken">Stops it; nothing is left then.</param>
    /// <returns>The end of the fork's log. It has all events that were acknowledged before the call.</returns>
    /// <exception cref="ArgumentException">The folder is within this store, or a store cannot live in a folder of that name.</exception>
    /// <exception cref="StorageException">There is something in the folder, it is on another file system, or the disk failed.</exception>
    /// <exception cref="LogPoisonedException">The store has stopped after an error; open it again.</exception>
    public Task<LogPosition> ForkAsync(string path, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        StoreOpening.ThrowIfPattern(path);
        ThrowIfDisposed();
        return _parts.Fork.ForkAsync(path, cancellationToken);
    }
}
