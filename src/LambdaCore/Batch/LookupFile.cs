using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using LambdaCore.Storage;

namespace LambdaCore.Batch;

/// <summary>A mapped lookup file: from encoded key to encoded state, immutable. A point read takes two memory accesses, one
/// to the slots and one to the row; opening reads the footer and the checksums (four bytes per 32 KiB) only.</summary>
/// <remarks>
/// <para>A block is verified against its checksum when it is touched for the first time, so a damaged file gives the right
/// answer or a <see cref="LookupDamagedException"/>, never another answer. Two threads that touch a block at the same time
/// both verify it.</para>
/// <para>All members may be called from any thread. Spans point into the file: they end with <see cref="Dispose"/>, which
/// must not be called while somebody reads.</para>
/// </remarks>
internal sealed unsafe partial class LookupFile : IDisposable
{
    private readonly IMappedFile _file;
    private readonly string _path;
    private readonly LookupFooter _footer;
    private readonly byte* _start;
    private readonly ulong[] _verified;
    private readonly long _slotsEnd;

    private LookupFile(IMappedFile file, string path, LookupFooter footer)
    {
        _file = file;
        _path = path;
        _footer = footer;
        _start = file.Pointer;
        _verified = new ulong[(footer.BlockCount + 63) / 64];
        _slotsEnd = footer.SlotsOffset + (footer.SlotCount * LookupFooter.SlotLength);
    }

    /// <summary>The file's name in the store.</summary>
    public string Path => _path;

    /// <summary>The number of rows.</summary>
    public long Count => _footer.RowCount;

    /// <summary>The length of the file in bytes.</summary>
    public long Length => _file.Length;

