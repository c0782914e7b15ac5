using System.Collections.Concurrent;
using LambdaCore.Storage;

namespace LambdaCore.Tests.Speed;

/// <summary>A disk in memory that holds only so much, for the few operations that spilling needs.</summary>
internal sealed class SpillDisk : IStorage
{
    private readonly ConcurrentDictionary<string, MemoryFile> _files = new();

    /// <summary>Bytes that fit; writing more fails.</summary>
    public long CapacityBytes { get; set; } = long.MaxValue;

    /// <summary>Whether reading fails.</summary>
    public bool ReadsFail { get; set; }

    public int Reads { get; private set; }

    public IReadOnlyCollection<string> Files => [.. _files.Keys];

    public string PhysicalFolder => ScratchFolder;

    public string ScratchFolder => throw new NotSupportedException();

    public IStorageFile Create(string path, long preallocatedLength)
    {
        var file = new MemoryFile(this, path);
        return _files.TryAdd(path, file) ? file : throw new StorageConflictException($"'{path}' is there.");
    }

    public void CreateFolder(string folder)
    {
    }

    public void Delete(string path) => _files.TryRemove(path, out _);

    public IReadOnlyList<string> ListFolders(string folder) => throw new NotSupportedException();

    public IReadOnlyList<string> List(string folder) =>
        [.. _files.Keys.Where(path => path.StartsWith(folder + "/", StringComparison.Ordinal)).Select(path => path[(folder.Length + 1)..]).Order()];

    public IStorageFile Open(string path, FileAccess access) => throw new NotSupportedException();

    public byte[] ReadAll(string path) => throw new NotSupportedException();

    public bool Exists(string path) => throw new NotSupportedException();

    public long Length(string path) => throw new NotSupportedException();

    public void FlushFolder(string folder) => throw new NotSupportedException();

    public void PublishNew(string path, ReadOnlySpan<byte> content) => throw new NotSupportedException();

    public void Adopt(string scratchPath, string path) => throw new NotSupportedException();

    public string NewScratchPath(string extension) => throw new NotSupportedException();

    public void ClearScratch() => throw new NotSupportedException();

    public string Materialise(string path) => throw new NotSupportedException();

    public IStorageFork Fork(string target) => throw new NotSupportedException();

    public IMappedFile Map(string path) => throw new NotSupportedException();

    public IDisposable Lock(string path) => throw new NotSupportedException();

    private sealed class MemoryFile(SpillDisk disk, string path) : IStorageFile
    {
        private readonly System.Threading.Lock _lock = new();
        private byte[] _content = [];
        private bool _closed;

        public string Path => path;

        public long Length { get; private set; }

        public void Write(long offset, ReadOnlySpan<byte> bytes)
        {
            lock (_lock)
            {
                ObjectDisposedException.ThrowIf(_closed, this);
                long end = offset + bytes.Length;
                if (end > Length && disk._files.Values.Sum(file => file.Length) + end - Length > disk.CapacityBytes)
                {
                    throw new StorageException($"There is no space left for '{path}'.") { IsDiskFull = true };
                }

                if (end > _content.Length)
                {
                    Array.Resize(ref _content, (int)Math.Max(end, 2 * _content.Length));
                }

                bytes.CopyTo(_content.AsSpan((int)offset));
                Length = Math.Max(Length, end);
            }
        }

        public int Read(long offset, Span<byte> buffer)
        {
            lock (_lock)
            {
                ObjectDisposedException.ThrowIf(_closed, this);
                if (disk.ReadsFail)
                {
                    throw new StorageException($"'{path}' cannot be read.");
                }

                disk.Reads++;
                int count = (int)Math.Clamp(Length - offset, 0, buffer.Length);
                _content.AsSpan((int)Math.Min(offset, Length), count).CopyTo(buffer);
                return count;
            }
        }

        public void Flush()
        {
        }

        public void Dispose() => _closed = true;
    }
}
