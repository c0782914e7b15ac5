using System.Runtime.CompilerServices;
using LambdaCore.Storage;

namespace LambdaCore.Log;

/// <summary>What is in the write-ahead files when a log is opened, and what must be done to go on with it.</summary>
/// <remarks>
/// <para>
/// <see cref="Scan"/> only reads, so a log that is refused is left as it was found. The end of the last file is where
/// its frames stop being sound and contiguous. Whether that is a torn tail or damage is told by what lies behind: every
/// frame names the end up to which the log was durable when it was written, so a sound frame there that names a later
/// end than the one found proves that acknowledged events are gone.
/// </para>
/// <para>
/// A torn tail is overwritten with zeros, durably, before the log goes on in the same place. So no frame of an earlier
/// life can ever stand behind a new one and be taken for its continuation.
/// </para>
/// </remarks>
internal sealed class WriteAheadRecovery
{
    private readonly IStorage _storage;
    private readonly List<string> _obsolete = [];
    private string? _unfinished;
    private (WriteAheadFile File, bool IsRolled, long MarkOffset, LogPosition End)? _before;
    private long _unsureOffset;
    private long _contentEnd;

    private WriteAheadRecovery(IStorage storage, LogPosition sealedEnd)
    {
        _storage = storage;
        End = sealedEnd;
    }

    /// <summary>The files before the last, in order.</summary>
    public IReadOnlyList<WriteAheadFile> Files { get; private set; } = [];

    /// <summary>The file in which the log goes on; null when it begins a new one at <see cref="End"/>.</summary>
    public WriteAheadFile? Last { get; private set; }

    /// <summary>Where in the last file the next frame goes.</summary>
    public long Offset { get; private set; } = WriteAheadFormat.FileHeaderLength;

    /// <summary>The first position after the log.</summary>
    public LogPosition End { get; private set; }

    /// <summary>Whether the last frame says that all before it is durable, or there is no frame.</summary>
    public bool EndsWithMark { get; private set; } = true;

    /// <summary>Whether there is any file whose header is sound.</summary>
    public bool HasFile { get; private set; }

    /// <summary>Reads all files and decides.</summary>
    public static WriteAheadRecovery Scan(IStorage storage, Guid storeId, LogPosition sealedEnd)
    {
        var recovery = new WriteAheadRecovery(storage, sealedEnd);
        List<WriteAheadFile> files = recovery.ReadHeaders(storeId, sealedEnd);
        recovery.HasFile = files.Count > 0;
        if (recovery.HasFile)
        {
            recovery.ScanFrames(files, sealedEnd);
        }

        return recovery;
    }

    /// <summary>Makes sure that what was found is on the medium, and that nothing lies behind it.</summary>
    /// <param name="last">The last file, open for writing.</param>
    [MethodImpl(MethodImplOptions.NoInlining)] // Tests know the flush by its caller.
    public void MakeDurable(IStorageFile last)
    {
        // What the last process wrote and did not flush may be in the operating system's cache only; and after a
        // failed flush it may be there, marked as written, without being on the medium. Writing it again is the one
        // way to have the next flush mean it.
        byte[] chunk = new byte[Math.Min(64 * 1024, _contentEnd - _unsureOffset)];
        for (long offset = _unsureOffset; offset < Offset; offset += chunk.Length)
        {
            Span<byte> bytes = chunk.AsSpan(0, (int)Math.Min(chunk.Length, Offset - offset));
            last.Read(offset, bytes);
            last.Write(offset, bytes);
        }

        Array.Clear(chunk);
        for (long offset = Offset; offset < _contentEnd; offset += chunk.Length)
        {
            last.Write(offset, chunk.AsSpan(0, (int)Math.Min(chunk.Length, _contentEnd - offset)));
        }

        if (_unsureOffset < _contentEnd)
        {
            last.Flush();
            _storage.FlushFolder(WriteAheadFormat.Folder);
        }
    }

