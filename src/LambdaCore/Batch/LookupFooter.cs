using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using LambdaCore.Storage;

namespace LambdaCore.Batch;

/// <summary>The end of a lookup file: what it is and where its sections are.</summary>
/// <remarks>
/// <para>The file, little-endian:</para>
/// <list type="number">
/// <item>Zeros up to <see cref="SectionAlignment"/>, then rows, ascending by key: varint (key length + 1), varint state length, key, state. A row lies within one block of
/// <see cref="BlockLength"/> bytes, or begins at a block's start when it is longer than that. Where the next row does not
/// fit, the rest of the block is zero.</item>
/// <item>Slots of 8 bytes: the row's offset in the low 40 bits, the low 24 bits of its key's XXH64 above; zero is empty.
/// A row's home is the upper half of hash x <see cref="HomeCount"/>; rows stand in the order of their hashes, each in its
/// home or, where that is taken, right behind; the last slot is empty.</item>
/// <item>Index, per block in which a row begins: the offset of the first such row, and the number of rows before it, 8
/// bytes each.</item>
/// <item>Checksums: the CRC-32C of each block of what lies before, the last one shorter.</item>
/// <item>This footer, which ends in version, CRC-32C of the footer up to there, and magic.</item>
/// </list>
/// <para>Sections begin at multiples of <see cref="SectionAlignment"/>, so that no slot and no index entry straddles two
/// blocks.</para>
/// </remarks>
internal sealed record LookupFooter
{
    /// <summary>The length of a block in bytes: what is verified at once, at its first touch.</summary>
    public const int BlockLength = 1 << BlockShift;

    /// <summary>The binary logarithm of <see cref="BlockLength"/>.</summary>
    public const int BlockShift = 15;

    /// <summary>Where the sections of slots and index may begin: a cache line.</summary>
    public const int SectionAlignment = 64;

    /// <summary>How many bits of a slot are the row's offset, so the rows may take 1 TiB.</summary>
    public const int OffsetBits = 40;

    /// <summary>The length of a slot in bytes.</summary>
    public const int SlotLength = sizeof(ulong);

    /// <summary>The length of an entry of the index in bytes.</summary>
    public const int IndexEntryLength = 2 * sizeof(long);

    /// <summary>The length of the footer in bytes.</summary>
    public const int Length = FingerprintLength + (Numbers * sizeof(long)) + (2 * sizeof(uint)) + sizeof(uint) + sizeof(ulong);

    private const int FingerprintLength = SHA256.HashSizeInBytes;
    private const int Numbers = 9;
    private const uint Version = 3;

    /// <summary>The SHA-256 of the view's fingerprint.</summary>
    public required byte[] Fingerprint { get; init; }

    /// <summary>The events that the states are the fold of.</summary>
    public required LogRange Range { get; init; }

    /// <summary>The number of rows.</summary>
    public required long RowCount { get; init; }

    /// <summary>Where the rows end; they begin at <see cref="SectionAlignment"/>.</summary>
    public required long RowsEnd { get; init; }

    /// <summary>Where the slots begin.</summary>
    public required long SlotsOffset { get; init; }

    /// <summary>How many slots are the home of rows.</summary>
    public required long HomeCount { get; init; }

    /// <summary>How many slots there are.</summary>
    public required long SlotCount { get; init; }

    /// <summary>Where the index begins.</summary>
    public required long IndexOffset { get; init; }

    /// <summary>How many entries the index has.</summary>
    public required long IndexCount { get; init; }

    /// <summary>The CRC-32C of the checksums.</summary>
    public required uint ChecksumsChecksum { get; init; }

    /// <summary>Where the checksums begin.</summary>
    public long ChecksumsOffset => IndexOffset + (IndexCount * IndexEntryLength);

    /// <summary>How many checksums there are.</summary>
    public long BlockCount => (ChecksumsOffset + BlockLength - 1) >> BlockShift;

    /// <summary>The length of the whole file in bytes.</summary>
    public long FileLength => ChecksumsOffset + (BlockCount * sizeof(uint)) + Length;

    private static ReadOnlySpan<byte> Magic => "LCLOOKUP"u8;

    /// <summary>The form in which a view's fingerprint is kept.</summary>
    public static byte[] Digest(string fingerprint) => SHA256.HashData(Encoding.UTF8.GetBytes(fingerprint));

