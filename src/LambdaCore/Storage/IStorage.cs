namespace LambdaCore.Storage;

/// <summary>The one seam through which the library touches the disk.</summary>
/// <remarks>
/// <para>
/// Paths are relative to the store's folder and separated by '/'; a path that could leave that folder is an
/// <see cref="ArgumentException"/>. Every failure of the disk is a <see cref="StorageException"/>.
/// </para>
/// <para>
/// Two things must happen before a file survives a power cut: its content must be flushed
/// (<see cref="IStorageFile.Flush"/>), and so must the folder that names it (<see cref="FlushFolder"/>).
/// <see cref="PublishNew"/> and <see cref="Adopt"/> do both. A deletion is not flushed: the file may come back
/// after a power cut, and whoever deletes must be able to meet it again.
/// </para>
/// <para>All members may be called from any thread.</para>
/// </remarks>
internal interface IStorage
{
    /// <summary>The real folder below which lies whatever others (DuckDB) may read or write.</summary>
    string PhysicalFolder { get; }

    /// <summary>A real folder, on the same file system as the store, for files that others (DuckDB) write.</summary>
    string ScratchFolder { get; }

    /// <summary>Creates a file of zeros that must not exist and opens it for reading and writing.</summary>
    /// <param name="path">Where; the folder must exist.</param>
    /// <param name="preallocatedLength">The length in bytes; its space is reserved, so that a full disk shows here
    /// and not at a later write within the length.</param>
    /// <exception cref="StorageConflictException">The file exists.</exception>
    IStorageFile Create(string path, long preallocatedLength);

    /// <summary>Opens a file that exists.</summary>
    IStorageFile Open(string path, FileAccess access);

    /// <summary>Reads a whole file of at most 2 GiB.</summary>
    byte[] ReadAll(string path);

    /// <summary>Whether there is a file of that name.</summary>
    bool Exists(string path);

    /// <summary>The length of a file in bytes.</summary>
    long Length(string path);

    /// <summary>The names, without the folder, of the files directly in a folder, in ordinal order; none when the
    /// folder does not exist.</summary>
    /// <param name="folder">The folder; empty for the store's own.</param>
    IReadOnlyList<string> List(string folder);

    /// <summary>The names of the folders directly in a folder, in ordinal order; none when the folder does not exist.</summary>
    /// <param name="folder">The folder; empty for the store's own.</param>
    IReadOnlyList<string> ListFolders(string folder);

    /// <summary>Creates a folder with its parents, durably; does nothing where it exists.</summary>
    void CreateFolder(string folder);

    /// <summary>Makes the names in a folder durable.</summary>
    /// <param name="folder">The folder; empty for the store's own.</param>
    void FlushFolder(string folder);

    /// <summary>Deletes a file; does nothing when there is none. Not durable until <see cref="FlushFolder"/>.</summary>
    void Delete(string path);

    /// <summary>Publishes a file in one durable step: after a crash it is there with all its content, or not at
    /// all.</summary>
    /// <exception cref="StorageConflictException">The file exists; it is untouched.</exception>
    void PublishNew(string path, ReadOnlySpan<byte> content);

    /// <summary>Publishes a finished file from the scratch folder, as <see cref="PublishNew"/> does.</summary>
    /// <param name="scratchPath">A physical path from <see cref="NewScratchPath"/>; the file is gone from there
    /// afterwards.</param>
    /// <param name="path">The name in the store.</param>
    /// <exception cref="StorageConflictException">The file exists; it is untouched, and so is the scratch file.</exception>
    void Adopt(string scratchPath, string path);

    /// <summary>An id that nothing else has. Chance comes in here, as time does by the clock, so that a simulation can be run again as it was.</summary>
    Guid NewId() => Guid.NewGuid();

    /// <summary>A physical path in the scratch folder that no file has.</summary>
    /// <param name="extension">With its dot, such as ".parquet".</param>
    string NewScratchPath(string extension);

    /// <summary>Deletes what an earlier process left in the scratch folder. Only the holder of the store's lock may
    /// call it, before anything uses the folder.</summary>
    void ClearScratch();

    /// <summary>A physical path from which others (DuckDB) may read a published file.</summary>
    string Materialise(string path);

    /// <summary>Maps a published file into memory for reading.</summary>
    IMappedFile Map(string path);

    /// <summary>Begins a copy of the store's folder that shares its published files.</summary>
    /// <param name="target">The physical path that the copy shall have, on the same file system and not within the store's folder: of nothing, or of an empty
    /// folder.</param>
    /// <exception cref="ArgumentException">It is within the store's folder.</exception>
    /// <exception cref="StorageException">There is something.</exception>
    IStorageFork Fork(string target);

    /// <summary>Takes a lock that one holder can have at a time, in any process; it ends when disposed or when the
    /// process ends, however that happens.</summary>
    /// <exception cref="StoreLockedException">Somebody has it.</exception>
    IDisposable Lock(string path);
}
