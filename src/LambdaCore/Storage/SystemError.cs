using System.Runtime.InteropServices;

namespace LambdaCore.Storage;

/// <summary>Turns the errors of the operating system into <see cref="StorageException"/>s that name them.</summary>
internal static class SystemError
{
    private const int Windows = unchecked((int)0x80070000);

    /// <summary>The numbers that Linux and macOS share.</summary>
    private static readonly Dictionary<int, string> Shared = new()
    {
        [1] = "EPERM", [2] = "ENOENT", [4] = "EINTR", [5] = "EIO", [9] = "EBADF", [12] = "ENOMEM", [13] = "EACCES",
        [16] = "EBUSY", [17] = "EEXIST", [18] = "EXDEV", [20] = "ENOTDIR", [21] = "EISDIR", [22] = "EINVAL",
        [23] = "ENFILE", [24] = "EMFILE", [27] = "EFBIG", [28] = "ENOSPC", [30] = "EROFS",
    };

    private static readonly Dictionary<int, string> Own = OperatingSystem.IsMacOS()
        ? new() { [35] = "EAGAIN", [45] = "ENOTSUP", [62] = "ELOOP", [63] = "ENAMETOOLONG", [69] = "EDQUOT", [70] = "ESTALE", [78] = "ENOSYS" }
        : new() { [11] = "EAGAIN", [36] = "ENAMETOOLONG", [38] = "ENOSYS", [40] = "ELOOP", [95] = "ENOTSUP", [116] = "ESTALE", [122] = "EDQUOT" };

    /// <summary>The name of an error number, such as "ENOSPC".</summary>
    public static string NameOf(int number) =>
        OperatingSystem.IsWindows() ? $"error {number}"
        : Shared.TryGetValue(number, out string? name) || Own.TryGetValue(number, out name) ? name
        : $"errno {number}";

    /// <summary>Whether an error number says that two paths lie on different file systems: EXDEV, ERROR_NOT_SAME_DEVICE.</summary>
    public static bool IsOfOtherVolume(int number) => OperatingSystem.IsWindows() ? number == 17 : NameOf(number) == "EXDEV";

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
        bool isErrno = code is > 0 and < 200 && !OperatingSystem.IsWindows();
        int number = isErrno ? code : (code & 0xFFFF0000) == Windows ? code & 0xFFFF : 0;
        bool full = isErrno ? IsFull(number) : number is 39 or 112;
        return Create(operation, path, isErrno ? $"{NameOf(number)}: {cause.Message}" : cause.Message, full, cause);
    }

    /// <summary>Whether .NET throws it for a failing file operation.</summary>
    /// <remarks>A file that would become longer than the system allows (EFBIG) is to .NET an argument named "value".</remarks>
    public static bool IsOfFiles(Exception exception) => exception is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException { ParamName: "value" };

    private static bool IsFull(int number) =>
        OperatingSystem.IsWindows() ? number is 39 or 112 : NameOf(number) is "ENOSPC" or "EDQUOT";

    private static StorageException Create(string operation, string path, string reason, bool full, Exception? cause) =>
        new($"Storage failed: {operation} of '{path}': {reason}{(full ? " Free some space and open the store again." : "")}", cause)
        {
            IsDiskFull = full,
        };
}
