using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace LambdaCore.Storage;

/// <summary>What Linux and macOS have in common. No call takes a variadic argument, which would be passed wrongly on macOS arm64.</summary>
internal abstract partial class UnixCalls : SystemCalls
{
    /// <summary>The numbers that both share.</summary>
    protected static IEnumerable<KeyValuePair<int, string>> SharedNames { get; } = new Dictionary<int, string>
    {
        [1] = "EPERM", [2] = "ENOENT", [4] = "EINTR", [5] = "EIO", [9] = "EBADF", [12] = "ENOMEM", [13] = "EACCES",
        [16] = "EBUSY", [17] = "EEXIST", [18] = "EXDEV", [20] = "ENOTDIR", [21] = "EISDIR", [22] = "EINVAL",
        [23] = "ENFILE", [24] = "EMFILE", [27] = "EFBIG", [28] = "ENOSPC", [30] = "EROFS", [31] = "EMLINK",
    };

    /// <summary>The flag with which a file is not open in processes that this one starts.</summary>
    protected abstract int CloseOnExec { get; }

    /// <inheritdoc/>
    public override int FlushFolder(string folder)
    {
        int descriptor = Open(folder, CloseOnExec);
        if (descriptor < 0)
        {
            return Marshal.GetLastPInvokeError();
        }

        using var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        return FlushFileAndAttributes(handle);
    }

    /// <inheritdoc/>
    public override int RenameFile(string from, string to)
    {
        int error = TryRename(from, to);
        if (!IsUnknownCall(error))
        {
            return error;
        }

        // Not every file system knows the flag. A second name and the end of the first one is as good: the old
        // name lies in the scratch folder, where a crash in between may leave it.
        error = LinkFile(from, to);
        return error != 0 ? error : Result(Unlink(from));
    }

    /// <inheritdoc/>
    public override int LinkFile(string from, string to) => Result(Link(from, to));

    /// <inheritdoc/>
    public override int RenameFolder(string from, string to)
    {
        // Without the flag a rename replaces an empty folder at most, which is as good.
        int error = TryRename(from, to);
        return IsUnknownCall(error) ? Result(Rename(from, to)) : error;
    }

    /// <inheritdoc/>
    public override int OpenLocked(string path, out SafeFileHandle file)
    {
        // Not through .NET, which takes a shared lock of its own whenever it opens a file: two processes that begin
        // at once would refuse each other.
        const int readWrite = 2;
        int descriptor = Open(path, readWrite | CloseOnExec);
        if (descriptor < 0 && SystemError.NameOf(Marshal.GetLastPInvokeError()) == "ENOENT")
        {
            // open's mode would be a variadic argument; creat's is not.
            int created = Create(path, Convert.ToInt32("644", 8));
            if (created >= 0)
            {
                new SafeFileHandle(created, ownsHandle: true).Dispose();
                descriptor = Open(path, readWrite | CloseOnExec);
            }
        }

        int error = descriptor < 0 ? Marshal.GetLastPInvokeError() : 0;
        file = new SafeFileHandle(descriptor, ownsHandle: true);
        const int exclusive = 2;
        const int withoutWaiting = 4;
        return error != 0 ? error : Result(Lock(file, exclusive | withoutWaiting));
    }

    /// <summary>0, or the error of the call before.</summary>
    protected static int Result(int returned) => returned == 0 ? 0 : Marshal.GetLastPInvokeError();

    /// <summary>Renames without replacing, if the file system knows how to.</summary>
    protected abstract int TryRename(string from, string to);

    private static bool IsUnknownCall(int error) => SystemError.NameOf(error) is "ENOSYS" or "EINVAL" or "ENOTSUP";

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "creat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Create(string path, int mode);

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string from, string to);

    [LibraryImport("libc", EntryPoint = "rename", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Rename(string from, string to);

    [LibraryImport("libc", EntryPoint = "unlink", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Unlink(string path);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int Lock(SafeFileHandle file, int operation);
}