    /// <summary>
    /// Lets the file before the last say that the log goes on, if a crash came before it could: else nobody would miss the last one. Comes when the last one is durable.
    /// A frame in the last one proves that the mark was durable before; without one, it may be in the operating system's cache only.
    /// </summary>
    public void MarkRolled()
    {
        if (_before is { } before && (!before.IsRolled || Offset == WriteAheadFormat.FileHeaderLength))
        {
            byte[] mark = new byte[WriteAheadFormat.FrameLength(0)];
            WriteAheadFormat.WriteFrame(
                mark, before.File.Seed, new WriteAheadFrame(before.End, 0, 0, default) { DurableEnd = before.End, Kind = WriteAheadFrameKind.Rolled }, default);
            using IStorageFile handle = _storage.Open(before.File.Path, FileAccess.ReadWrite);
            handle.Write(before.MarkOffset, mark);
            handle.Flush();
        }
    }

    /// <summary>Deletes a file that a crash left half made; its name may be needed next.</summary>
    public void DeleteUnfinished()
    {
        if (_unfinished is not null)
        {
            _storage.Delete(_unfinished);
        }
    }

    /// <summary>Deletes the files of which nothing is needed any more, when the log can go on without them.</summary>
    public void DeleteObsolete() => _obsolete.ForEach(_storage.Delete);

    private List<WriteAheadFile> ReadHeaders(Guid storeId, LogPosition sealedEnd)
    {
        List<LogPosition> starts = [];
        foreach (string name in _storage.List(WriteAheadFormat.Folder))
        {
            if (WriteAheadFormat.TryParseName(name, out LogPosition first))
            {
                starts.Add(first);
            }
        }

        // A crash while the newest was made leaves the log in the one before, which is needed then, however much of it is sealed.
        WriteAheadFile? newest = starts.Count == 0 ? null : ReadHeader(starts[^1], storeId, isNewest: true);
        if (newest is null)
        {
            starts.RemoveRange(Math.Max(0, starts.Count - 1), Math.Min(1, starts.Count));
        }

        // A file ends where the next one begins, so what is sealed entirely need not even be sound.
        int obsolete = Math.Max(0, starts.FindLastIndex(first => first <= sealedEnd));
        _obsolete.AddRange(starts.Take(obsolete).Select(WriteAheadFormat.PathOf));
        return [.. starts.Skip(obsolete).Select(first => first == newest?.First ? newest : ReadHeader(first, storeId, isNewest: false)!)];
    }

    private WriteAheadFile? ReadHeader(LogPosition first, Guid storeId, bool isNewest)
    {
        string path = WriteAheadFormat.PathOf(first);
        using IStorageFile handle = _storage.Open(path, FileAccess.Read);
        Span<byte> bytes = stackalloc byte[WriteAheadFormat.FileHeaderLength];
        bytes = bytes[..handle.Read(0, bytes)];
        if (WriteAheadFormat.TryReadFileHeader(bytes, out WriteAheadFileHeader header))
        {
            Check(path, header, first, storeId, handle.Length);
            return new WriteAheadFile(path, first, header.FileLength, header.Checksum);
        }

        if (!isNewest || !IsUnfinished(handle, bytes))
        {
            throw LogCorruptException.Damaged(path, 0, new LogRange(first, first), "the header of the file is not sound");
        }

        // A crash while the file was made, before anything could be written to it. It goes before the log does on,
        // because its name will be needed.
        _unfinished = path;
        return null;
    }

    private static bool IsUnfinished(IStorageFile handle, ReadOnlySpan<byte> header)
    {
        bool empty = !header.ContainsAnyExcept((byte)0);
        bool wholeHeader = header.Length == WriteAheadFormat.FileHeaderLength;
        return (empty || wholeHeader)
            && new WriteAheadScanner(handle, 0).LookBehind(header.Length).ContentEnd == header.Length;
    }

