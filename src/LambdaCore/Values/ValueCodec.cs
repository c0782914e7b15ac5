using System.Runtime.CompilerServices;

namespace LambdaCore.Values;

/// <summary>
/// One value of any representation (see <see cref="ValueKind"/>) as bytes: how states keep values. (The log keeps events bit by bit: its own coder leaves
/// negative zeros and NaNs as they are.)
/// Floating-point numbers are written in canonical form and decimals as billionths, so equal values have equal bytes.
/// </summary>
internal static class ValueCodec
{
    /// <summary>Writes a value that is there.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A decimal has more than nine digits after the point.</exception>
    public static void Write<T>(ByteWriter writer, T value)
        where T : notnull
    {
        switch (value)
        {
            case bool it: writer.WriteBoolean(it); break;
            case sbyte it: writer.WriteByte((byte)it); break;
            case byte it: writer.WriteByte(it); break;
            case short it: writer.WriteInt16(it); break;
            case ushort it: writer.WriteInt16((short)it); break;
            case int it: writer.WriteInt32(it); break;
            case uint it: writer.WriteInt32((int)it); break;
            case long it: writer.WriteInt64(it); break;
            case ulong it: writer.WriteInt64((long)it); break;
            case Int128 it: writer.WriteInt128(it); break;
            case float it: writer.WriteFloat32(ValueOrder.Canonical(it)); break;
            case double it: writer.WriteFloat64(ValueOrder.Canonical(it)); break;
            case decimal it: writer.WriteInt128(DecimalUnits.FromDecimal(it)); break;
            case string it: writer.WriteString(it); break;
            case Guid it: writer.WriteGuid(it); break;
            case byte[] it: writer.WriteBytes(it); break;
            default: throw new NotSupportedException($"{typeof(T)} represents no kind of value.");
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="InvalidDataException">The bytes are no such value.</exception>
    public static T Read<T>(ref ByteReader reader)
        where T : notnull =>
        typeof(T) == typeof(bool) ? As<bool, T>(reader.ReadBoolean())
        : typeof(T) == typeof(sbyte) ? As<sbyte, T>((sbyte)reader.ReadByte())
        : typeof(T) == typeof(byte) ? As<byte, T>(reader.ReadByte())
        : typeof(T) == typeof(short) ? As<short, T>(reader.ReadInt16())
        : typeof(T) == typeof(ushort) ? As<ushort, T>((ushort)reader.ReadInt16())
        : typeof(T) == typeof(int) ? As<int, T>(reader.ReadInt32())
        : typeof(T) == typeof(uint) ? As<uint, T>((uint)reader.ReadInt32())
        : typeof(T) == typeof(long) ? As<long, T>(reader.ReadInt64())
        : typeof(T) == typeof(ulong) ? As<ulong, T>((ulong)reader.ReadInt64())
        : typeof(T) == typeof(Int128) ? As<Int128, T>(reader.ReadInt128())
        : typeof(T) == typeof(float) ? As<float, T>(ValueOrder.Canonical(reader.ReadFloat32()))
        : typeof(T) == typeof(double) ? As<double, T>(ValueOrder.Canonical(reader.ReadFloat64()))
        : typeof(T) == typeof(decimal) ? As<decimal, T>(reader.ReadDecimal())
        : typeof(T) == typeof(string) ? As<string, T>(reader.ReadString())
        : typeof(T) == typeof(Guid) ? As<Guid, T>(reader.ReadGuid())
        : typeof(T) == typeof(byte[]) ? As<byte[], T>(reader.ReadByteArray())
        : throw new NotSupportedException($"{typeof(T)} represents no kind of value.");

    private static TTo As<TFrom, TTo>(TFrom value) => Unsafe.As<TFrom, TTo>(ref value);
}
