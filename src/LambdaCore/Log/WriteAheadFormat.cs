using System.Buffers.Binary;
using System.Globalization;
using LambdaCore.Storage;

namespace LambdaCore.Log;

/// <summary>The bytes of the write-ahead log: little-endian, frames aligned to 8 bytes, zeros after the last.</summary>
/// <remarks>
/// <para>
/// A file is named by its first position in 20 digits and begins with a header of 64 bytes: magic (8), format version
/// (4), nothing (4), store id (16), first position (8), file length (8), nothing (12), CRC-32C of what precedes (4).
/// Later versions keep these 64 bytes, so that a version that is not known can be told from damage.
/// </para>
/// <para>
/// A frame is a header of 48 bytes and the payload, padded with zeros: magic (4), CRC-32C of the payload and its padding
/// (4), format version (1), kind (1), nothing (2), event count (4), first position (8), durable end (8), ingested at in
/// microseconds since the Unix epoch (8), payload length (4), CRC-32C of what precedes (4). Both are continued from the
/// file's own CRC, so that a frame of another file, or one within a payload, is never taken for a frame of this file.
/// The header has its own so that a length is believed before so many bytes are read, and so that a torn frame still
/// says up to where the log was durable.
/// </para>
/// </remarks>
internal static class WriteAheadFormat
{
    public const string Folder = "wal";
    public const int Version = 1;
    public const int FileHeaderLength = 64;
    public const int FrameHeaderLength = 48;
    public const int MaximumPayloadLength = 1 << 30;

    private const string Extension = ".wal";
    private const int NameDigits = 20;
    private const ulong FileMagic = 0x31_4C_41_57_4D_41_4C_4C; // "LLAMWAL1"
    private const uint FrameMagic = 0x4D_52_46_4C; // "LFRM"
    private const int FileChecksumOffset = 60;
    private const int FrameChecksumOffset = 44;

    /// <summary>The path of the file that begins at a position.</summary>
    public static string PathOf(LogPosition first) =>
        $"{Folder}/{first.Value.ToString("D20", CultureInfo.InvariantCulture)}{Extension}";

    /// <summary>Reads a position from the name of a file; false for a name that is not of the log.</summary>
    public static bool TryParseName(string name, out LogPosition first)
    {
        first = default;
        if (name.Length != NameDigits + Extension.Length
            || !name.EndsWith(Extension, StringComparison.Ordinal)
            || !long.TryParse(name.AsSpan(0, NameDigits), NumberStyles.None, CultureInfo.InvariantCulture, out long value))
        {
            return false;
        }

        first = new LogPosition(value);
        return true;
    }

    /// <summary>The length in its file of a frame with a payload of so many bytes.</summary>
    public static long FrameLength(int payloadLength) => (FrameHeaderLength + (long)payloadLength + 7) & ~7L;

    /// <summary>Encodes a file header and returns the checksum that seeds those of its frames.</summary>
    public static uint WriteFileHeader(Span<byte> header, Guid storeId, LogPosition first, long fileLength)
    {
        header = header[..FileHeaderLength];
        header.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(header, FileMagic);
        BinaryPrimitives.WriteInt32LittleEndian(header[8..], Version);
        storeId.TryWriteBytes(header[16..], bigEndian: true, out _);
        BinaryPrimitives.WriteInt64LittleEndian(header[32..], first.Value);
        BinaryPrimitives.WriteInt64LittleEndian(header[40..], fileLength);
        uint checksum = Crc32C.Of(header[..FileChecksumOffset]);
        BinaryPrimitives.WriteUInt32LittleEndian(header[FileChecksumOffset..], checksum);
        return checksum;
    }

    /// <summary>Decodes a file header; false when it is damaged or none.</summary>
    public static bool TryReadFileHeader(ReadOnlySpan<byte> header, out WriteAheadFileHeader decoded)
    {
        decoded = default;
        if (header.Length < FileHeaderLength || BinaryPrimitives.ReadUInt64LittleEndian(header) != FileMagic)
        {
            return false;
        }

        uint checksum = BinaryPrimitives.ReadUInt32LittleEndian(header[FileChecksumOffset..]);
        long first = BinaryPrimitives.ReadInt64LittleEndian(header[32..]);
        long length = BinaryPrimitives.ReadInt64LittleEndian(header[40..]);
        if (!IsSoundFileHeader(header, checksum) || first < 0 || length < FileHeaderLength)
        {
            return false;
        }

        decoded = new WriteAheadFileHeader(
            BinaryPrimitives.ReadInt32LittleEndian(header[8..]),
            new Guid(header[16..32], bigEndian: true),
            new LogPosition(first),
            length,
            checksum);
        return true;
    }

