using System.Globalization;

namespace LambdaCore.Storage;

/// <summary>A store's folder in memory that forgets what a disk would forget, and fails on demand.</summary>
/// <remarks>
/// <para>
/// It is as cruel as file systems are allowed to be: of what was written and not flushed, any part may survive a power cut, in any order (<see cref="PowerCut"/>);
/// of the names changed since their folder was flushed, any subset, and the names of folders are no better; a write that fails is done in part; a flush that fails
/// drops what it should have made durable. Only the content that was never written is gentle: it reads as zeros.
/// </para>
/// <para>
/// The scratch folder is real, because others (DuckDB) write there; it is deleted when the storage is disposed of, dead or
/// not, since before they may still be writing. All members may be called from any thread.
/// </para>
/// </remarks>
internal sealed partial class InMemoryStorage : IStorage, IDisposable
{
    private readonly Dictionary<string, InMemoryFolder> _folders;
    private readonly Lazy<string> _scratchFolder;
    private readonly HashSet<string> _locks = [];
    private readonly Dictionary<string, (InMemoryStorage Storage, bool IsDurable)> _forks = [];
    private readonly Dictionary<InMemoryContent, string> _materialised = [];
    private readonly Dictionary<StorageOperation, long> _counts = [];
    private long _calls;
    private bool _isOff;

    public InMemoryStorage()
        : this(new Dictionary<string, InMemoryFolder> { [""] = new() { IsDurable = true } })
    {
    }

    private InMemoryStorage(Dictionary<string, InMemoryFolder> folders)
    {
        _folders = folders;
        _scratchFolder = new Lazy<string>(() => Directory.CreateTempSubdirectory("lambdacore-scratch-").FullName);
    }

    public string PhysicalFolder => ScratchFolder;

    public string ScratchFolder => _scratchFolder.Value;

    /// <summary>Called before each operation that reaches the disk. It may throw: a <see cref="StorageException"/> is a
    /// failing disk.</summary>
    public Action<StorageCall>? BeforeCall { get; set; }

    /// <summary>Tells which flushes of files and folders do nothing, as on a medium that says that it has what it has not.</summary>
    public Func<StorageCall, bool>? Ignores { get; set; }

    /// <summary>Gives the ids that are asked for; null for those that nothing else has.</summary>
    public Func<Guid>? Ids { get; set; }

    /// <summary>How many operations reached the disk.</summary>
    public long Calls => Volatile.Read(ref _calls);

    internal Lock Gate { get; } = new();

    /// <summary>How many operations of one kind reached the disk.</summary>
    public long CountOf(StorageOperation operation)
    {
        lock (Gate)
        {
            return _counts.GetValueOrDefault(operation);
        }
    }

