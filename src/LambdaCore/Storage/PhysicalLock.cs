using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace LambdaCore.Storage;

/// <summary>A lock that the operating system holds for an open file, and drops however the process ends.</summary>
/// <remarks>flock belongs to the open file and not to the process, so a second open in the same process is refused as
/// well. The file stays when the lock ends: deleting it would let two holders lock two files of one name.</remarks>
internal sealed class PhysicalLock : IDisposable
{
    private readonly SafeFileHandle _handle;

    private PhysicalLock(SafeFileHandle handle) => _handle = handle;

    /// <summary>Takes the lock, creating its file where it is missing.</summary>
    /// <exception cref="StoreLockedException">Somebody has it.</exception>
    public static PhysicalLock Take(string physicalPath)
    {
        SafeFileHandle? handle = null;
        try
        {
            handle = OperatingSystem.IsWindows() ? TakeOnWindows(physicalPath) : TakeOnUnix(physicalPath);
            RandomAccess.SetLength(handle, 0);
            RandomAccess.Write(handle, Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture)), 0);
            return new PhysicalLock(handle);
        }
        catch (Exception exception) when (SystemError.IsOfFiles(exception))
        {
            handle?.Dispose();
            throw SystemError.Of("lock", physicalPath, exception);
        }
    }

    public void Dispose() => _handle.Dispose();

    private static SafeFileHandle TakeOnUnix(string physicalPath)
    {
        // Not through .NET, which takes a shared lock of its own whenever it opens a file: two processes that begin
        // at once would refuse each other.
        SafeFileHandle handle = SystemCalls.OpenOrCreate(physicalPath, out int error);
        if (error == 0)
        {
            error = SystemCalls.LockFile(handle);
        }

        if (error == 0)
        {
            return handle;
        }

        using (handle)
        {
            throw SystemError.NameOf(error) == "EAGAIN"
                ? StoreLockedException.HeldBy(physicalPath, HolderIn(handle))
                : SystemError.Of("lock", physicalPath, error);
        }
    }

    private static SafeFileHandle TakeOnWindows(string physicalPath)
    {
        const int sharingViolation = 32;
        try
        {
            // Others may read, to learn who has it.
            return File.OpenHandle(physicalPath, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        }
        catch (IOException exception) when ((exception.HResult & 0xFFFF) == sharingViolation)
        {
            using SafeFileHandle reader = File.OpenHandle(physicalPath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            throw StoreLockedException.HeldBy(physicalPath, HolderIn(reader));
        }
    }

    private static string HolderIn(SafeFileHandle handle)
    {
        Span<byte> text = stackalloc byte[20];
        int length = RandomAccess.Read(handle, text, 0);
        return Encoding.ASCII.GetString(text[..length]);
    }
}
