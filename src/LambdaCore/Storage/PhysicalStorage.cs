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

    /// <summary>Opens a folder, creating it durably where it is missing.</summary>
    /// <param name="folder">A physical path.</param>
    public PhysicalStorage(string folder)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        _root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        ScratchFolder = Path.Combine(_root, ScratchName);
        CreatePhysicalFolder(_root);
        CreatePhysicalFolder(ScratchFolder);
    }

    public string PhysicalFolder => _root;

    public string ScratchFolder { get; }

    public IStorageFile Create(string path, long preallocatedLength)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(preallocatedLength);
        string physicalPath = PhysicalPathOf(path);
        SafeFileHandle? handle = null;
        try
        {
            handle = OpenNew(path, physicalPath);
            Preallocate(handle, physicalPath, preallocatedLength);
            return new PhysicalFile(path, physicalPath, handle);
        }
        catch (Exception exception) when (handle is not null)
        {
            // It was not there before, and nobody has written to it.
            handle.Dispose();
            DeleteUseless(physicalPath);
            if (SystemError.IsOfFiles(exception))
            {
                throw SystemError.Of($"reserving {preallocatedLength} bytes", physicalPath, exception);
            }

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

    public void CreateFolder(string folder) => CreatePhysicalFolder(PhysicalFolderOf(folder));

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
            ThrowOnError("flush", scratchPath, SystemCalls.FlushFileAndAttributes(handle));
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

    private static void Preallocate(SafeFileHandle handle, string physicalPath, long length)
    {
        if (length == 0)
        {
            return;
        }

        if (OperatingSystem.IsLinux())
        {
            ThrowOnError($"reserving {length} bytes", physicalPath, SystemCalls.Preallocate(handle, length));
        }
        else
        {
            RandomAccess.SetLength(handle, length);
        }
    }

    private static void RenameWithoutReplacing(string from, string path, string to)
    {
        if (OperatingSystem.IsWindows())
        {
            Try("rename", to, () =>
            {
                if (File.Exists(to))
                {
                    throw new StorageConflictException(path);
                }

                // Fails as well when the file appears in between.
                File.Move(from, to, overwrite: false);
                return true;
            });
            return;
        }

        int error = SystemCalls.RenameWithoutReplacing(from, to);
        if (SystemError.NameOf(error) == "EEXIST")
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
        ThrowOnError("flush of the folder", folder, SystemCalls.FlushFolder(folder));

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

    private string PhysicalPathOf(string path) => Path.Combine(_root, StoragePath.CheckFile(path));

    private string PhysicalFolderOf(string folder) => Path.Combine(_root, StoragePath.CheckFolder(folder));
}
