namespace LambdaCore.Storage;

/// <summary>An open file of an <see cref="InMemoryStorage"/>.</summary>
internal sealed class InMemoryFile : IStorageFile
{
    private readonly InMemoryStorage _storage;
    private readonly InMemoryContent _content;
    private readonly bool _writable;
    private bool _closed;

    public InMemoryFile(InMemoryStorage storage, string path, InMemoryContent content, bool writable)
    {
        _storage = storage;
        _content = content;
        _writable = writable;
        Path = path;
    }

    public string Path { get; }

    public long Length
    {
        get
        {
            lock (_storage.Gate)
            {
                return _content.Length;
            }
        }
    }

    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        ThrowIfClosed();
        if (!_writable)
        {
            throw new StorageException($"Storage failed: write to '{Path}': the file was opened for reading only.");
        }

        lock (_storage.Gate)
        {
            try
            {
                _storage.Reach(StorageOperation.Write, Path);
            }
            catch (StorageException)
            {
                // A write that fails may have been done in part.
                _content.Write(offset, bytes[..(bytes.Length / 2)]);
                throw;
            }

            _content.Write(offset, bytes);
        }
    }

    public int Read(long offset, Span<byte> buffer)
    {
        ThrowIfClosed();
        lock (_storage.Gate)
        {
            _storage.Reach(StorageOperation.Read, Path);
            return _content.Read(offset, buffer);
        }
    }

    public void Flush()
    {
        ThrowIfClosed();
        lock (_storage.Gate)
        {
            bool isIgnored;
            try
            {
                isIgnored = _storage.IsIgnored(StorageOperation.Flush, Path);
            }
            catch (StorageException)
            {
                _content.LoseUnflushed();
                throw;
            }

            if (!isIgnored)
            {
                _content.Flush();
            }
        }
    }

    public void Dispose() => _closed = true;

    private void ThrowIfClosed() => ObjectDisposedException.ThrowIf(_closed, this);
}
