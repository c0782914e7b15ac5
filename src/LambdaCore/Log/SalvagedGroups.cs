using System.Buffers.Binary;
using LambdaCore.Storage;

namespace LambdaCore.Log;

/// <summary>Where a sound group stands in a write-ahead file.</summary>
/// <param name="Path">The file.</param>
/// <param name="Seed">What seeds the checksums of its frames.</param>
/// <param name="Offset">The frame.</param>
/// <param name="Range">The events.</param>
internal readonly record struct SalvagedGroup(string Path, uint Seed, long Offset, LogRange Range);

/// <summary>The groups that can still be read from write-ahead files, whatever stands between them.</summary>
/// <remarks>
/// A frame says itself which positions it holds, and its checksums are seeded by the header of its file. So behind damage the next frame is found at the next
/// place, a multiple of eight, where one is sound; bytes of a payload or of another file are never taken for one. A header that is damaged follows from the store's
/// id, the file's name and its length.
/// </remarks>
internal sealed class SalvagedGroups
{
    private readonly IStorage _storage;
    private readonly Guid? _storeId;
    private readonly List<SalvagedDamage> _damage;
    private readonly List<SalvagedGroup> _groups = [];
    private readonly List<LogPosition> _rolledTo = [];

    private SalvagedGroups(IStorage storage, Guid? storeId, List<SalvagedDamage> damage)
    {
        _storage = storage;
        _storeId = storeId;
        _damage = damage;
    }

    /// <summary>The groups in the order of the log.</summary>
    public IReadOnlyList<SalvagedGroup> Groups => _groups;

    /// <summary>Up to where the log was durable, as far as any frame says.</summary>
    public LogPosition DurableEnd { get; private set; }

    /// <summary>Reads all write-ahead files; nothing is changed.</summary>
    /// <param name="storage">The damaged store.</param>
    /// <param name="storeId">Its id; null if it is not known.</param>
    /// <param name="sealedEnd">Where the master dataset ended.</param>
    /// <param name="damage">Takes in what is wrong.</param>
    public static SalvagedGroups Of(IStorage storage, Guid? storeId, LogPosition sealedEnd, List<SalvagedDamage> damage)
    {
        SalvagedGroups found = new(storage, storeId, damage);
        HashSet<LogPosition> starts = [];
        foreach (string name in storage.List(WriteAheadFormat.Folder).Where(f => f.EndsWith(".wal", StringComparison.Ordinal)))
        {
            found.Read($"{WriteAheadFormat.Folder}/{name}", name, starts);
        }

        if (starts.Count == 0)
        {
            damage.Add(new SalvagedDamage(WriteAheadFormat.PathOf(sealedEnd), "there is no usable write-ahead file, so that nobody can tell how many events there were after the last segment", null));
        }

        foreach (LogPosition missing in found._rolledTo.Where(p => p >= sealedEnd && !starts.Contains(p)))
        {
            damage.Add(new SalvagedDamage(WriteAheadFormat.PathOf(missing), "the file is missing", null));
        }

        found._groups.Sort((left, right) => left.Range.Start.CompareTo(right.Range.Start));
        return found;
    }

    private void Read(string path, string name, HashSet<LogPosition> starts)
    {
        try
        {
            using IStorageFile file = _storage.Open(path, FileAccess.Read);
            byte[] header = new byte[WriteAheadFormat.FileHeaderLength];
            int length = file.Read(0, header);
            if (WriteAheadFormat.TryReadFileHeader(header.AsSpan(0, length), out WriteAheadFileHeader decoded))
            {
                if (decoded.StoreId != (_storeId ?? decoded.StoreId))
                {
                    _damage.Add(new SalvagedDamage(path, $"it belongs to the store {decoded.StoreId}, and this is the store {_storeId}", null));
                    return;
                }

                WriteAheadFormat.ThrowIfUnknown(decoded.Version, path);
                starts.Add(decoded.First);
                CheckFrame(path, name, file, decoded);
                Scan(path, file, decoded.Checksum);
                return;
            }

            bool isUsed = SeedsOf(header, name, file.Length).Distinct().Any(seed => Scan(path, file, seed));
            if (isUsed && WriteAheadFormat.TryParseName(name, out LogPosition first))
            {
                starts.Add(first);
            }

            _damage.Add(new SalvagedDamage(path, $"its header is damaged{(isUsed ? "; it could be restored" : "")}", null));
        }
        catch (StorageException error)
        {
            _damage.Add(new SalvagedDamage(path, error.Message, null));
        }
    }

    private void CheckFrame(string path, string name, IStorageFile file, WriteAheadFileHeader header)
    {
        if (WriteAheadFormat.TryParseName(name, out LogPosition named) && named != header.First)
        {
            _damage.Add(new SalvagedDamage(path, $"it has another file's name; it begins at position {header.First}", null));
        }

        if (file.Length < header.FileLength)
        {
            _damage.Add(new SalvagedDamage(path, $"it was cut; its length was {header.FileLength}", null));
        }
    }

    /// <summary>What may have seeded the checksums of a file whose header is damaged: what stands there, or what must have stood there.</summary>
    private IEnumerable<uint> SeedsOf(byte[] header, string name, long length)
    {
        yield return BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(^sizeof(uint)));
        if (_storeId is { } id && WriteAheadFormat.TryParseName(name, out LogPosition first))
        {
            yield return WriteAheadFormat.WriteFileHeader(new byte[WriteAheadFormat.FileHeaderLength], id, first, length);
        }
    }

    /// <summary>Takes in all sound groups of a file.</summary>
    /// <returns>False if there is no frame at all.</returns>
    private bool Scan(string path, IStorageFile file, uint seed)
    {
        WriteAheadScanner scanner = new(file, seed);
        long offset = WriteAheadFormat.FileHeaderLength;
        long expected = offset;
        bool any = false;
        while (scanner.TryFind(ref offset, out WriteAheadFrame frame, out bool isSound))
        {
            any = true;
            ReportGap(path, expected, offset);
            DurableEnd = LogPosition.Max(DurableEnd, frame.DurableEnd);
            LogRange range = new(frame.First, frame.End);
            if (!isSound)
            {
                _damage.Add(new SalvagedDamage(path, $"the frame at byte {offset} is not sound", range));
            }
            else if (frame.Kind == WriteAheadFrameKind.Rolled)
            {
                _rolledTo.Add(frame.End);
            }
            else if (frame.Count > 0)
            {
                _groups.Add(new SalvagedGroup(path, seed, offset, range));
            }

            // Behind a frame whose payload is damaged another may begin within what it says is its length.
            expected = offset + frame.Length;
            offset += isSound ? frame.Length : WriteAheadFormat.FrameHeaderLength;
        }

        if (any || expected == WriteAheadFormat.FileHeaderLength)
        {
            ReportGap(path, expected, offset);
        }

        return any;
    }

    private void ReportGap(string path, long expected, long offset)
    {
        if (offset > expected)
        {
            _damage.Add(new SalvagedDamage(path, $"there is no sound frame from byte {expected} to {offset}", null));
        }
    }
}
