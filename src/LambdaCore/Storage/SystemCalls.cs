using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace LambdaCore.Storage;

/// <summary>The calls that .NET lacks or whose errors it hides.</summary>
/// <remarks>FileStream.Flush(true) and RandomAccess.FlushToDisk do not report a failing fsync, and .NET cannot open a
/// directory to flush it. No call here takes a variadic argument, which would be passed wrongly on macOS arm64.</remarks>
internal static partial class SystemCalls
{
    private const int CurrentFolder = -100;
    private const uint RenameNoReplace = 1;
    private const uint RenameExclusive = 4;
    private const int FullFsync = 51;
    private const int CloseOnExecLinux = 0x80000;
    private const int CloseOnExecMac = 0x1000000;

    /// <summary>Makes a file durable. Returns 0 or the error number.</summary>
    public static int FlushFile(SafeFileHandle file)
    {
        if (OperatingSystem.IsWindows())
        {
            return FlushFileBuffers(file) ? 0 : Marshal.GetLastPInvokeError();
        }

        // macOS: fsync leaves the data in the drive's cache; only F_FULLFSYNC empties that.
        return Result(OperatingSystem.IsMacOS() ? FileControl(file, FullFsync) : FileDataSync(file));
    }

    /// <summary>Makes a file and all its attributes durable. Returns 0 or the error number.</summary>
    public static int FlushFileAndAttributes(SafeFileHandle file) =>
        OperatingSystem.IsLinux() ? Result(FileSync(file)) : FlushFile(file);

    /// <summary>Makes the names in a folder durable; Windows has no such call and needs none. Returns 0 or the error
    /// number.</summary>
    public static int FlushFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            return 0;
        }

        int descriptor = Open(folder, OperatingSystem.IsMacOS() ? CloseOnExecMac : CloseOnExecLinux);
        if (descriptor < 0)
        {
            return Marshal.GetLastPInvokeError();
        }

        using var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        return FlushFileAndAttributes(handle);
    }

    /// <summary>Reserves space and sets the length. Returns 0 or the error number.</summary>
    public static int Preallocate(SafeFileHandle file, long length)
    {
        const int interrupted = 4;
        int error;
        do
        {
            error = FileAllocate(file, 0, length);
        }
        while (error == interrupted);

        return error;
    }

    /// <summary>Renames, failing with EEXIST instead of replacing. Returns 0 or the error number.</summary>
    public static int RenameWithoutReplacing(string from, string to)
    {
        int error = TryRename(from, to);
        if (SystemError.NameOf(error) is not ("ENOSYS" or "EINVAL" or "ENOTSUP"))
        {
            return error;
        }

        // Not every file system knows the flag. A second name and the end of the first one is as good: the old
        // name lies in the scratch folder, where a crash in between may leave it.
        error = Result(Link(from, to));
        return error != 0 ? error : Result(Unlink(from));
    }

    /// <summary>Gives a file a second name. Returns 0 or the error number.</summary>
    public static int LinkFile(string from, string to) =>
        OperatingSystem.IsWindows() ? (CreateHardLink(to, from, 0) ? 0 : Marshal.GetLastPInvokeError()) : Result(Link(from, to));

    /// <summary>Renames a folder to a name that nothing has. Returns 0 or the error number.</summary>
    public static int RenameFolder(string from, string to)
    {
        if (OperatingSystem.IsWindows())
        {
            return MoveFile(from, to, 0) ? 0 : Marshal.GetLastPInvokeError();
        }

        // Without the flag a rename replaces an empty folder at most, which is as good.
        int error = TryRename(from, to);
        return SystemError.NameOf(error) is "ENOSYS" or "EINVAL" or "ENOTSUP" ? Result(Rename(from, to)) : error;
    }

    /// <summary>Opens a file for reading and writing, creating it where it is missing; without the lock that .NET
    /// would take. Not for Windows.</summary>
    public static SafeFileHandle OpenOrCreate(string path, out int error)
    {
        const int readWrite = 2;
        int flags = readWrite | (OperatingSystem.IsMacOS() ? CloseOnExecMac : CloseOnExecLinux);
        int descriptor = Open(path, flags);
        error = descriptor >= 0 ? 0 : Marshal.GetLastPInvokeError();
        if (SystemError.NameOf(error) == "ENOENT")
        {
            // open's mode would be a variadic argument; creat's is not.
            using var created = new SafeFileHandle(Create(path, Convert.ToInt32("644", 8)), ownsHandle: true);
            descriptor = Open(path, flags);
            error = descriptor >= 0 ? 0 : Marshal.GetLastPInvokeError();
        }

        return new SafeFileHandle(descriptor, ownsHandle: true);
    }

    /// <summary>Takes an advisory exclusive lock, without waiting, that ends when the file is closed. Not for Windows.
    /// Returns 0 or the error number.</summary>
    public static int LockFile(SafeFileHandle file)
    {
        const int exclusive = 2;
        const int withoutWaiting = 4;
        return Result(FileLock(file, exclusive | withoutWaiting));
    }

    private static int TryRename(string from, string to)
    {
        try
        {
            return Result(OperatingSystem.IsMacOS()
                ? RenameMac(from, to, RenameExclusive)
                : RenameLinux(CurrentFolder, from, CurrentFolder, to, RenameNoReplace));
        }
        catch (EntryPointNotFoundException)
        {
            const int invalid = 22;
            return invalid;
        }
    }

    private static int Result(int returned) => returned == 0 ? 0 : Marshal.GetLastPInvokeError();

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    private static partial int FileDataSync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FileSync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int FileControl(SafeFileHandle file, int command);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "creat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Create(string path, int mode);

    [LibraryImport("libc", EntryPoint = "posix_fallocate")]
    private static partial int FileAllocate(SafeFileHandle file, long offset, long length);

    [LibraryImport("libc", EntryPoint = "renameat2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int RenameLinux(int fromFolder, string from, int toFolder, string to, uint flags);

    [LibraryImport("libc", EntryPoint = "renamex_np", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int RenameMac(string from, string to, uint flags);

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string from, string to);

    [LibraryImport("libc", EntryPoint = "rename", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Rename(string from, string to);

    [LibraryImport("libc", EntryPoint = "unlink", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Unlink(string path);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int FileLock(SafeFileHandle file, int operation);

    [LibraryImport("kernel32", EntryPoint = "CreateHardLinkW", SetLastError = true, StringMarshalling = StringMarshalling.Utf16)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool CreateHardLink(string newName, string existingName, nint securityAttributes);

    [LibraryImport("kernel32", EntryPoint = "MoveFileExW", SetLastError = true, StringMarshalling = StringMarshalling.Utf16)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool MoveFile(string from, string to, uint flags);

    [LibraryImport("kernel32", EntryPoint = "FlushFileBuffers", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool FlushFileBuffers(SafeFileHandle file);
}
