using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace LambdaCore.Storage;

/// <summary>The calls of Linux.</summary>
internal sealed partial class LinuxCalls : UnixCalls
{
    private const int CurrentFolder = -100;
    private const uint NoReplace = 1;
    private const int Interrupted = 4;
    private const int Invalid = 22;

    /// <inheritdoc/>
    public override IReadOnlyDictionary<int, string> ErrorNames { get; } = new Dictionary<int, string>(SharedNames)
    {
        [11] = "EAGAIN", [36] = "ENAMETOOLONG", [37] = "ENOLCK", [38] = "ENOSYS", [40] = "ELOOP", [95] = "ENOTSUP", [116] = "ESTALE", [122] = "EDQUOT",
    };

    /// <inheritdoc/>
    protected override int CloseOnExec => 0x80000;

    /// <inheritdoc/>
    public override int FlushFile(SafeFileHandle file) => Result(FileDataSync(file));

    /// <inheritdoc/>
    public override int FlushFileAndAttributes(SafeFileHandle file) => Result(FileSync(file));

    /// <inheritdoc/>
    public override int Reserve(SafeFileHandle file, long length)
    {
        int error;
        do
        {
            error = FileAllocate(file, 0, length);
        }
        while (error == Interrupted);

        return error;
    }

    /// <inheritdoc/>
    protected override int TryRename(string from, string to)
    {
        try
        {
            return Result(Rename(CurrentFolder, from, CurrentFolder, to, NoReplace));
        }
        catch (EntryPointNotFoundException)
        {
            return Invalid;
        }
    }

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    private static partial int FileDataSync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FileSync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "posix_fallocate")]
    private static partial int FileAllocate(SafeFileHandle file, long offset, long length);

    [LibraryImport("libc", EntryPoint = "renameat2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Rename(int fromFolder, string from, int toFolder, string to, uint flags);
}
