using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace LambdaCore.Storage;

/// <summary>The calls of Windows.</summary>
internal sealed partial class WindowsCalls : SystemCalls
{
    private const int SharingViolation = 32;
    private const int AlreadyExists = 183;

    /// <inheritdoc/>
    /// <remarks>Those that mean the same have the same name: ERROR_DISK_FULL and ERROR_HANDLE_DISK_FULL, for instance.</remarks>
    public override IReadOnlyDictionary<int, string> ErrorNames { get; } = new Dictionary<int, string>
    {
        [2] = "ENOENT", [3] = "ENOENT", [5] = "EACCES", [17] = "EXDEV", [SharingViolation] = "EAGAIN", [39] = "ENOSPC", [80] = "EEXIST", [112] = "ENOSPC", [AlreadyExists] = "EEXIST",
    };

    /// <inheritdoc/>
    public override StringComparison NameComparison => StringComparison.OrdinalIgnoreCase;

    /// <inheritdoc/>
    public override int FlushFile(SafeFileHandle file) => Result(FlushFileBuffers(file));

    /// <inheritdoc/>
    /// <remarks>Windows has no such call and needs none.</remarks>
    public override int FlushFolder(string folder) => 0;

    /// <inheritdoc/>
    public override int RenameFile(string from, string to)
    {
        try
        {
            File.Move(from, to, overwrite: false);
            return 0;
        }
        catch (IOException) when (File.Exists(to))
        {
            return AlreadyExists;
        }
    }

    /// <inheritdoc/>
    public override int LinkFile(string from, string to) => Result(CreateHardLink(to, from, 0));

    /// <inheritdoc/>
    public override int RenameFolder(string from, string to) => Result(MoveFile(from, to, 0));

    /// <inheritdoc/>
    public override int OpenLocked(string path, out SafeFileHandle file)
    {
        try
        {
            // Others may read, to learn who has it.
            file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
            return 0;
        }
        catch (IOException exception) when ((exception.HResult & 0xFFFF) == SharingViolation)
        {
            file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            return SharingViolation;
        }
    }

    private static int Result(bool succeeded) => succeeded ? 0 : Marshal.GetLastPInvokeError();

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