    /// <summary>Opens a file.</summary>
    /// <param name="file">The file; it belongs to the lookup file from here on, also when this fails.</param>
    /// <param name="path">Its name in the store, for messages.</param>
    /// <param name="fingerprint">The view that it must be of.</param>
    /// <param name="range">The events that its states must be the fold of.</param>
    /// <exception cref="LookupDamagedException">It is no whole lookup file.</exception>
    /// <exception cref="LambdaCoreException">It is of another view or range.</exception>
    public static LookupFile Open(IMappedFile file, string path, string fingerprint, LogRange range)
    {
        try
        {
            LookupFooter footer = LookupFooter.Read(file, path);
            if (!footer.Fingerprint.AsSpan().SequenceEqual(LookupFooter.Digest(fingerprint)) || footer.Range != range)
            {
                throw new LambdaCoreException(
                    $"The lookup file '{path}' belongs to another view, or to another version of it: it holds the events {footer.Range}, and {range} with the fingerprint '{fingerprint}' is wanted. Delete the view's folder; the view is computed anew from the log.");
            }

            var lookup = new LookupFile(file, path, footer);
            lookup.VerifyChecksums();
            return lookup;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Finds the state of a key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="hash">Its <see cref="Values.XxHash64"/>.</param>
    /// <param name="state">The state, within the file.</param>
    /// <returns>False if there is none.</returns>
    public bool TryGet(ReadOnlySpan<byte> key, ulong hash, out ReadOnlySpan<byte> state)
    {
        long home = (long)Math.BigMul(hash, (ulong)_footer.HomeCount, out _);
        long at = _footer.SlotsOffset + (home * LookupFooter.SlotLength);
        Touch(at);
        while (true)
        {
            ulong slot = BinaryPrimitives.ReadUInt64LittleEndian(new ReadOnlySpan<byte>(_start + at, LookupFooter.SlotLength));
            if (slot == 0)
            {
                state = default;
                return false;
            }

            if (slot >> LookupFooter.OffsetBits == (hash & TagMask))
            {
                Row row = ReadRow((long)(slot & OffsetMask));
                if (row.Key.SequenceEqual(key))
                {
                    state = row.State;
                    return true;
                }
            }

            at += LookupFooter.SlotLength;
            if ((at & BlockMask) == 0)
            {
                Touch(at);
            }

            if (at >= _slotsEnd)
            {
                ThrowDamaged(_slotsEnd, "the last slot is not empty");
            }
        }
    }

    /// <summary>Verifies the whole file, whatever of it was verified before.</summary>
    /// <exception cref="LookupDamagedException">It is damaged.</exception>
    public void VerifyAll()
    {
        VerifyChecksums();
        for (long block = 0; block < _footer.BlockCount; block++)
        {
            Verify(block);
        }
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();

    private const ulong TagMask = (1UL << (64 - LookupFooter.OffsetBits)) - 1;
    private const ulong OffsetMask = (1UL << LookupFooter.OffsetBits) - 1;
    private const long BlockMask = LookupFooter.BlockLength - 1;

    /// <summary>Reads the row that begins at an offset.</summary>
    private Row ReadRow(long offset)
    {
        if (offset < LookupFooter.SectionAlignment || offset >= _footer.RowsEnd)
        {
            ThrowDamaged(0, $"a row is said to be at byte {offset}");
        }

        Touch(offset);
        byte* at = _start + offset;
        long keyLength = (long)ReadVarint(ref at) - 1;
        long stateLength = (long)ReadVarint(ref at);
        long end = at - _start + keyLength + stateLength;
        if (keyLength is < 0 or > int.MaxValue || stateLength > int.MaxValue || end > _footer.RowsEnd)
        {
            ThrowDamaged(offset, "there is no row where one should begin");
        }

        for (long block = (offset >> LookupFooter.BlockShift) + 1; block << LookupFooter.BlockShift < end; block++)
        {
            Touch(block << LookupFooter.BlockShift);
        }

        return new Row(at, (int)keyLength, (int)stateLength, end);
    }

    private static ulong ReadVarint(ref byte* at)
    {
        ulong value = *at++;
        if (value < 0x80)
        {
            return value;
        }

        value &= 0x7F;
        for (int shift = 7; shift < 35; shift += 7)
        {
            ulong next = *at++;
            value |= (next & 0x7F) << shift;
            if (next < 0x80)
            {
                break;
            }
        }

        return value;
    }

    /// <summary>Makes sure that the block of an offset is what was written.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Touch(long offset)
    {
        long block = offset >> LookupFooter.BlockShift;
        // A stale zero costs a verification; a one stays true, because the file never changes.
        if ((_verified[block >> 6] & (1UL << (int)block)) == 0)
        {
            Verify(block);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Verify(long block)
    {
        long offset = block << LookupFooter.BlockShift;
        int length = (int)Math.Min(LookupFooter.BlockLength, _footer.ChecksumsOffset - offset);
        uint expected = BinaryPrimitives.ReadUInt32LittleEndian(_file.Slice(_footer.ChecksumsOffset + (block * sizeof(uint)), sizeof(uint)));
        if (!IsSoundBlock(_file.Slice(offset, length), expected))
        {
            ThrowDamaged(offset, $"the checksum of the {length} bytes from there on is wrong");
        }

        Interlocked.Or(ref _verified[block >> 6], 1UL << (int)block);
    }

    // On its own, so that tests can take it away and see that it is missed.
    private static bool IsSoundBlock(ReadOnlySpan<byte> block, uint expected) => Crc32C.Of(block) == expected;

    private void VerifyChecksums()
    {
        uint checksum = 0;
        long end = _footer.ChecksumsOffset + (_footer.BlockCount * sizeof(uint));
        for (long at = _footer.ChecksumsOffset; at < end;)
        {
            int length = (int)Math.Min(end - at, 1 << 30);
            checksum = Crc32C.Of(_file.Slice(at, length), checksum);
            at += length;
        }

        if (!AreSoundChecksums(checksum))
        {
            ThrowDamaged(_footer.ChecksumsOffset, "the checksum of its checksums is wrong");
        }
    }

    // On its own, so that tests can take it away and see that it is missed.
    private bool AreSoundChecksums(uint checksum) => checksum == _footer.ChecksumsChecksum;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ThrowDamaged(long offset, string what) => throw new LookupDamagedException(_path, offset, what);

    /// <summary>A verified row within the file.</summary>
    private readonly struct Row(byte* key, int keyLength, int stateLength, long end)
    {
        public ReadOnlySpan<byte> Key => new(key, keyLength);

        public ReadOnlySpan<byte> State => new(key + keyLength, stateLength);

        /// <summary>The offset of the first byte behind the row.</summary>
        public long End => end;
    }
}
