using System.Buffers;
using LambdaCore.Storage;

namespace LambdaCore.Log;

/// <summary>The tail of the event log on disk: groups of events in order, durable when flushed, until they are
/// sealed.</summary>
/// <remarks>
/// <para>
/// One thread at a time appends, flushes and closes; any thread may read what was appended, truncate, and roll. A write or a
/// flush that fails poisons the log: that call and every later one throw <see cref="LogPoisonedException"/> with the
/// first failure, because nobody can say what is on the medium then.
/// </para>
/// <para>
/// Invariants: the files are contiguous; only the last one may hold anything that is not durable; whatever lies behind
/// the last frame is zeros, durably, before anything is appended there.
/// </para>
/// </remarks>
internal sealed class WriteAheadLog : IDisposable
{
    /// <summary>What stays free for the marks at the end of a file: one of a durable end, one of the next file.</summary>
    private static readonly long RoomForMarks = 2 * WriteAheadFormat.FrameLength(0);

    private readonly IStorage _storage;
    private readonly Guid _storeId;
    private readonly WriteAheadLogOptions _options;
    private readonly Lock _filesLock = new();
    private readonly Lock _writing = new();
    private WriteAheadFile[] _files;
    private IStorageFile _handle;
    private long _offset;
    private bool _marked;
    private long _end;
    private long _durableEnd;
    private volatile Exception? _failure;

    private WriteAheadLog(
        IStorage storage, Guid storeId, WriteAheadLogOptions options, WriteAheadFile[] files, IStorageFile handle, WriteAheadRecovery found)
    {
        _storage = storage;
        _storeId = storeId;
        _options = options;
        _files = files;
        _handle = handle;
        _offset = found.Offset;
        _marked = found.EndsWithMark;
        _end = _durableEnd = found.End.Value;
    }

    /// <summary>The first position that can still be read.</summary>
    public LogPosition Start => Volatile.Read(ref _files)[0].First;

    /// <summary>The first position after the last appended event.</summary>
    public LogPosition End => new(Volatile.Read(ref _end));

    /// <summary>The first position after the last event that survives a power cut.</summary>
    public LogPosition DurableEnd => new(Volatile.Read(ref _durableEnd));

    private WriteAheadFile Current => _files[^1];

    /// <summary>Opens the log and recovers what is in it: everything that was flushed, then whatever more the crash
    /// left whole, all of it durable from now on.</summary>
    /// <param name="storage">Where it is; the caller holds the store's lock.</param>
    /// <param name="storeId">Which store it belongs to.</param>
    /// <param name="sealedEnd">Up to where the events are safe elsewhere. The log ends there or later.</param>
    /// <param name="options">How it uses the disk.</param>
    /// <exception cref="LogCorruptException">Acknowledged events at or after <paramref name="sealedEnd"/> are damaged
    /// or missing.</exception>
    /// <exception cref="LambdaCoreException">The log is another store's, or of a later format.</exception>
    /// <exception cref="StorageException">The disk failed.</exception>
    public static WriteAheadLog Open(IStorage storage, Guid storeId, LogPosition sealedEnd, WriteAheadLogOptions options)
    {
        const int shortestFile = 4096;
        ArgumentOutOfRangeException.ThrowIfLessThan(options.FileLength, shortestFile);
        storage.CreateFolder(WriteAheadFormat.Folder);
        WriteAheadRecovery found = WriteAheadRecovery.Scan(storage, storeId, sealedEnd);
        found.DeleteUnfinished();
        (WriteAheadFile File, IStorageFile Handle) last = found.Last is { } file
            ? (file, storage.Open(file.Path, FileAccess.ReadWrite))
            : WriteAheadFile.Create(storage, storeId, sealedEnd, options.FileLength);
        WriteAheadFile[] files = [.. found.Files, last.File];
        var log = new WriteAheadLog(storage, storeId, options, files, last.Handle, found);
        try
        {
            if (found.Last is not null)
            {
                found.MakeDurable(last.Handle);
                found.MarkRolled();
                log.MarkDurable();
            }

            found.DeleteObsolete();
            return log;
        }
        catch (Exception exception)
        {
            log.Dispose();
            throw exception is LogPoisonedException { InnerException: { } cause } ? cause : exception;
        }
    }

