using Microsoft.Win32.SafeHandles;

namespace LambdaCore.Storage;

/// <summary>The calls that .NET lacks or whose errors it hides, as each system has them. All return 0 or the system's error number.</summary>
/// <remarks>FileStream.Flush(true) and RandomAccess.FlushToDisk do not report a failing fsync, and .NET cannot open a
/// directory to flush it.</remarks>
internal abstract class SystemCalls
{
    /// <summary>Those of the system that this process runs on.</summary>
    public static SystemCalls Here { get; } = OperatingSystem.IsWindows() ? new WindowsCalls() : OperatingSystem.IsMacOS() ? new MacCalls() : new LinuxCalls();

    /// <summary>The names of error numbers, by those of POSIX.</summary>
    public abstract IReadOnlyDictionary<int, string> ErrorNames { get; }

    /// <summary>How names of files are compared, where the system's own file systems are concerned.</summary>
    public virtual StringComparison NameComparison => StringComparison.Ordinal;

    /// <summary>Makes a file durable.</summary>
    public abstract int FlushFile(SafeFileHandle file);

    /// <summary>Makes a file and all its attributes durable.</summary>
    public virtual int FlushFileAndAttributes(SafeFileHandle file) => FlushFile(file);

    /// <summary>Makes the names in a folder durable.</summary>
    public abstract int FlushFolder(string folder);

    /// <summary>Makes a new file as long as it is said, and reserves its space where the system can do that.</summary>
    public virtual int Reserve(SafeFileHandle file, long length)
    {
        RandomAccess.SetLength(file, length);
        return 0;
    }

    /// <summary>Renames a file, failing instead of replacing one (<see cref="SystemError.IsOfTakenName"/>).</summary>
    public abstract int RenameFile(string from, string to);

    /// <summary>Gives a file a second name.</summary>
    public abstract int LinkFile(string from, string to);

    /// <summary>Renames a folder to a name that nothing has.</summary>
    public abstract int RenameFolder(string from, string to);

    /// <summary>
    /// Opens a file for reading and writing, creating it where it is missing, and takes, without waiting, a lock that ends when it is closed. Where somebody else has it
    /// (<see cref="SystemError.IsOfHeldLock"/>), the file is open for reading.
    /// </summary>
    public abstract int OpenLocked(string path, out SafeFileHandle file);
}
