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
    public static PhysicalLock Take(string physicalPath) => PhysicalStorage.Try("lock", physicalPath, () =>
    {
        int error = SystemCalls.Here.OpenLocked(physicalPath, out SafeFileHandle handle);
        try
        {
            if (error != 0)
            {
                throw SystemError.IsOfHeldLock(error) ? StoreLockedException.HeldBy(physicalPath, HolderIn(handle)) : SystemError.Of("lock", physicalPath, error);
            }

            RandomAccess.SetLength(handle, 0);
            RandomAccess.Write(handle, Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture)), 0);
            return new PhysicalLock(handle);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    });

    public void Dispose() => _handle.Dispose();

    private static string HolderIn(SafeFileHandle handle)
    {
        Span<byte> text = stackalloc byte[20];
        int length = RandomAccess.Read(handle, text, 0);
        return Encoding.ASCII.GetString(text[..length]);
    }
}