    /// <summary>Hands one group to the operating system.</summary>
    /// <param name="first">The position of its first event: <see cref="End"/>.</param>
    /// <param name="count">How many events it holds; at least 1.</param>
    /// <param name="ingestedAtMicroseconds">The time since the Unix epoch.</param>
    /// <param name="payload">The encoded events; at most 1 GiB.</param>
    /// <exception cref="LogPoisonedException">This write failed, or an earlier one had.</exception>
    public void Append(LogPosition first, int count, long ingestedAtMicroseconds, ReadOnlySpan<byte> payload)
    {
        ThrowIfPoisoned();
        ArgumentOutOfRangeException.ThrowIfNotEqual(first, End);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(payload.Length, WriteAheadFormat.MaximumPayloadLength, nameof(payload));
        lock (_writing)
        {
            try
            {
                long frameLength = WriteAheadFormat.FrameLength(payload.Length);
                if (frameLength > Current.Length - RoomForMarks - _offset && first != Current.First)
                {
                    // A file that holds no group yet cannot be followed by one of the same name; it grows instead.
                    Roll(frameLength);
                }

                Write(new WriteAheadFrame(first, count, ingestedAtMicroseconds, default) { DurableEnd = DurableEnd }, payload);
                _marked = false;
                Volatile.Write(ref _end, first.Value + count);
            }
            catch (Exception exception)
            {
                throw Poison(exception);
            }
        }
    }

    /// <summary>Makes everything that was appended durable.</summary>
    /// <exception cref="LogPoisonedException">This flush failed, or an earlier write had.</exception>
    public void Flush()
    {
        ThrowIfPoisoned();
        lock (_writing)
        {
            if (_durableEnd == _end)
            {
                return;
            }

            try
            {
                FlushCurrent();
            }
            catch (Exception exception)
            {
                throw Poison(exception);
            }
        }
    }

    /// <summary>Goes on in a new file, so that those before can be deleted once their events are elsewhere. For any thread.</summary>
    /// <returns>Where the new file begins: at <see cref="End"/>.</returns>
    /// <exception cref="LogPoisonedException">A write failed, now or earlier.</exception>
    public LogPosition Roll()
    {
        ThrowIfPoisoned();
        lock (_writing)
        {
            try
            {
                if (Current.First != End)
                {
                    Roll(WriteAheadFormat.FrameLength(0));
                }

                return End;
            }
            catch (Exception exception)
            {
                throw Poison(exception);
            }
        }
    }

    /// <summary>Makes everything durable and writes down that it is, so that damage to any of it will be found.</summary>
    /// <exception cref="LogPoisonedException">A write failed, now or earlier.</exception>
    public void Close()
    {
        Flush();
        MarkDurable();
    }

    /// <summary>Reads the groups that hold the events of a range.</summary>
    /// <param name="range">Between <see cref="Start"/> and <see cref="End"/>.</param>
    public WriteAheadReader Read(LogRange range)
    {
        ThrowIfPoisoned();
        ArgumentOutOfRangeException.ThrowIfGreaterThan(range.End, End, nameof(range));
        WriteAheadFile[] files = Volatile.Read(ref _files);
        ArgumentOutOfRangeException.ThrowIfLessThan(range.Start, files[0].First, nameof(range));
        return new WriteAheadReader(_storage, files, range);
    }

