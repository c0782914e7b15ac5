using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace LambdaCore.Storage;

/// <summary>A folder of the file system.</summary>
/// <remarks>A path is written aside in the scratch folder and renamed into place, so a half-written file never has
/// the name of a finished one.</remarks>
internal sealed class PhysicalStorage : IStorage
{
    private const string ScratchName = "scratch";

    private readonly string _root;

    /// <summary>The folders whose names are durable.</summary>
    private readonly ConcurrentDictionary<string, bool> _sureFolders = new(StringComparer.Ordinal);

    /// <summary>Opens a folder, creating it durably where it is missing.</summary>
    /// <param name="folder">A physical path.</param>
    public PhysicalStorage(string folder)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        _root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        ScratchFolder = Path.Combine(_root, ScratchName);
        CreatePhysicalFolder(_root);
        ThrowIfLink(ScratchFolder);
        if (!Directory.Exists(ScratchFolder) && Path.GetDirectoryName(_root) is { } parent)
        {
            // A process that made the folder may have died before it was durable. Where nobody may read the parent, it was not us.
            int error = SystemCalls.Here.FlushFolder(parent);
            ThrowOnError("flush of the folder", parent, SystemError.NameOf(error) == "EACCES" ? 0 : error);
        }

        CreatePhysicalFolder(ScratchFolder);
    }

    /// <summary>Opens a folder that exists.</summary>
    /// <exception cref="StorageException">It does not.</exception>
    public static PhysicalStorage OfExisting(string folder) => Directory.Exists(folder)
        ? new PhysicalStorage(folder)
        : throw new StorageException($"There is no folder '{folder}', so there is no store to read.");

    /// <summary>Opens a folder that has nothing in it, creating it where it is missing.</summary>
    /// <param name="folder">Where.</param>
    /// <param name="outside">A folder that it must not be in.</param>
    /// <exception cref="ArgumentException">It is in there.</exception>
    /// <exception cref="StorageException">It has something.</exception>
    public static PhysicalStorage OfEmpty(string folder, string outside)
    {
        PhysicalFork.ThrowIfWithin(folder, outside);
        return Try("list", folder, () => Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
            ? throw new StorageException($"The folder '{folder}' is not empty. Choose another, or delete what is in it.")
            : new PhysicalStorage(folder);
    }

    public string PhysicalFolder => _root;

    public string ScratchFolder { get; }

    public IStorageFile Create(string path, long preallocatedLength)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(preallocatedLength);
        string physicalPath = PhysicalPathOf(path);
        SafeFileHandle handle = OpenNew(path, physicalPath);
        try
        {
            if (preallocatedLength > 0)
            {
                string operation = $"reserving {preallocatedLength} bytes";
                ThrowOnError(operation, physicalPath, Try(operation, physicalPath, () => SystemCalls.Here.Reserve(handle, preallocatedLength)));
            }

            return new PhysicalFile(path, physicalPath, handle);
        }
        catch
        {
            // It was not there before, and nobody has written to it.
            handle.Dispose();
            DeleteUseless(physicalPath);
            throw;
        }
    }

    public IStorageFile Open(string path, FileAccess access)
    {
        string physicalPath = PhysicalPathOf(path);
        return Try("open", physicalPath, () => new PhysicalFile(
            path, physicalPath, File.OpenHandle(physicalPath, FileMode.Open, access, FileShare.ReadWrite | FileShare.Delete)));
    }

    public byte[] ReadAll(string path)
    {
        string physicalPath = PhysicalPathOf(path);
        return Try("read", physicalPath, () => File.ReadAllBytes(physicalPath));
    }

    public bool Exists(string path) => File.Exists(PhysicalPathOf(path));

    public long Length(string path)
    {
        string physicalPath = PhysicalPathOf(path);
        return Try("reading the length", physicalPath, () => new FileInfo(physicalPath).Length);
    }

    public IReadOnlyList<string> List(string folder) => List(folder, Directory.GetFiles);

    public IReadOnlyList<string> ListFolders(string folder) => List(folder, Directory.GetDirectories);

    public void CreateFolder(string folder)
    {
        string physicalFolder = PhysicalFolderOf(folder);
        if (_sureFolders.ContainsKey(physicalFolder))
        {
            return;
        }

        if (folder.Length > 0)
        {
            CreateFolder(StoragePath.FolderOf(folder));
            Try("creating the folder", physicalFolder, () => Directory.CreateDirectory(physicalFolder));

            // Also where it was there: an earlier process, or call, may not have come to this.
            FlushPhysicalFolder(Path.GetDirectoryName(physicalFolder)!);
        }

        _sureFolders[physicalFolder] = true;
    }

    public void FlushFolder(string folder) => FlushPhysicalFolder(PhysicalFolderOf(folder));

    public void Delete(string path)
    {
        string physicalPath = PhysicalPathOf(path);
        Try("delete", physicalPath, () =>
        {
            if (File.Exists(physicalPath))
            {
                File.Delete(physicalPath);
            }

            return true;
        });
    }

    public void PublishNew(string path, ReadOnlySpan<byte> content)
    {
        string aside = NewScratchPath(".part");
        try
        {
            using (SafeFileHandle handle = OpenNew(path, aside))
            using (var file = new PhysicalFile(path, aside, handle))
            {
                file.Write(0, content);
            }

            Adopt(aside, path);
        }
        finally
        {
            // Gone already when all went well.
            DeleteUseless(aside);
        }
    }

    public void Adopt(string scratchPath, string path)
    {
        string physicalPath = PhysicalPathOf(path);
        using (SafeFileHandle handle = Try("open", scratchPath, () => File.OpenHandle(scratchPath, FileMode.Open, FileAccess.ReadWrite)))
        {
            ThrowOnError("flush", scratchPath, SystemCalls.Here.FlushFileAndAttributes(handle));
        }

        RenameWithoutReplacing(scratchPath, path, physicalPath);
        FlushPhysicalFolder(Path.GetDirectoryName(physicalPath)!);
    }

    public string NewScratchPath(string extension) =>
        Path.Combine(ScratchFolder, Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture) + extension);

    public void ClearScratch() => Try("emptying the scratch folder", ScratchFolder, () =>
    {
        foreach (FileSystemInfo entry in new DirectoryInfo(ScratchFolder).EnumerateFileSystemInfos())
        {
            if (entry is DirectoryInfo folder)
            {
                folder.Delete(recursive: true);
            }
            else
            {
                entry.Delete();
            }
        }

        return true;
    });

    public string Materialise(string path) => PhysicalPathOf(path);

    public IMappedFile Map(string path)
    {
        string physicalPath = PhysicalPathOf(path);
        return Try("map", physicalPath, () => new PhysicalMappedFile(physicalPath));
    }

    public IStorageFork Fork(string target) => new PhysicalFork(this, target);

    public IDisposable Lock(string path) => PhysicalLock.Take(PhysicalPathOf(path));

    /// <summary>Deletes a file after a failure, if that is possible: a disk that refuses this as well must not hide what it refused first.</summary>
    private static void DeleteUseless(string physicalPath)
    {
        try
        {
            File.Delete(physicalPath);
        }
        catch (Exception exception) when (SystemError.IsOfFiles(exception))
        {
        }
    }

    private string[] List(string folder, Func<string, string[]> list)
    {
        string physicalPath = PhysicalFolderOf(folder);
        return Try("list", physicalPath, () =>
        {
            if (!Directory.Exists(physicalPath))
            {
                return [];
            }

            string[] names = Array.ConvertAll(list(physicalPath), entry => Path.GetFileName(entry));
            Array.Sort(names, StringComparer.Ordinal);
            return names;
        });
    }

    private static SafeFileHandle OpenNew(string path, string physicalPath)
    {
        try
        {
            return File.OpenHandle(physicalPath, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (IOException) when (File.Exists(physicalPath))
        {
            throw new StorageConflictException(path);
        }
        catch (Exception exception) when (SystemError.IsOfFiles(exception))
        {
            throw SystemError.Of("create", physicalPath, exception);
        }
    }

    private static void RenameWithoutReplacing(string from, string path, string to)
    {
        int error = Try("rename", to, () => SystemCalls.Here.RenameFile(from, to));
        if (SystemError.IsOfTakenName(error))
        {
            throw new StorageConflictException(path);
        }

        ThrowOnError("rename", to, error);
    }

    internal static void CreatePhysicalFolder(string folder)
    {
        if (Directory.Exists(folder))
        {
            return;
        }

        string? parent = Path.GetDirectoryName(folder);
        if (parent is not null)
        {
            CreatePhysicalFolder(parent);
        }

        Try("creating the folder", folder, () => Directory.CreateDirectory(folder));
        if (parent is not null)
        {
            FlushPhysicalFolder(parent);
        }
    }

    internal static void FlushPhysicalFolder(string folder) =>
        ThrowOnError("flush of the folder", folder, SystemCalls.Here.FlushFolder(folder));

    private static void ThrowOnError(string operation, string physicalPath, int error)
    {
        if (error != 0)
        {
            throw SystemError.Of(operation, physicalPath, error);
        }
    }

    internal static T Try<T>(string operation, string physicalPath, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception exception) when (SystemError.IsOfFiles(exception))
        {
            throw SystemError.Of(operation, physicalPath, exception);
        }
    }

    /// <summary>Refuses a symbolic link within a store: nothing that a store reads, writes or deletes lies outside of its folder. The folder itself may be reached by one.</summary>
    /// <exception cref="StorageException">It is one.</exception>
    internal static void ThrowIfLink(string physicalPath)
    {
        if (new FileInfo(physicalPath).LinkTarget is { } target)
        {
            throw new StorageException(
                $"Storage failed: '{physicalPath}' is a symbolic link to '{target}', and links within a store are not followed, since they may lead out of it. Put what it leads to in its place. Nothing was changed there.");
        }
    }

    private string PhysicalPathOf(string path) => Inside(StoragePath.CheckFile(path));

    private string PhysicalFolderOf(string folder) => StoragePath.CheckFolder(folder).Length == 0 ? _root : Inside(folder);

    private string Inside(string path)
    {
        int end = -1;
        do
        {
            end = path.IndexOf('/', end + 1);
            ThrowIfLink(Path.Combine(_root, end < 0 ? path : path[..end]));
        }
        while (end >= 0);

        return Path.Combine(_root, path);
    }
}
