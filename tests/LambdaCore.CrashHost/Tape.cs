using System.IO.MemoryMappedFiles;
using System.Text;

namespace LambdaCore.CrashHost;

/// <summary>
/// Lines that one process writes and another reads, in memory that they share. Writing one is no system call, so it can neither fail nor be lost when the writer is killed.
/// </summary>
public sealed class Tape : IDisposable
{
    private const int Capacity = 4 << 20;
    private const int Begin = 16;
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _memory;
    private readonly Lock _writing = new();
    private long _end;

    private Tape(MemoryMappedFile file)
    {
        _file = file;
        _memory = file.CreateViewAccessor(0, Capacity);
        _end = _memory.ReadInt64(0);
    }

    /// <summary>Whether the writer may go on: its reader says so when all is ready, and until it has disposed of the tape.</summary>
    public bool IsStarted
    {
        get => _memory.ReadByte(8) != 0;
        set => _memory.Write(8, value);
    }

    /// <summary>Opens a tape, or makes an empty one.</summary>
    public static Tape Open(string path) => new(MemoryMappedFile.CreateFromFile(path, FileMode.OpenOrCreate, null, Capacity));

    /// <summary>Writes a line; from any thread.</summary>
    public void Write(string line)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(line.ReplaceLineEndings(" ") + "\n");
        lock (_writing)
        {
            if (Begin + _end + bytes.Length > Capacity)
            {
                throw new InvalidOperationException("The tape is full.");
            }

            _memory.WriteArray(Begin + _end, bytes, 0, bytes.Length);
            Thread.MemoryBarrier();
            _memory.Write(0, _end += bytes.Length);
        }
    }

    /// <summary>All lines so far.</summary>
    public string[] Lines()
    {
        byte[] bytes = new byte[_memory.ReadInt64(0)];
        Thread.MemoryBarrier();
        _ = _memory.ReadArray(Begin, bytes, 0, bytes.Length);
        return Encoding.UTF8.GetString(bytes).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>The length of all lines so far in bytes, to see whether there are new ones.</summary>
    public long Length => _memory.ReadInt64(0);

    /// <inheritdoc/>
    public void Dispose()
    {
        IsStarted = false;
        _memory.Dispose();
        _file.Dispose();
    }
}
