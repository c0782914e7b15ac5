using LambdaCore.Storage;

namespace LambdaCore.Log;

/// <summary>Reads the frames of one write-ahead file at given offsets, in large pieces, and judges them.</summary>
/// <remarks>For one thread. Bytes that were read ahead may be stale where the writer has not written yet, so it must
/// only be asked for frames that were complete when it was created, or of a file that nobody writes.</remarks>
internal sealed class WriteAheadScanner
{
    private const int WindowLength = 256 * 1024;

    private readonly IStorageFile _file;
    private readonly uint _seed;
    private readonly long _length;
    private byte[] _window;
    private long _windowStart;
    private int _windowCount;

    /// <param name="file">An open file, which the caller closes.</param>
    /// <param name="seed">The checksum of the file's header.</param>
    public WriteAheadScanner(IStorageFile file, uint seed)
    {
        _file = file;
        _seed = seed;
        _length = file.Length;
        _window = new byte[Math.Min(WindowLength, _length)];
    }

    /// <summary>Reads the frame at an offset; false when there is no sound one.</summary>
    public bool TryRead(long offset, out WriteAheadFrame frame)
    {
        if (!TryReadHeader(offset, out frame)
            || frame.Length > _length - offset
            || !WriteAheadFormat.TryReadPayload(Bytes(offset, (int)frame.Length), _seed, out ReadOnlyMemory<byte> payload))
        {
            return false;
        }

        frame = frame with { Payload = payload };
        return true;
    }

    /// <summary>Looks for frames behind a place where there is no sound one.</summary>
    /// <returns>Where the last byte that is not zero ends, or <paramref name="offset"/> if there is none; and the
    /// furthest durable end that a frame with a sound header names, or position 0.</returns>
    public (long ContentEnd, LogPosition DurableEnd) LookBehind(long offset)
    {
        long contentEnd = offset;
        LogPosition durableEnd = LogPosition.Zero;
        while (NextContent(offset) is { } found)
        {
            offset = found & ~7L;
            if (TryReadHeader(offset, out WriteAheadFrame frame))
            {
                durableEnd = LogPosition.Max(durableEnd, frame.DurableEnd);
                offset += frame.Length;
            }
            else
            {
                offset += 8;
            }

            contentEnd = Math.Min(offset, _length);
        }

        return (contentEnd, durableEnd);
    }

    /// <summary>Looks for the next frame at or behind a place, wherever it begins. Its payload may be damaged.</summary>
    /// <param name="offset">Where to begin; where the frame is, if there is one.</param>
    /// <param name="frame">The frame, with its payload if that is sound.</param>
    /// <param name="isSound">Whether it is.</param>
    /// <returns>False if there is none.</returns>
    public bool TryFind(ref long offset, out WriteAheadFrame frame, out bool isSound)
    {
        while (NextContent(offset) is { } found)
        {
            offset = found & ~7L;
            isSound = TryRead(offset, out frame);
            if (isSound || TryReadHeader(offset, out frame))
            {
                return true;
            }

            offset += 8;
        }

        frame = default;
        isSound = false;
        return false;
    }

    private bool TryReadHeader(long offset, out WriteAheadFrame frame)
    {
        frame = default;
        return offset <= _length - WriteAheadFormat.FrameHeaderLength
            && WriteAheadFormat.TryReadFrameHeader(
                Bytes(offset, WriteAheadFormat.FrameHeaderLength).Span, _seed, _file.Path, out frame);
    }

    /// <summary>The offset of the next byte that is not zero, or null.</summary>
    private long? NextContent(long offset)
    {
        while (offset < _length)
        {
            int count = (int)Math.Min(WindowLength, _length - offset);
            if (offset >= _windowStart && offset < _windowStart + _windowCount)
            {
                count = (int)Math.Min(count, _windowStart + _windowCount - offset);
            }

            int found = Bytes(offset, count).Span.IndexOfAnyExcept((byte)0);
            if (found >= 0)
            {
                return offset + found;
            }

            offset += count;
        }

        return null;
    }

    private ReadOnlyMemory<byte> Bytes(long offset, int count)
    {
        if (offset < _windowStart || offset + count > _windowStart + _windowCount)
        {
            if (count > _window.Length)
            {
                _window = new byte[count];
            }

            _windowStart = offset;
            _windowCount = _file.Read(offset, _window.AsSpan(0, (int)Math.Min(_window.Length, _length - offset)));
            if (_windowCount < count)
            {
                throw new StorageException($"The file '{_file.Path}' became shorter while it was read: {count} bytes were expected at {offset}, {_windowCount} were there. Do not change the files of an open store.");
            }
        }

        return _window.AsMemory((int)(offset - _windowStart), count);
    }
}
