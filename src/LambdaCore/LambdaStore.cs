namespace LambdaCore;

/// <summary>Opens stores.</summary>
public static class LambdaStore
{
    /// <summary>
    /// Opens the store in a folder, or creates it. Everything acknowledged before is there, and views answer as they did.
    /// </summary>
    /// <remarks>
    /// A folder serves one open store at a time, in any process. Opening takes longer the more events came after the last batch run, since the
    /// speed views are rebuilt from them.
    /// </remarks>
    /// <typeparam name="TEvent">
    /// The event type: a record, class or struct whose properties become columns. Supported are bool, the integer types, float, double,
    /// decimal, string, Guid, DateTimeOffset, DateTime (UTC), DateOnly, TimeSpan, enums, byte[], and the nullable form of each.
    /// </typeparam>
    /// <param name="folder">Where the store lives. It is created if need be; nothing else should be kept in it.</param>
    /// <param name="configure">Says what the event time is, which views to keep, and how.</param>
    /// <param name="cancellationToken">Stops the opening before it has begun.</param>
    /// <returns>The open store; dispose it to close it.</returns>
    /// <exception cref="ArgumentException">An option, the folder's name, or a property of the event type cannot be accepted; the message names it.</exception>
    /// <exception cref="StoreLockedException">The store is open already, here or in another process.</exception>
    /// <exception cref="LogCorruptException">Acknowledged events are damaged or missing. Nothing was changed.</exception>
    /// <exception cref="StorageException">The disk failed.</exception>
    /// <exception cref="LambdaCoreException">The folder holds another store, or one whose events have other columns.</exception>
    public static Task<LambdaStore<TEvent>> OpenAsync<TEvent>(
        string folder, Action<LambdaStoreOptions<TEvent>> configure, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        ArgumentNullException.ThrowIfNull(configure);
        LambdaStoreOptions<TEvent> options = new();
        configure(options);
        options.Validate();
        return Task.Run(() => StoreOpening.Open(Path.GetFullPath(folder), options), cancellationToken);
    }

    /// <summary>
    /// Makes another store of what is sound of a damaged one that cannot be opened, or whose log cannot be read in part. The damaged store is only read.
    /// </summary>
    /// <remarks>
    /// All segments, groups of the write-ahead log and dead letters that are proven sound by their checksums are kept, at the positions that they had; nothing else is. Where
    /// events are lost, positions stay without events. Views are computed anew when the new store is opened, from what was kept, but for archive layers, which are taken over.
    /// The new store begins a history of its own: earlier states cannot be asked for.
    /// </remarks>
    /// <typeparam name="TEvent">The event type.</typeparam>
    /// <param name="folder">The damaged store. It must not be open.</param>
    /// <param name="target">Where the new store shall be: an empty folder, or none, and not within the damaged store. If the salvage fails, delete it.</param>
    /// <param name="configure">What <see cref="OpenAsync"/> is told.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>What was kept, and what is lost.</returns>
    /// <exception cref="ArgumentException">An option or the target cannot be accepted; the message says why.</exception>
    /// <exception cref="StoreLockedException">The store is open, here or in another process.</exception>
    /// <exception cref="StorageException">There is no store in the folder, the target is not empty, or the disk failed.</exception>
    public static Task<SalvageReport> SalvageAsync<TEvent>(
        string folder, string target, Action<LambdaStoreOptions<TEvent>> configure, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        ArgumentException.ThrowIfNullOrWhiteSpace(target);
        ArgumentNullException.ThrowIfNull(configure);
        LambdaStoreOptions<TEvent> options = new();
        configure(options);
        options.Validate();
        return Task.Run(() => StoreSalvage.Run(Path.GetFullPath(folder), Path.GetFullPath(target), options, cancellationToken), cancellationToken);
    }
}