    /// <summary>Writes the footer.</summary>
    /// <param name="destination"><see cref="Length"/> bytes.</param>
    public void Write(Span<byte> destination)
    {
        Fingerprint.CopyTo(destination);
        Span<byte> at = destination[FingerprintLength..];
        foreach (long number in (ReadOnlySpan<long>)[Range.Start.Value, Range.End.Value, RowCount, RowsEnd, SlotsOffset, HomeCount, SlotCount, IndexOffset, IndexCount])
        {
            BinaryPrimitives.WriteInt64LittleEndian(at, number);
            at = at[sizeof(long)..];
        }

        BinaryPrimitives.WriteUInt32LittleEndian(at, ChecksumsChecksum);
        BinaryPrimitives.WriteUInt32LittleEndian(at[4..], Version);
        BinaryPrimitives.WriteUInt32LittleEndian(at[8..], Crc32C.Of(destination[..^12]));
        Magic.CopyTo(at[12..]);
    }

    /// <summary>Reads and verifies the footer of a file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="path">Its name in the store, for messages.</param>
    /// <exception cref="LookupDamagedException">The file is no whole lookup file of this version.</exception>
    public static LookupFooter Read(IMappedFile file, string path)
    {
        long offset = file.Length - Length;
        if (offset < 0 || !file.Slice(file.Length - Magic.Length, Magic.Length).SequenceEqual(Magic))
        {
            throw new LookupDamagedException(path, Math.Max(offset, 0), $"its {file.Length} bytes do not end as a lookup file does");
        }

        ReadOnlySpan<byte> footer = file.Slice(offset, Length);
        ReadOnlySpan<byte> at = footer[FingerprintLength..];
        long Next(ref ReadOnlySpan<byte> left)
        {
            long number = BinaryPrimitives.ReadInt64LittleEndian(left);
            left = left[sizeof(long)..];
            return number;
        }

        uint checksum = BinaryPrimitives.ReadUInt32LittleEndian(footer[^12..]);
        if (!IsSoundFooter(footer, checksum))
        {
            throw new LookupDamagedException(path, offset, "the checksum of its footer is wrong");
        }

        uint version = BinaryPrimitives.ReadUInt32LittleEndian(footer[^16..]);
        if (version != Version)
        {
            throw new LookupDamagedException(path, offset, $"it has format version {version}, and this library reads {Version}");
        }

        // The checksum tells damage, not intent: reading trusts these numbers, so they have to make sense.
        (long start, long end) = (Next(ref at), Next(ref at));
        if (start < 0 || end < start)
        {
            throw new LookupDamagedException(path, offset, $"its footer says that it holds the events from {start} to {end}");
        }

        var read = new LookupFooter
        {
            Fingerprint = footer[..FingerprintLength].ToArray(),
            Range = new LogRange(new LogPosition(start), new LogPosition(end)),
            RowCount = Next(ref at),
            RowsEnd = Next(ref at),
            SlotsOffset = Next(ref at),
            HomeCount = Next(ref at),
            SlotCount = Next(ref at),
            IndexOffset = Next(ref at),
            IndexCount = Next(ref at),
            ChecksumsChecksum = BinaryPrimitives.ReadUInt32LittleEndian(at),
        };
        return read.IsConsistent(file.Length) && read.FileLength == file.Length
            ? read
            : throw new LookupDamagedException(path, offset, $"it has {file.Length} bytes, and its footer says otherwise, or something that no file can have");
    }

    /// <summary>Whether the sections follow each other, within a file of some length, and have room for what they are said to hold.</summary>
    private bool IsConsistent(long fileLength)
    {
        const int shortestRow = 2;
        return RowsEnd >= SectionAlignment && RowsEnd <= fileLength
            && RowCount >= 0 && RowCount <= (RowsEnd - SectionAlignment) / shortestRow
            && SlotsOffset >= RowsEnd && SlotsOffset <= fileLength && SlotsOffset % SectionAlignment == 0
            && HomeCount >= 0 && SlotCount > HomeCount && SlotCount <= (fileLength - SlotsOffset) / SlotLength
            && IndexOffset >= SlotsOffset + (SlotCount * SlotLength) && IndexOffset <= fileLength && IndexOffset % SectionAlignment == 0
            && IndexCount >= 0 && IndexCount <= (fileLength - IndexOffset) / IndexEntryLength;
    }

    // On its own, so that tests can take it away and see that it is missed.
    private static bool IsSoundFooter(ReadOnlySpan<byte> footer, uint checksum) => checksum == Crc32C.Of(footer[..^12]);
}
