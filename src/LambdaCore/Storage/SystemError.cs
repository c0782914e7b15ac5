using System.Runtime.InteropServices;

namespace LambdaCore.Storage;

/// <summary>Turns the errors of the operating system into <see cref="StorageException"/>s that name them.</summary>
internal static class SystemError
{
    /// <summary>ERROR_HANDLE_DISK_FULL and ERROR_DISK_FULL, as .NET reports them.</summary>
    private const int HandleDiskFull = unchecked((int)0x80070027);
    private const int DiskFull = unchecked((int)0x80070070);

    /// <summary>The name of an error number, such as "ENOSPC".</summary>
    public static string NameOf(int number) => SystemCalls.Here.ErrorNames.TryGetValue(number, out string? name) ? name : $"error {number}";

    /// <summary>Whether an error number says that two paths lie on different file systems.</summary>
    public static bool IsOfOtherVolume(int number) => NameOf(number) == "EXDEV";

    /// <summary>Whether an error number says that there is a file of that name.</summary>
    public static bool IsOfTakenName(int number) => NameOf(number) == "EEXIST";

    /// <summary>Whether an error number says that somebody else has a lock.</summary>
    public static bool IsOfHeldLock(int number) => NameOf(number) == "EAGAIN";

    /// <summary>The error of a system call.</summary>
    /// <param name="operation">What failed, such as "fsync".</param>
    /// <param name="path">The physical path.</param>
    /// <param name="number">The system's error number.</param>
    public static StorageException Of(string operation, string path, int number) =>
        Create(operation, path, $"{NameOf(number)}: {Marshal.GetPInvokeErrorMessage(number)}", IsFull(number), null);

    /// <summary>The same for an error that .NET reported.</summary>
    public static StorageException Of(string operation, string path, Exception cause)
    {
        // On Unix .NET puts the plain errno where it has no code of its own, and Windows codes elsewhere.
        int code = cause.HResult;
        bool isErrno = code is > 0 and < 200;
        bool full = isErrno ? IsFull(code) : code is HandleDiskFull or DiskFull;
        return Create(operation, path, isErrno ? $"{NameOf(code)}: {cause.Message}" : cause.Message, full, cause);
    }

    /// <summary>Whether .NET throws it for a failing file operation.</summary>
    /// <remarks>A file that would become longer than the system allows (EFBIG) is to .NET an argument named "value".</remarks>
    public static bool IsOfFiles(Exception exception) => exception is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException { ParamName: "value" };

    private static bool IsFull(int number) => NameOf(number) is "ENOSPC" or "EDQUOT";

    private static StorageException Create(string operation, string path, string reason, bool full, Exception? cause) =>
        new($"Storage failed: {operation} of '{path}': {reason}{(full ? " Free some space and open the store again." : "")}", cause)
        {
            IsDiskFull = full,
        };
}
