using System.Buffers.Binary;
using System.Text;

namespace LambdaCore.Values;

/// <summary>
/// Encodes key columns so that comparing the bytes of two keys compares their values, column by column, in
/// <see cref="ValueOrder"/>; missing values come first. Equal keys have equal bytes, so the bytes are the key
/// everywhere inside the library: in the speed tables, in FASTER and in lookup files.
/// </summary>
/// <remarks>
/// Whole numbers are big-endian with the sign bit turned; floating-point numbers are canonical with all bits turned if
/// negative, else the sign bit; text and binary write 0x00 as 0x00 0xFF and end in 0x00 0x00, so that a prefix
/// comes first. A column that may be missing has a byte in front: 0 missing, 1 present.
/// </remarks>
internal static class KeyWriter
{
    /// <summary>Writes whether a value of a nullable column is there.</summary>
    public static void WritePresence(ByteWriter writer, bool present) => writer.WriteBoolean(present);

    /// <summary>Writes a boolean.</summary>
    public static void Write(ByteWriter writer, bool value) => writer.WriteBoolean(value);

    /// <summary>Writes a signed byte.</summary>
    public static void Write(ByteWriter writer, sbyte value) => writer.WriteByte((byte)(value ^ sbyte.MinValue));

    /// <summary>Writes a byte.</summary>
    public static void Write(ByteWriter writer, byte value) => writer.WriteByte(value);

    /// <summary>Writes a 16-bit integer.</summary>
    public static void Write(ByteWriter writer, short value) => Write(writer, (ushort)(value ^ short.MinValue));

    /// <summary>Writes an unsigned 16-bit integer.</summary>
    public static void Write(ByteWriter writer, ushort value) => BinaryPrimitives.WriteUInt16BigEndian(writer.Advance(2), value);

    /// <summary>Writes a 32-bit integer or a date.</summary>
    public static void Write(ByteWriter writer, int value) => Write(writer, (uint)(value ^ int.MinValue));

    /// <summary>Writes an unsigned 32-bit integer.</summary>
    public static void Write(ByteWriter writer, uint value) => BinaryPrimitives.WriteUInt32BigEndian(writer.Advance(4), value);

    /// <summary>Writes a 64-bit integer, a time or a duration.</summary>
    public static void Write(ByteWriter writer, long value) => Write(writer, (ulong)(value ^ long.MinValue));

    /// <summary>Writes an unsigned 64-bit integer.</summary>
    public static void Write(ByteWriter writer, ulong value) => BinaryPrimitives.WriteUInt64BigEndian(writer.Advance(8), value);

    /// <summary>Writes a single-precision number.</summary>
    public static void Write(ByteWriter writer, float value)
    {
        int bits = BitConverter.SingleToInt32Bits(ValueOrder.Canonical(value));
        bits = float.IsNaN(value) ? int.MaxValue : bits;
        Write(writer, (uint)(bits < 0 ? ~bits : bits ^ int.MinValue));
    }

    /// <summary>Writes a double-precision number.</summary>
    public static void Write(ByteWriter writer, double value)
    {
        long bits = BitConverter.DoubleToInt64Bits(ValueOrder.Canonical(value));
        bits = double.IsNaN(value) ? long.MaxValue : bits;
        Write(writer, (ulong)(bits < 0 ? ~bits : bits ^ long.MinValue));
    }

    /// <summary>Writes a decimal.</summary>
    public static void Write(ByteWriter writer, decimal value) => WriteUnits(writer, DecimalUnits.FromDecimal(value));

    /// <summary>Writes a decimal given as billionths.</summary>
    public static void WriteUnits(ByteWriter writer, Int128 units) =>
        BinaryPrimitives.WriteInt128BigEndian(writer.Advance(16), units ^ Int128.MinValue);

    /// <summary>Writes a Guid.</summary>
    public static void Write(ByteWriter writer, Guid value) => writer.WriteGuid(value);

    /// <summary>Writes a string.</summary>
    /// <exception cref="EncoderFallbackException">The string has a surrogate without its partner.</exception>
    public static void Write(ByteWriter writer, string value)
    {
        int start = writer.Length;
        Span<byte> room = writer.Advance(StrictUtf8.Encoding.GetMaxByteCount(value.Length));
        int written = StrictUtf8.Encoding.GetBytes(value, room);
        if (room[..written].Contains((byte)0))
        {
            byte[] copy = room[..written].ToArray();
            writer.Truncate(start);
            Write(writer, copy);
            return;
        }

        writer.Truncate(start + written);
        writer.WriteInt16(0);
    }

    /// <summary>Writes binary, or a string given as UTF-8.</summary>
    public static void Write(ByteWriter writer, ReadOnlySpan<byte> value)
    {
        while (true)
        {
            int zero = value.IndexOf((byte)0);
            if (zero < 0)
            {
                break;
            }

            writer.WriteRaw(value[..(zero + 1)]);
            writer.WriteByte(0xFF);
            value = value[(zero + 1)..];
        }

        writer.WriteRaw(value);
        writer.WriteInt16(0);
    }

    /// <summary>Writes binary.</summary>
    public static void Write(ByteWriter writer, byte[] value) => Write(writer, value.AsSpan());
}
