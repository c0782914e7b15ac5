using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace LambdaCore.Storage;

/// <summary>The calls of macOS.</summary>
internal sealed partial class MacCalls : UnixCalls
{
    private const uint Exclusive = 4;
    private const int FullFsync = 51;

    /// <inheritdoc/>
    public override IReadOnlyDictionary<int, string> ErrorNames { get; } = new Dictionary<int, string>(SharedNames)
    {
        [35] = "EAGAIN", [45] = "ENOTSUP", [62] = "ELOOP", [63] = "ENAMETOOLONG", [69] = "EDQUOT", [70] = "ESTALE", [77] = "ENOLCK", [78] = "ENOSYS",
    };

    /// <inheritdoc/>
    protected override int CloseOnExec => 0x1000000;

    /// <inheritdoc/>
    /// <remarks>fsync leaves the data in the drive's cache; only F_FULLFSYNC empties that.</remarks>
    public override int FlushFile(SafeFileHandle file) => Result(FileControl(file, FullFsync));

    /// <inheritdoc/>
    protected override int TryRename(string from, string to) => Result(Rename(from, to, Exclusive));

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int FileControl(SafeFileHandle file, int command);

    [LibraryImport("libc", EntryPoint = "renamex_np", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Rename(string from, string to, uint flags);
}
