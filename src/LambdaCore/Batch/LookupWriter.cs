using System.Buffers.Binary;
using System.Security.Cryptography;
using LambdaCore.Storage;
using LambdaCore.Values;

namespace LambdaCore.Batch;

/// <summary>Writes a lookup file (<see cref="LookupFooter"/> has the format) from rows that come in the order of their
/// keys. Rows go straight to the file; memory stays bounded by some 70 MiB for any number of them.</summary>
/// <remarks>Not thread-safe. Disposing before <see cref="Complete"/> deletes the file.</remarks>
internal sealed class LookupWriter : IDisposable
{
    private const int BufferLength = 32 * LookupFooter.BlockLength;
    private const long OffsetLimit = 1L << LookupFooter.OffsetBits;

    /// <summary>Two thirds of the homes are taken: about two probes for a key that is there, five for one that is not.</summary>
    private const double HomesPerRow = 1.5;

    private readonly ScratchFile _file;
    private readonly LookupSlots _slots;
    private readonly IncrementalHash _sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] _fingerprint;
    private readonly LogRange _range;
    private readonly byte[] _buffer = new byte[BufferLength];
    private readonly List<uint> _checksums = [];
    private readonly List<(long Offset, long RowsBefore)> _index = [];
    private readonly ByteWriter _lastKey = new();
    private int _filled;
    private long _flushed;
    private long _rows;
    private bool _isComplete;

    /// <summary>Begins a file.</summary>
    /// <param name="scratchPath">A physical path that no file has, to be adopted by the storage afterwards.</param>
    /// <param name="fingerprint">What the view is; a file of another fingerprint is refused when opened.</param>
    /// <param name="range">The events that the states are the fold of.</param>
    /// <param name="expectedRows">About how many rows will be added, to have room for.</param>
    public LookupWriter(string scratchPath, string fingerprint, LogRange range, long expectedRows)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(expectedRows);
        _fingerprint = LookupFooter.Digest(fingerprint);
        _range = range;
        _file = new ScratchFile(scratchPath);
        _slots = new LookupSlots(scratchPath + ".slots", expectedRows);
        // So that no row has offset 0, which is an empty slot if the hash ends in zeros.
        AppendZeros(LookupFooter.SectionAlignment);
    }

    private static ReadOnlySpan<byte> Zeros => [0, 0, 0, 0, 0, 0, 0, 0];

    private long Position => _flushed + _filled;

    /// <summary>Adds a row.</summary>
    /// <param name="key">The key; greater than the one before, byte by byte.</param>
    /// <param name="state">The state; may be empty.</param>
    /// <exception cref="InvalidOperationException">The key is not greater than the one before.</exception>
    public void Add(ReadOnlySpan<byte> key, ReadOnlySpan<byte> state)
    {
        if (_rows > 0 && key.SequenceCompareTo(_lastKey.Written) <= 0)
        {
            throw new InvalidOperationException(
                $"Row {_rows} of a lookup file has the key {Convert.ToHexString(key)}, which is not greater than {Convert.ToHexString(_lastKey.Written)} before it. The query that gives the rows must group and order by the key.");
        }

        _lastKey.Clear();
        _lastKey.WriteRaw(key);
        Span<byte> lengths = stackalloc byte[10];
        lengths = lengths[..WriteVarint(lengths, (ulong)key.Length + 1)];
        Span<byte> stateLength = stackalloc byte[5];
        stateLength = stateLength[..WriteVarint(stateLength, (uint)state.Length)];
        long length = (long)lengths.Length + stateLength.Length + key.Length + state.Length;
        if (length > LeftInBlock())
        {
            Pad(LookupFooter.BlockLength);
        }

        long offset = Position;
        if (offset + length > OffsetLimit)
        {
            throw new LambdaCoreException($"A lookup file would exceed {OffsetLimit} bytes at row {_rows}. Divide the view.");
        }

        if (_index.Count == 0 || _index[^1].Offset >> LookupFooter.BlockShift != offset >> LookupFooter.BlockShift)
        {
            _index.Add((offset, _rows));
        }

        Append(lengths);
        Append(stateLength);
        Append(key);
        Append(state);
        _slots.Add(XxHash64.Hash(key), offset);
        _rows++;
    }

    /// <summary>Writes the rest and closes the file.</summary>
    /// <returns>The file's length in bytes, and its SHA-256 in lower-case hexadecimal digits.</returns>
    public (long Length, string Sha256) Complete()
    {
        long rowsEnd = Position;
        Pad(LookupFooter.SectionAlignment);
        long slotsOffset = Position;
        long homeCount = (long)(_rows * HomesPerRow);
        long slotCount = WriteSlots(homeCount);
        Pad(LookupFooter.SectionAlignment);
        long indexOffset = Position;
        WriteIndex();
        FlushBlocks();
        byte[] checksums = WriteChecksums();
        var footer = new LookupFooter
        {
            Fingerprint = _fingerprint,
            Range = _range,
            RowCount = _rows,
            RowsEnd = rowsEnd,
            SlotsOffset = slotsOffset,
            HomeCount = homeCount,
            SlotCount = slotCount,
            IndexOffset = indexOffset,
            IndexCount = _index.Count,
            ChecksumsChecksum = Crc32C.Of(checksums),
        };
        byte[] end = new byte[LookupFooter.Length];
        footer.Write(end);
        Write(end);
        _isComplete = true;
        _file.Dispose();
        return (_file.Length, Convert.ToHexStringLower(_sha256.GetHashAndReset()));
    }

    /// <summary>Closes the file, and deletes it if it is not complete.</summary>
    public void Dispose()
    {
        _slots.Dispose();
        _sha256.Dispose();
        if (!_isComplete)
        {
            _file.Delete();
        }
    }

    private long WriteSlots(long homeCount)
    {
        long next = 0;
        _slots.Visit(entries =>
        {
            Span<byte> slot = stackalloc byte[LookupFooter.SlotLength];
            foreach (LookupSlots.Entry entry in entries)
            {
                long home = (long)Math.BigMul(entry.Hash, (ulong)homeCount, out _);
                for (; next < home; next++)
                {
                    AppendZeros(LookupFooter.SlotLength);
                }

                BinaryPrimitives.WriteUInt64LittleEndian(slot, (entry.Hash << LookupFooter.OffsetBits) | (ulong)entry.Offset);
                Append(slot);
                next++;
            }
        });
        // Every probe ends at an empty slot, at the latest at this last one.
        for (long end = Math.Max(next, homeCount) + 1; next < end; next++)
        {
            AppendZeros(LookupFooter.SlotLength);
        }

        return next;
    }

    private void WriteIndex()
    {
        Span<byte> entry = stackalloc byte[LookupFooter.IndexEntryLength];
        foreach ((long offset, long rowsBefore) in _index)
        {
            BinaryPrimitives.WriteInt64LittleEndian(entry, offset);
            BinaryPrimitives.WriteInt64LittleEndian(entry[sizeof(long)..], rowsBefore);
            Append(entry);
        }
    }

    private byte[] WriteChecksums()
    {
        byte[] checksums = new byte[_checksums.Count * sizeof(uint)];
        for (int block = 0; block < _checksums.Count; block++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(checksums.AsSpan(block * sizeof(uint)), _checksums[block]);
        }

        Write(checksums);
        return checksums;
    }

    private int LeftInBlock() => LookupFooter.BlockLength - (_filled & (LookupFooter.BlockLength - 1));

    private void Pad(int alignment) => AppendZeros((int)(-Position & (alignment - 1)));

    private void AppendZeros(int count)
    {
        for (int left = count; left > 0; left -= Zeros.Length)
        {
            Append(Zeros[..Math.Min(left, Zeros.Length)]);
        }
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > _buffer.Length - _filled)
        {
            int room = _buffer.Length - _filled;
            bytes[..room].CopyTo(_buffer.AsSpan(_filled));
            _filled += room;
            bytes = bytes[room..];
            FlushBlocks();
        }

        bytes.CopyTo(_buffer.AsSpan(_filled));
        _filled += bytes.Length;
    }

    /// <summary>Writes the buffer with the checksums of its blocks; only the file's last block may be shorter.</summary>
    private void FlushBlocks()
    {
        ReadOnlySpan<byte> blocks = _buffer.AsSpan(0, _filled);
        Write(blocks);
        _flushed += _filled;
        _filled = 0;
        while (blocks.Length > 0)
        {
            ReadOnlySpan<byte> block = blocks[..Math.Min(blocks.Length, LookupFooter.BlockLength)];
            _checksums.Add(Crc32C.Of(block));
            blocks = blocks[block.Length..];
        }
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        _sha256.AppendData(bytes);
        _file.Append(bytes);
    }

    private static int WriteVarint(Span<byte> destination, ulong value)
    {
        int length = 0;
        while (value >= 0x80)
        {
            destination[length++] = (byte)(value | 0x80);
            value >>= 7;
        }

        destination[length++] = (byte)value;
        return length;
    }
}
