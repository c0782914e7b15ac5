namespace LambdaCore;

/// <content>What keeps a store's folder small.</content>
public sealed partial class LambdaStore<TEvent>
{
    /// <summary>
    /// Deletes files that nothing needs any more: those that left the log when events were corrected or erased, when old ones were dropped, or when small segments became one,
    /// as soon as they have been out of use for a while; and those of batch views that were replaced.
    /// </summary>
    /// <remarks>
    /// <para>
    /// Nothing deletes such files but a vacuum, since older versions of the log can be read as long as they are there. Readers are not disturbed: a file that a query or a batch run is
    /// reading stays until the next vacuum. It waits for a batch run that is going on, and the other way round.
    /// </para>
    /// <para>A crash in the midst of it does no harm; the next one goes on where it ended.</para>
    /// </remarks>
    /// <param name="keep">
    /// How long a file stays after it left the log. Zero deletes all of them at once, so that what was erased is gone. Not negative; null, the default, means
    /// <see cref="LambdaStoreOptions{TEvent}.TimeTravelWindow"/>.
    /// </param>
    /// <param name="cancellationToken">Stops waiting for its turn.</param>
    /// <returns>What was deleted, what had to stay and until when, and how far back the log can be read from here on.</returns>
    /// <exception cref="StorageException">The disk refused. What was deleted by then is gone, and all else is as it was.</exception>
    public Task<VacuumReceipt> VacuumAsync(TimeSpan? keep = null, CancellationToken cancellationToken = default)
    {
        ThrowIfDisposed();
        ArgumentOutOfRangeException.ThrowIfLessThan(keep ?? TimeSpan.Zero, TimeSpan.Zero, nameof(keep));
        return _parts.Maintenance.VacuumAsync(keep, cancellationToken);
    }

    /// <summary>
    /// Writes all adjacent segments of the log into one that fit together: up to <see cref="LambdaStoreOptions{TEvent}.SegmentEvents"/> events and 256 MiB. After
    /// batch runs the store does so by itself where there are many small ones; nobody needs to call this.
    /// </summary>
    /// <remarks>
    /// Appends and queries go on meanwhile, and no answer changes. It waits for a batch run that is going on, and the other way round. The files that were
    /// replaced stay until <see cref="VacuumAsync"/>.
    /// </remarks>
    /// <param name="cancellationToken">Stops it; what is written by then stays so.</param>
    /// <returns>How many segments there were, and how many there are.</returns>
    /// <exception cref="LogCorruptException">A segment is damaged; the message names it.</exception>
    /// <exception cref="StorageException">The disk failed.</exception>
    public Task<CompactionReceipt> CompactAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfDisposed();
        return _parts.Maintenance.CompactAsync(cancellationToken);
    }
}