    public IStorageFile Create(string path, long preallocatedLength)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(preallocatedLength);
        lock (Gate)
        {
            InMemoryFolder folder = FolderOf(path);
            Reach(StorageOperation.Create, path);
            var content = new InMemoryContent(preallocatedLength);
            folder.AddNew(path, content);
            return new InMemoryFile(this, path, content, writable: true);
        }
    }

    public IStorageFile Open(string path, FileAccess access)
    {
        lock (Gate)
        {
            InMemoryContent content = ContentOf(path);
            Reach(StorageOperation.Open, path);
            return new InMemoryFile(this, path, content, access.HasFlag(FileAccess.Write));
        }
    }

    public byte[] ReadAll(string path)
    {
        lock (Gate)
        {
            InMemoryContent content = ContentOf(path);
            Reach(StorageOperation.Read, path);
            return content.ToArray();
        }
    }

    public bool Exists(string path)
    {
        lock (Gate)
        {
            return Find(path) is not null;
        }
    }

    public long Length(string path)
    {
        lock (Gate)
        {
            return ContentOf(path).Length;
        }
    }

    public IReadOnlyList<string> List(string folder)
    {
        lock (Gate)
        {
            StoragePath.CheckFolder(folder);
            Reach(StorageOperation.List, folder);
            return _folders.TryGetValue(folder, out InMemoryFolder? found)
                ? [.. found.Seen.Keys.Order(StringComparer.Ordinal)]
                : [];
        }
    }

    public IReadOnlyList<string> ListFolders(string folder)
    {
        lock (Gate)
        {
            StoragePath.CheckFolder(folder);
            Reach(StorageOperation.List, folder);
            return [.. _folders.Keys.Where(f => f.Length > 0 && StoragePath.FolderOf(f) == folder).Select(StoragePath.NameOf).Order(StringComparer.Ordinal)];
        }
    }

    public void CreateFolder(string folder)
    {
        lock (Gate)
        {
            StoragePath.CheckFolder(folder);
            if (folder.Length == 0 || (_folders.TryGetValue(folder, out InMemoryFolder? found) && found.IsDurable))
            {
                return;
            }

            string parent = StoragePath.FolderOf(folder);
            CreateFolder(parent);
            if (found is null)
            {
                Reach(StorageOperation.CreateFolder, folder);
                found = _folders[folder] = new InMemoryFolder();
            }

            // Where an earlier process made it, nobody knows whether it came to this.
            found.IsDurable = !IsIgnored(StorageOperation.FlushFolder, parent, StorageOperation.CreateFolder);
        }
    }

    public void FlushFolder(string folder)
    {
        lock (Gate)
        {
            StoragePath.CheckFolder(folder);
            if (!IsIgnored(StorageOperation.FlushFolder, folder))
            {
                Flush(folder);
            }
        }
    }

    public void Delete(string path)
    {
        lock (Gate)
        {
            if (Find(path) is not null)
            {
                Reach(StorageOperation.Delete, path);
                FolderOf(path).Seen.Remove(StoragePath.NameOf(path));
            }
        }
    }

    public void PublishNew(string path, ReadOnlySpan<byte> content)
    {
        lock (Gate)
        {
            InMemoryFolder folder = FolderOf(path);
            Reach(StorageOperation.Create, path);
            var written = new InMemoryContent(0);
            Reach(StorageOperation.Write, path);
            written.Write(0, content);
            Publish(folder, path, written);
        }
    }

    public void Adopt(string scratchPath, string path)
    {
        lock (Gate)
        {
            InMemoryFolder folder = FolderOf(path);
            byte[] bytes;
            try
            {
                bytes = File.ReadAllBytes(scratchPath);
            }
            catch (IOException exception)
            {
                throw SystemError.Of("open", scratchPath, exception);
            }

            var written = new InMemoryContent(0);
            written.Write(0, bytes);
            Publish(folder, path, written);
            File.Delete(scratchPath);
        }
    }

    public Guid NewId() => Ids?.Invoke() ?? Guid.NewGuid();

    public string NewScratchPath(string extension) =>
        Path.Combine(ScratchFolder, Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture) + extension);

    public void ClearScratch()
    {
        lock (Gate)
        {
            _materialised.Clear();
            Directory.Delete(ScratchFolder, recursive: true);
            Directory.CreateDirectory(ScratchFolder);
        }
    }

    public string Materialise(string path)
    {
        lock (Gate)
        {
            InMemoryContent content = ContentOf(path);
            if (!_materialised.TryGetValue(content, out string? physicalPath))
            {
                Reach(StorageOperation.Read, path);
                physicalPath = NewScratchPath(Path.GetExtension(path));
                File.WriteAllBytes(physicalPath, content.ToArray());
                _materialised[content] = physicalPath;
            }

            return physicalPath;
        }
    }

    public IMappedFile Map(string path)
    {
        lock (Gate)
        {
            InMemoryContent content = ContentOf(path);
            Reach(StorageOperation.Map, path);
            return new InMemoryMappedFile(content.ToArray());
        }
    }

    public IStorageFork Fork(string target)
    {
        lock (Gate)
        {
            Reach(StorageOperation.CreateFolder, target);
            return _forks.ContainsKey(target)
                ? throw new StorageException($"Storage failed: there is something at '{target}' already.")
                : new InMemoryFork(this, target);
        }
    }

    /// <summary>Takes over the copy that was forked to a place; from then on its power is not cut with this one's. Null if there is none.</summary>
    public InMemoryStorage? TakeFork(string target)
    {
        lock (Gate)
        {
            return _forks.Remove(target, out (InMemoryStorage Storage, bool) fork) ? fork.Storage : null;
        }
    }

    public IDisposable Lock(string path)
    {
        lock (Gate)
        {
            FolderOf(path);
            Reach(StorageOperation.Lock, path);
            if (!_locks.Add(path))
            {
                throw StoreLockedException.HeldBy(path, Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
            }

            return new Held(this, path);
        }
    }

    public void Dispose()
    {
        lock (Gate)
        {
            _isOff = true;
            foreach ((InMemoryStorage fork, _) in _forks.Values)
            {
                fork.Dispose();
            }

            DeleteScratch();
        }
    }

    /// <summary>Shares the files of a folder with a copy.</summary>
    internal void LinkTo(InMemoryStorage copy, string folder)
    {
        lock (Gate)
        {
            StoragePath.CheckFolder(folder);
            if (!_folders.TryGetValue(folder, out InMemoryFolder? found))
            {
                return;
            }

            copy.CreateFolder(folder);
            foreach ((string file, InMemoryContent content) in found.Seen)
            {
                Reach(StorageOperation.Link, $"{folder}/{file}");
                copy._folders[folder].AddNew($"{folder}/{file}", content);
            }

            copy.FlushFolder(folder);
        }
    }

    /// <summary>Whether there is a copy at a place, though perhaps not on the medium yet.</summary>
    internal bool HasFork(string target)
    {
        lock (Gate)
        {
            return _forks.ContainsKey(target);
        }
    }

    /// <summary>Gives a copy its place: first as it is seen, then on the medium.</summary>
    internal void Publish(InMemoryStorage copy, string target)
    {
        lock (Gate)
        {
            Reach(StorageOperation.Rename, target);
            _forks[target] = (copy, false);
            Reach(StorageOperation.FlushFolder, StoragePath.FolderOf(target));
            _forks[target] = (copy, true);
        }
    }

    /// <summary>Counts an operation and lets it fail; the caller holds the gate.</summary>
    /// <returns>What was told of it.</returns>
    internal StorageCall Reach(StorageOperation operation, string path)
    {
        if (_isOff)
        {
            throw new StorageException($"Storage failed: {operation} of '{path}': the storage crashed or was closed. Use the one that the crash returned.");
        }

        _calls++;
        _counts[operation] = _counts.GetValueOrDefault(operation) + 1;
        StorageCall call = new(_calls, operation, path);
        BeforeCall?.Invoke(call);
        return call;
    }

    /// <summary>The same for a flush, which may do nothing.</summary>
    internal bool IsIgnored(StorageOperation flush, string path, StorageOperation? within = null)
    {
        StorageCall call = Reach(flush, path) with { Within = within };
        return Ignores?.Invoke(call) ?? false;
    }

    private void Publish(InMemoryFolder folder, string path, InMemoryContent written)
    {
        if (!IsIgnored(StorageOperation.Flush, path, StorageOperation.Rename))
        {
            written.Flush();
        }

        Reach(StorageOperation.Rename, path);
        folder.AddNew(path, written);
        if (!IsIgnored(StorageOperation.FlushFolder, StoragePath.FolderOf(path), StorageOperation.Rename))
        {
            Flush(StoragePath.FolderOf(path));
        }
    }

    /// <summary>Makes the names in a folder durable, those of folders too.</summary>
    private void Flush(string folder)
    {
        Found(folder).Flush();
        foreach ((string name, InMemoryFolder inner) in _folders)
        {
            inner.IsDurable |= name.Length > 0 && StoragePath.FolderOf(name) == folder;
        }
    }

    private InMemoryFolder FolderOf(string path) => Found(StoragePath.FolderOf(StoragePath.CheckFile(path)));

    private InMemoryFolder Found(string folder) => _folders.TryGetValue(folder, out InMemoryFolder? found)
        ? found
        : throw new StorageException($"Storage failed: ENOENT: the folder '{folder}' does not exist. Create it first.");

    private InMemoryContent? Find(string path) =>
        _folders.TryGetValue(StoragePath.FolderOf(StoragePath.CheckFile(path)), out InMemoryFolder? folder)
            ? folder.Seen.GetValueOrDefault(StoragePath.NameOf(path))
            : null;

    private InMemoryContent ContentOf(string path) =>
        Find(path) ?? throw new StorageException($"Storage failed: ENOENT: the file '{path}' does not exist.");

    private void DeleteScratch()
    {
        if (_scratchFolder.IsValueCreated && Directory.Exists(ScratchFolder))
        {
            Directory.Delete(ScratchFolder, recursive: true);
        }
    }

    private sealed class Held(InMemoryStorage storage, string path) : IDisposable
    {
        private bool _released;

        public void Dispose()
        {
            lock (storage.Gate)
            {
                if (!_released)
                {
                    _released = true;
                    storage._locks.Remove(path);
                }
            }
        }
    }
}
