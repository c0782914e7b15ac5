using LambdaCore.Storage;

namespace LambdaCore.Log;

/// <summary>Reads the groups that hold any event of a range, in order, whole.</summary>
/// <remarks>For one thread; the log may be appended to meanwhile, but not truncated into the range.</remarks>
internal sealed class WriteAheadReader : IDisposable
{
    private readonly IStorage _storage;
    private readonly WriteAheadFile[] _files;
    private readonly LogRange _range;
    private int _next;
    private IStorageFile? _handle;
    private WriteAheadScanner? _scanner;
    private long _offset;
    private LogPosition _position;

    /// <param name="storage">Where the files are.</param>
    /// <param name="files">All files of the log, in order; the first begins at or before the range.</param>
    /// <param name="range">The range; it was appended completely.</param>
    public WriteAheadReader(IStorage storage, WriteAheadFile[] files, LogRange range)
    {
        _storage = storage;
        _files = files;
        _range = range;
        _next = Array.FindLastIndex(files, file => file.First <= range.Start);
        _position = files[_next].First;
    }

    /// <summary>Reads the next group; false after the last. The first and the last may reach out of the range.</summary>
    /// <param name="frame">The group; its payload is valid until the next call.</param>
    /// <exception cref="LogCorruptException">A group is damaged.</exception>
    /// <exception cref="StorageException">A file cannot be read.</exception>
    public bool TryRead(out WriteAheadFrame frame)
    {
        while (_position < _range.End)
        {
            if (_next < _files.Length && _files[_next].First == _position)
            {
                OpenNextFile();
            }

            if (!_scanner!.TryRead(_offset, out frame) || frame.First != _position)
            {
                throw LogCorruptException.Damaged(
                    _handle!.Path, _offset, new LogRange(_position, _range.End), "there is no sound frame");
            }

            _offset += frame.Length;
            _position = frame.End;
            if (frame.Count > 0 && frame.End > _range.Start)
            {
                return true;
            }
        }

        frame = default;
        return false;
    }

    public void Dispose() => _handle?.Dispose();

    private void OpenNextFile()
    {
        WriteAheadFile file = _files[_next++];
        _handle?.Dispose();
        _handle = _storage.Open(file.Path, FileAccess.Read);
        _scanner = new WriteAheadScanner(_handle, file.Seed);
        _offset = WriteAheadFormat.FileHeaderLength;
    }
}