    /// <summary>Encodes a frame into a buffer of exactly its length.</summary>
    public static void WriteFrame(Span<byte> buffer, uint seed, in WriteAheadFrame frame, ReadOnlySpan<byte> payload)
    {
        buffer[..FrameHeaderLength].Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(buffer, FrameMagic);
        buffer[8] = Version;
        buffer[9] = (byte)frame.Kind;
        BinaryPrimitives.WriteInt32LittleEndian(buffer[12..], frame.Count);
        BinaryPrimitives.WriteInt64LittleEndian(buffer[16..], frame.First.Value);
        BinaryPrimitives.WriteInt64LittleEndian(buffer[24..], frame.DurableEnd.Value);
        BinaryPrimitives.WriteInt64LittleEndian(buffer[32..], frame.IngestedAtMicroseconds);
        BinaryPrimitives.WriteInt32LittleEndian(buffer[40..], payload.Length);
        payload.CopyTo(buffer[FrameHeaderLength..]);
        buffer[(FrameHeaderLength + payload.Length)..].Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(buffer[4..], Crc32C.Of(buffer[FrameHeaderLength..], seed));
        BinaryPrimitives.WriteUInt32LittleEndian(
            buffer[FrameChecksumOffset..], Crc32C.Of(buffer[..FrameChecksumOffset], seed));
    }

    /// <summary>Decodes the header of a frame; false when it is not sound.</summary>
    /// <exception cref="LambdaCoreException">The frame is sound but of a later format.</exception>
    public static bool TryReadFrameHeader(ReadOnlySpan<byte> header, uint seed, string path, out WriteAheadFrame frame)
    {
        frame = default;
        if (BinaryPrimitives.ReadUInt32LittleEndian(header) != FrameMagic
            || !IsSoundFrameHeader(header, seed))
        {
            return false;
        }

        ThrowIfUnknown(header[8], path);
        int count = BinaryPrimitives.ReadInt32LittleEndian(header[12..]);
        long first = BinaryPrimitives.ReadInt64LittleEndian(header[16..]);
        long durableEnd = BinaryPrimitives.ReadInt64LittleEndian(header[24..]);
        int payloadLength = BinaryPrimitives.ReadInt32LittleEndian(header[40..]);
        if (count < 0 || first < 0 || first > long.MaxValue - count || durableEnd < 0 || payloadLength is < 0 or > MaximumPayloadLength)
        {
            return false;
        }

        frame = new WriteAheadFrame(
            new LogPosition(first),
            count,
            BinaryPrimitives.ReadInt64LittleEndian(header[32..]),
            default)
        {
            DurableEnd = new LogPosition(durableEnd),
            Kind = (WriteAheadFrameKind)header[9],
            Length = FrameLength(payloadLength),
        };
        return true;
    }

    /// <summary>The payload of a whole frame whose header is sound; false when it is damaged.</summary>
    public static bool TryReadPayload(ReadOnlyMemory<byte> frame, uint seed, out ReadOnlyMemory<byte> payload)
    {
        ReadOnlySpan<byte> bytes = frame.Span;
        payload = frame.Slice(FrameHeaderLength, BinaryPrimitives.ReadInt32LittleEndian(bytes[40..]));
        return IsSoundPayload(bytes, seed);
    }

    // Each check has a method of its own, so that tests can take one away at a time and see that it is missed.
    private static bool IsSoundFileHeader(ReadOnlySpan<byte> header, uint checksum) => checksum == Crc32C.Of(header[..FileChecksumOffset]);

    private static bool IsSoundFrameHeader(ReadOnlySpan<byte> header, uint seed) =>
        BinaryPrimitives.ReadUInt32LittleEndian(header[FrameChecksumOffset..]) == Crc32C.Of(header[..FrameChecksumOffset], seed);

    private static bool IsSoundPayload(ReadOnlySpan<byte> frame, uint seed) =>
        BinaryPrimitives.ReadUInt32LittleEndian(frame[4..]) == Crc32C.Of(frame[FrameHeaderLength..], seed);

    /// <summary>Refuses a format that a later version of the library wrote.</summary>
    public static void ThrowIfUnknown(int version, string path)
    {
        if (version != Version)
        {
            throw new LambdaCoreException(
                $"The write-ahead file '{path}' has format version {version}, and this version of LambdaCore reads version {Version} only. Open the store with the version of LambdaCore that wrote it, or a later one.");
        }
    }
}
