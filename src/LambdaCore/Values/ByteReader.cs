using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;

namespace LambdaCore.Values;

/// <summary>
/// Reads what <see cref="ByteWriter"/> wrote, from memory that the caller keeps in place. Every read checks that it
/// stays inside, so damaged input ends in an error and never in foreign memory. Not thread-safe.
/// </summary>
internal unsafe struct ByteReader
{
    private readonly byte* _end;
    private byte* _current;

    /// <summary>Reads from fixed memory.</summary>
    /// <param name="start">The first byte.</param>
    /// <param name="length">The number of bytes.</param>
    public ByteReader(byte* start, long length)
    {
        _current = start;
        _end = start + length;
    }

    /// <summary>The number of bytes not read yet.</summary>
    public readonly long Remaining => _end - _current;

    /// <summary>Reads one byte.</summary>
    public byte ReadByte() => *Take(1);

    /// <summary>Reads one byte, 0 or 1.</summary>
    public bool ReadBoolean() => *Take(1) switch
    {
        0 => false,
        1 => true,
        byte other => throw new InvalidDataException($"A byte that must be 0 or 1 is {other}."),
    };

    /// <summary>Reads two bytes.</summary>
    public short ReadInt16() => Unsafe.ReadUnaligned<short>(Take(2));

    /// <summary>Reads four bytes.</summary>
    public int ReadInt32() => Unsafe.ReadUnaligned<int>(Take(4));

    /// <summary>Reads eight bytes.</summary>
    public long ReadInt64() => Unsafe.ReadUnaligned<long>(Take(8));

    /// <summary>Reads sixteen bytes.</summary>
    public Int128 ReadInt128() => BinaryPrimitives.ReadInt128LittleEndian(new ReadOnlySpan<byte>(Take(16), 16));

    /// <summary>Reads four bytes.</summary>
    public float ReadFloat32() => Unsafe.ReadUnaligned<float>(Take(4));

    /// <summary>Reads eight bytes.</summary>
    public double ReadFloat64() => Unsafe.ReadUnaligned<double>(Take(8));

    /// <summary>Reads sixteen bytes.</summary>
    public Guid ReadGuid() => new(new ReadOnlySpan<byte>(Take(16), 16), bigEndian: true);

    /// <summary>Reads a number below 2^32 in one to five bytes, its only form.</summary>
    public uint ReadVarint()
    {
        byte next = ReadByte();
        uint value = next & 0x7Fu;
        for (int shift = 7; next >= 0x80; shift += 7)
        {
            next = ReadByte();
            if (next == 0 || (shift == 28 && next > 0x0F))
            {
                throw new InvalidDataException("A number of one to five bytes is larger than 32 bits or has empty bytes at its end.");
            }

            value |= (next & 0x7Fu) << shift;
        }

        return value;
    }

    /// <summary>Reads a number in one to ten bytes, its only form.</summary>
    public ulong ReadVarint64()
    {
        byte next = ReadByte();
        ulong value = next & 0x7Fu;
        for (int shift = 7; next >= 0x80; shift += 7)
        {
            next = ReadByte();
            if (next == 0 || (shift == 63 && next > 1))
            {
                throw new InvalidDataException("A number of one to ten bytes is larger than 64 bits or has empty bytes at its end.");
            }

            value |= (next & 0x7FuL) << shift;
        }

        return value;
    }

    /// <summary>Reads a count above zero in one to ten bytes.</summary>
    public long ReadPositive() => ReadVarint64() is > 0 and <= long.MaxValue and ulong count
        ? (long)count
        : throw new InvalidDataException("A count that must be positive is zero, or larger than 63 bits.");

    /// <summary>Reads bytes as they are; the span points into the memory read from.</summary>
    public ReadOnlySpan<byte> ReadRaw(long count) => new(Take(count), checked((int)count));

    /// <summary>Reads a length and bytes; the span points into the memory read from.</summary>
    public ReadOnlySpan<byte> ReadBytes() => ReadRaw(ReadVarint());

    /// <summary>Reads a length and bytes into a new array.</summary>
    public byte[] ReadByteArray() => ReadBytes().ToArray();

    /// <summary>Reads a length and a string.</summary>
    public string ReadString() => DecodeUtf8(ReadBytes());

    /// <summary>Reads sixteen bytes of billionths, as a decimal.</summary>
    public decimal ReadDecimal() => DecodeUnits(ReadInt128());

    /// <summary>The string of UTF-8 bytes.</summary>
    /// <exception cref="InvalidDataException">The bytes are not well-formed.</exception>
    internal static string DecodeUtf8(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return StrictUtf8.Encoding.GetString(bytes);
        }
        catch (DecoderFallbackException e)
        {
            throw new InvalidDataException($"A string of {bytes.Length} bytes is not UTF-8: {e.Message}", e);
        }
    }

    /// <summary>The decimal of a number of billionths.</summary>
    /// <exception cref="InvalidDataException">The number is larger than any decimal.</exception>
    internal static decimal DecodeUnits(Int128 units) =>
        DecimalUnits.IsDecimal(units) ? DecimalUnits.ToDecimal(units) : throw new InvalidDataException($"{units} billionths are no decimal.");

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private byte* Take(long count)
    {
        byte* at = _current;
        if ((ulong)count > (ulong)(_end - at))
        {
            ThrowEnd(count);
        }

        _current = at + count;
        return at;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private readonly void ThrowEnd(long count) =>
        throw new InvalidDataException($"{count} bytes were to be read, but {Remaining} are left.");
}
