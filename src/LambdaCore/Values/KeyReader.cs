using System.Buffers.Binary;

namespace LambdaCore.Values;

/// <summary>Reads key columns back from the bytes that <see cref="KeyWriter"/> wrote.</summary>
internal static class KeyReader
{
    /// <summary>Reads whether a value of a nullable column is there.</summary>
    public static bool ReadPresence(ref ByteReader reader) => reader.ReadBoolean();

    /// <summary>Reads a boolean.</summary>
    public static bool ReadBoolean(ref ByteReader reader) => reader.ReadBoolean();

    /// <summary>Reads a signed byte.</summary>
    public static sbyte ReadInt8(ref ByteReader reader) => (sbyte)(reader.ReadByte() ^ 0x80);

    /// <summary>Reads a byte.</summary>
    public static byte ReadUInt8(ref ByteReader reader) => reader.ReadByte();

    /// <summary>Reads a 16-bit integer.</summary>
    public static short ReadInt16(ref ByteReader reader) => (short)(ReadUInt16(ref reader) ^ 0x8000);

    /// <summary>Reads an unsigned 16-bit integer.</summary>
    public static ushort ReadUInt16(ref ByteReader reader) => BinaryPrimitives.ReadUInt16BigEndian(reader.ReadRaw(2));

    /// <summary>Reads a 32-bit integer or a date.</summary>
    public static int ReadInt32(ref ByteReader reader) => (int)ReadUInt32(ref reader) ^ int.MinValue;

    /// <summary>Reads an unsigned 32-bit integer.</summary>
    public static uint ReadUInt32(ref ByteReader reader) => BinaryPrimitives.ReadUInt32BigEndian(reader.ReadRaw(4));

    /// <summary>Reads a 64-bit integer, a time or a duration.</summary>
    public static long ReadInt64(ref ByteReader reader) => (long)ReadUInt64(ref reader) ^ long.MinValue;

    /// <summary>Reads an unsigned 64-bit integer.</summary>
    public static ulong ReadUInt64(ref ByteReader reader) => BinaryPrimitives.ReadUInt64BigEndian(reader.ReadRaw(8));

    /// <summary>Reads a single-precision number.</summary>
    public static float ReadFloat32(ref ByteReader reader)
    {
        int bits = (int)ReadUInt32(ref reader);
        return BitConverter.Int32BitsToSingle(bits < 0 ? bits ^ int.MinValue : ~bits);
    }

    /// <summary>Reads a double-precision number.</summary>
    public static double ReadFloat64(ref ByteReader reader)
    {
        long bits = (long)ReadUInt64(ref reader);
        return BitConverter.Int64BitsToDouble(bits < 0 ? bits ^ long.MinValue : ~bits);
    }

    /// <summary>Reads a decimal.</summary>
    public static decimal ReadDecimal(ref ByteReader reader) => ByteReader.DecodeUnits(ReadUnits(ref reader));

    /// <summary>Reads a decimal as billionths.</summary>
    public static Int128 ReadUnits(ref ByteReader reader) => BinaryPrimitives.ReadInt128BigEndian(reader.ReadRaw(16)) ^ Int128.MinValue;

    /// <summary>Reads a Guid.</summary>
    public static Guid ReadGuid(ref ByteReader reader) => reader.ReadGuid();

    /// <summary>Goes to the end of a column.</summary>
    public static void PassOver(ScalarType type, ref ByteReader reader)
    {
        if (type.IsNullable && !ReadPresence(ref reader))
        {
            return;
        }

        switch (type.Kind)
        {
            case ValueKind.Boolean or ValueKind.Int8 or ValueKind.UInt8: _ = reader.ReadRaw(1); break;
            case ValueKind.Int16 or ValueKind.UInt16: _ = reader.ReadRaw(2); break;
            case ValueKind.Int32 or ValueKind.UInt32 or ValueKind.Date or ValueKind.Float32: _ = reader.ReadRaw(4); break;
            case ValueKind.Int64 or ValueKind.UInt64 or ValueKind.Timestamp or ValueKind.Duration or ValueKind.Float64: _ = reader.ReadRaw(8); break;
            case ValueKind.Int128 or ValueKind.Decimal or ValueKind.Guid: _ = reader.ReadRaw(16); break;
            case ValueKind.String or ValueKind.Binary: _ = ReadBinary(ref reader); break;
            default: throw new ArgumentOutOfRangeException(nameof(type), type, "No key has such a column.");
        }
    }

    /// <summary>Reads a string.</summary>
    public static string ReadString(ref ByteReader reader) => ByteReader.DecodeUtf8(ReadBinary(ref reader));

    /// <summary>Reads binary.</summary>
    public static byte[] ReadBinary(ref ByteReader reader)
    {
        ByteReader scan = reader;
        int length = 0;
        while (true)
        {
            if (scan.ReadByte() == 0)
            {
                byte next = scan.ReadByte();
                if (next == 0)
                {
                    break;
                }

                if (next != 0xFF)
                {
                    throw new InvalidDataException($"A zero byte inside a key is followed by {next}.");
                }
            }

            length++;
        }

        byte[] value = new byte[length];
        for (int i = 0; i < length; i++)
        {
            value[i] = reader.ReadByte();
            if (value[i] == 0)
            {
                reader.ReadByte();
            }
        }

        reader.ReadInt16();
        return value;
    }
}
