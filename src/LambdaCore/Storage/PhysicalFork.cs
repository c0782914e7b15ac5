namespace LambdaCore.Storage;

/// <summary>
/// A copy of a folder by hard links. It grows in the scratch folder of what it copies, so that what a crash leaves of it goes when that is opened next, and is
/// then renamed.
/// </summary>
internal sealed class PhysicalFork : IStorageFork
{
    private readonly PhysicalStorage _from;
    private readonly string _aside;
    private readonly string _target;
    private readonly PhysicalStorage _copy;

    /// <summary>Begins a copy.</summary>
    /// <param name="from">What is copied.</param>
    /// <param name="target">The physical path that the copy shall have: of nothing, or of an empty folder, and not within what is copied.</param>
    public PhysicalFork(PhysicalStorage from, string target)
    {
        _from = from;
        _target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(target));
        ThrowIfTaken();
        ThrowIfWithin(_target, from.PhysicalFolder);

        _aside = from.NewScratchPath(".fork");
        _copy = new PhysicalStorage(_aside);
    }

    /// <summary>Refuses a folder for another store that lies within a store.</summary>
    /// <exception cref="ArgumentException">It does.</exception>
    public static void ThrowIfWithin(string target, string store)
    {
        if (IsWithin(RealPath.Of(target), RealPath.Of(store)))
        {
            throw new ArgumentException($"The copy '{target}' would lie within the store '{store}' itself. Choose a folder outside of it.", nameof(target));
        }
    }

    public IStorage Storage => _copy;

    public void Link(string folder)
    {
        string source = Path.Combine(_from.PhysicalFolder, StoragePath.CheckFolder(folder));
        if (!Directory.Exists(source))
        {
            return;
        }

        _copy.CreateFolder(folder);
        PhysicalStorage.Try("list", source, () =>
        {
            PhysicalStorage.ThrowIfLink(source);
            foreach (FileInfo file in new DirectoryInfo(source).EnumerateFiles())
            {
                PhysicalStorage.ThrowIfLink(file.FullName);
                int error = SystemCalls.Here.LinkFile(file.FullName, Path.Combine(_aside, folder, file.Name));
                if (error != 0)
                {
                    throw CannotLink(file.FullName, error);
                }
            }

            return true;
        });
        _copy.FlushFolder(folder);
    }

    public void Publish()
    {
        PhysicalStorage.CreatePhysicalFolder(Path.GetDirectoryName(_target)!);
        _copy.FlushFolder("");
        ThrowIfTaken();
        PhysicalStorage.Try("replacing the empty folder", _target, () =>
        {
            if (Directory.Exists(_target))
            {
                // Never recursively: what has come into it since must stop this.
                Directory.Delete(_target, recursive: false);
            }

            return true;
        });
        int error = SystemCalls.Here.RenameFolder(_aside, _target);
        if (SystemError.IsOfOtherVolume(error))
        {
            throw new StorageException(
                $"Storage failed: the store '{_from.PhysicalFolder}' cannot be forked to '{_target}', which is on another file system: a fork shares the store's files by hard links. Choose a folder on the same file system, or close the store and copy it.");
        }

        if (error != 0)
        {
            throw SystemError.Of("rename", _target, error);
        }

        PhysicalStorage.FlushPhysicalFolder(Path.GetDirectoryName(_target)!);
    }

    public void Dispose()
    {
        try
        {
            if (Directory.Exists(_aside))
            {
                Directory.Delete(_aside, recursive: true);
            }
        }
        catch (Exception error) when (SystemError.IsOfFiles(error))
        {
            // It takes little room, and goes when the store is opened next.
        }
    }

    private static StorageException CannotLink(string file, int error) => SystemError.NameOf(error) is "EPERM" or "ENOTSUP" or "ENOSYS"
        ? new StorageException($"Storage failed: '{file}' cannot be shared by a hard link ({SystemError.NameOf(error)}), as a fork shares the files of a store: its file system has no hard links, or protects the file. Close the store and copy its folder instead.")
        : SystemError.Of("hard link", file, error);

    private static bool IsWithin(string path, string folder) =>
        path == folder || path.StartsWith(folder + Path.DirectorySeparatorChar, SystemCalls.Here.NameComparison);

    private void ThrowIfTaken()
    {
        if (File.Exists(_target) || (Directory.Exists(_target) && PhysicalStorage.Try("list", _target, () => Directory.EnumerateFileSystemEntries(_target).Any())))
        {
            throw new StorageException($"Storage failed: there is something at '{_target}' already, and a copy never replaces anything. Choose a folder that does not exist, or an empty one.");
        }
    }
}