    private static void Check(string path, WriteAheadFileHeader header, LogPosition first, Guid storeId, long length)
    {
        WriteAheadFormat.ThrowIfUnknown(header.Version, path);
        if (header.StoreId != storeId)
        {
            throw new LambdaCoreException(
                $"The write-ahead file '{path}' belongs to the store {header.StoreId}, and this is the store {storeId}. Move the file back to where it belongs; each store keeps its own folder.");
        }

        if (header.First != first)
        {
            throw LogCorruptException.Damaged(path, 0, new LogRange(first, first), $"the file has another one's name; it begins at position {header.First}");
        }

        if (length < header.FileLength)
        {
            throw LogCorruptException.Damaged(path, length, new LogRange(first, first), $"the file was cut; its length was {header.FileLength}");
        }
    }

    private void ScanFrames(List<WriteAheadFile> files, LogPosition sealedEnd)
    {
        if (files[0].First > sealedEnd)
        {
            throw LogCorruptException.Missing(WriteAheadFormat.PathOf(sealedEnd), new LogRange(sealedEnd, files[0].First));
        }

        End = files[0].First;
        for (int index = 0; index < files.Count; index++)
        {
            LogPosition? next = index + 1 < files.Count ? files[index + 1].First : null;
            ScanFile(files[index], next, sealedEnd);
        }

        if (End < sealedEnd)
        {
            // Events can be sealed before they are flushed here. A power cut took them from here; they are safe.
            _obsolete.AddRange(files.Select(file => file.Path));
            End = sealedEnd;
            Offset = WriteAheadFormat.FileHeaderLength;
            return;
        }

        Files = files[..^1];
        Last = files[^1];
    }

    private void ScanFile(WriteAheadFile file, LogPosition? next, LogPosition sealedEnd)
    {
        using IStorageFile handle = _storage.Open(file.Path, FileAccess.Read);
        var scanner = new WriteAheadScanner(handle, file.Seed);
        bool rolled = ScanSoundFrames(scanner);
        LogPosition lostFrom = LogPosition.Max(End, sealedEnd);
        if (next is null)
        {
            (_contentEnd, LogPosition durableEnd) = scanner.LookBehind(Offset);
            if (durableEnd > lostFrom)
            {
                throw LogCorruptException.Damaged(file.Path, Offset, new LogRange(lostFrom, durableEnd), "there is no sound frame");
            }
        }

        if (End > next)
        {
            throw LogCorruptException.Damaged(file.Path, Offset, new LogRange(next.Value, End), $"the file goes on into the one that begins at position {next}");
        }

        _before = next is null ? _before : (file, rolled, rolled ? Offset - WriteAheadFormat.FrameLength(0) : Offset, End);
        if (rolled && End != next)
        {
            throw LogCorruptException.Missing(WriteAheadFormat.PathOf(End), new LogRange(lostFrom, next ?? lostFrom));
        }

        if (End < next)
        {
            throw LogCorruptException.Damaged(file.Path, Offset, new LogRange(lostFrom, next.Value), "there is no sound frame");
        }
    }

    /// <summary>Follows the frames of one file as long as they are sound and contiguous; true if the file says that the
    /// log goes on in another.</summary>
    private bool ScanSoundFrames(WriteAheadScanner scanner)
    {
        var ends = new Queue<(LogPosition End, long Offset)>();
        bool rolled = false;
        Offset = WriteAheadFormat.FileHeaderLength;
        EndsWithMark = true;

        // The header and the name were durable before the first frame was written; without one, who knows.
        _unsureOffset = scanner.TryRead(Offset, out _) ? Offset : 0;
        while (scanner.TryRead(Offset, out WriteAheadFrame frame) && frame.First == End)
        {
            // A frame speaks for those before it and not for itself: the flush behind it may have failed.
            while (ends.TryPeek(out (LogPosition End, long Offset) oldest) && oldest.End <= frame.DurableEnd)
            {
                _unsureOffset = ends.Dequeue().Offset;
            }

            Offset += frame.Length;
            End = frame.End;
            EndsWithMark = frame.Kind != WriteAheadFrameKind.Group;
            rolled = frame.Kind == WriteAheadFrameKind.Rolled;
            ends.Enqueue((End, Offset));
        }

        return rolled;
    }
}