    /// <summary>Deletes the files that hold nothing at or after a position.</summary>
    /// <param name="sealedEnd">Up to where the events are durable elsewhere, and nobody reads them here any more.</param>
    /// <exception cref="StorageException">A file could not be deleted; it goes when the log is opened next.</exception>
    public void TruncateBefore(LogPosition sealedEnd)
    {
        ThrowIfPoisoned();
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sealedEnd, End);
        lock (_filesLock)
        {
            while (_files.Length > 1 && _files[1].First <= sealedEnd)
            {
                WriteAheadFile oldest = _files[0];
                Volatile.Write(ref _files, _files[1..]);
                _storage.Delete(oldest.Path);
            }
        }
    }

    /// <summary>Sees to it that no file stays that holds nothing at or after a position, durably; also what an earlier attempt could not delete.</summary>
    /// <param name="sealedEnd">Up to where the events are durable elsewhere, and nobody reads them here any more.</param>
    /// <exception cref="StorageException">The disk refused. What was not deleted goes with another call, or when the log is opened next.</exception>
    public void DeleteBefore(LogPosition sealedEnd)
    {
        TruncateBefore(sealedEnd);
        lock (_writing)
        {
            HashSet<string> used = [.. _files.Select(f => f.Path)];
            foreach (string path in _storage.List(WriteAheadFormat.Folder).Select(f => $"{WriteAheadFormat.Folder}/{f}").Where(p => !used.Contains(p)))
            {
                _storage.Delete(path);
            }
        }

        _storage.FlushFolder(WriteAheadFormat.Folder);
    }

    /// <summary>Lets go of the file, and does nothing else: what was not flushed is as safe as before.</summary>
    public void Dispose()
    {
        _failure ??= new ObjectDisposedException(nameof(WriteAheadLog));
        _handle.Dispose();
    }

    private void FlushCurrent()
    {
        _handle.Flush();
        Volatile.Write(ref _durableEnd, _end);
    }

    private void MarkDurable()
    {
        if (_marked)
        {
            return;
        }

        try
        {
            WriteMark(WriteAheadFrameKind.Durable);
            _handle.Flush();
            _marked = true;
        }
        catch (Exception exception)
        {
            throw Poison(exception);
        }
    }

    private void Roll(long frameLength)
    {
        FlushCurrent();
        long length = Math.Max(_options.FileLength, WriteAheadFormat.FileHeaderLength + frameLength + RoomForMarks);
        (WriteAheadFile file, IStorageFile handle) = WriteAheadFile.Create(_storage, _storeId, End, length);
        try
        {
            // Only now, when the next file is durable: a file that says it goes on is damage where it does not.
            WriteMark(WriteAheadFrameKind.Rolled);
            _handle.Flush();
        }
        catch
        {
            handle.Dispose();
            throw;
        }

        _handle.Dispose();
        _handle = handle;
        _offset = WriteAheadFormat.FileHeaderLength;
        lock (_filesLock)
        {
            Volatile.Write(ref _files, [.. _files, file]);
        }
    }

    private void WriteMark(WriteAheadFrameKind kind) =>
        Write(new WriteAheadFrame(End, 0, 0, default) { DurableEnd = DurableEnd, Kind = kind }, default);

    private void Write(in WriteAheadFrame frame, ReadOnlySpan<byte> payload)
    {
        int length = (int)WriteAheadFormat.FrameLength(payload.Length);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(length);
        WriteAheadFormat.WriteFrame(buffer.AsSpan(0, length), Current.Seed, frame, payload);
        _handle.Write(_offset, buffer.AsSpan(0, length));
        ArrayPool<byte>.Shared.Return(buffer);
        _offset += length;
    }

    private LogPoisonedException Poison(Exception cause)
    {
        _failure ??= cause;
        return LogPoisonedException.By(_failure, DurableEnd);
    }

    private void ThrowIfPoisoned()
    {
        if (_failure is { } failure)
        {
            ObjectDisposedException.ThrowIf(failure is ObjectDisposedException, this);
            throw LogPoisonedException.By(failure, DurableEnd);
        }
    }
}
