using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;

namespace LambdaCore.Values;

/// <summary>
/// A growing buffer that values are encoded into: little-endian, unaligned, lengths as base-128 varints. Meant to
/// be kept and cleared. Not thread-safe. <see cref="ByteReader"/> reads what it wrote.
/// </summary>
internal sealed class ByteWriter
{
    private byte[] _buffer;
    private int _length;

    /// <summary>Creates an empty buffer.</summary>
    /// <param name="capacity">Bytes to have room for at first.</param>
    public ByteWriter(int capacity = 256) => _buffer = new byte[Math.Max(capacity, 16)];

    /// <summary>Bytes that fit before the buffer grows.</summary>
    public int Capacity => _buffer.Length;

    /// <summary>The number of bytes written.</summary>
    public int Length => _length;

    /// <summary>The bytes written; valid until the next write.</summary>
    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, _length);

    /// <summary>The bytes written; valid until the next write.</summary>
    public ReadOnlyMemory<byte> WrittenMemory => _buffer.AsMemory(0, _length);

    /// <summary>Forgets what was written and keeps the memory.</summary>
    public void Clear() => _length = 0;

    /// <summary>Forgets what was written after a length that was seen before.</summary>
    public void Truncate(int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)length, (uint)_length, nameof(length));
        _length = length;
    }

    /// <summary>Makes room for bytes and counts them as written.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span<byte> Advance(int count)
    {
        int start = _length;
        if (_buffer.Length - start < count)
        {
            Grow(count);
        }

        _length = start + count;
        return _buffer.AsSpan(start, count);
    }

    /// <summary>Bytes that were written already, to be written again.</summary>
    public Span<byte> Rewrite(int start, int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((long)start + count, _length, nameof(count));
        return _buffer.AsSpan(start, count);
    }

    /// <summary>Writes one byte.</summary>
    public void WriteByte(byte value) => Advance(1)[0] = value;

    /// <summary>Writes one byte, 0 or 1.</summary>
    public void WriteBoolean(bool value) => WriteByte(value ? (byte)1 : (byte)0);

    /// <summary>Writes two bytes.</summary>
    public void WriteInt16(short value) => BinaryPrimitives.WriteInt16LittleEndian(Advance(2), value);

    /// <summary>Writes four bytes.</summary>
    public void WriteInt32(int value) => BinaryPrimitives.WriteInt32LittleEndian(Advance(4), value);

    /// <summary>Writes eight bytes.</summary>
    public void WriteInt64(long value) => BinaryPrimitives.WriteInt64LittleEndian(Advance(8), value);

    /// <summary>Writes sixteen bytes.</summary>
    public void WriteInt128(Int128 value) => BinaryPrimitives.WriteInt128LittleEndian(Advance(16), value);

    /// <summary>Writes four bytes.</summary>
    public void WriteFloat32(float value) => BinaryPrimitives.WriteSingleLittleEndian(Advance(4), value);

    /// <summary>Writes eight bytes.</summary>
    public void WriteFloat64(double value) => BinaryPrimitives.WriteDoubleLittleEndian(Advance(8), value);

    /// <summary>Writes sixteen bytes, in the order of the text form.</summary>
    public void WriteGuid(Guid value) => value.TryWriteBytes(Advance(16), bigEndian: true, out _);

    /// <summary>Writes a number below 2^32 in one to five bytes.</summary>
    public void WriteVarint(uint value)
    {
        while (value >= 0x80)
        {
            WriteByte((byte)(value | 0x80));
            value >>= 7;
        }

        WriteByte((byte)value);
    }

    /// <summary>Writes a number in one to ten bytes.</summary>
    public void WriteVarint64(ulong value)
    {
        while (value >= 0x80)
        {
            WriteByte((byte)(value | 0x80));
            value >>= 7;
        }

        WriteByte((byte)value);
    }

    /// <summary>Writes bytes as they are.</summary>
    public void WriteRaw(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Advance(bytes.Length));

    /// <summary>Writes a length and bytes.</summary>
    public void WriteBytes(ReadOnlySpan<byte> bytes)
    {
        WriteVarint((uint)bytes.Length);
        WriteRaw(bytes);
    }

    /// <summary>Writes a length and the bytes of an array.</summary>
    public void WriteByteArray(byte[] bytes) => WriteBytes(bytes);

    /// <summary>Writes a length and the UTF-8 form of a string.</summary>
    /// <exception cref="EncoderFallbackException">The string has a surrogate without its partner.</exception>
    public void WriteString(string value)
    {
        if (value.Length <= 42)
        {
            // At most 126 bytes, so the length takes one byte and can be filled in afterwards.
            int start = _length;
            Span<byte> room = Advance(1 + (value.Length * 3));
            int written = StrictUtf8.Encoding.GetBytes(value, room[1..]);
            room[0] = (byte)written;
            _length = start + 1 + written;
        }
        else
        {
            int count = StrictUtf8.Encoding.GetByteCount(value);
            WriteVarint((uint)count);
            StrictUtf8.Encoding.GetBytes(value, Advance(count));
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Grow(int count)
    {
        long needed = (long)_length + count;
        if (needed > Array.MaxLength)
        {
            throw new LambdaCoreException($"An encoding of {needed} bytes is larger than the {Array.MaxLength} that fit in one buffer. Append in smaller groups.");
        }

        Array.Resize(ref _buffer, (int)Math.Min(Array.MaxLength, Math.Max(needed, 2L * _buffer.Length)));
    }
}
