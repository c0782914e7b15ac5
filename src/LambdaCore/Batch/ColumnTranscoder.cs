using System.Text.Unicode;
using LambdaCore.DuckDb;
using LambdaCore.Values;

namespace LambdaCore.Batch;

/// <summary>
/// Turns the columns of a batch view, as DuckDB reads and writes them (<see cref="StoredType"/>), into the bytes of states and keys, and back.
/// Floating-point numbers become canonical, and Guids leave their text and get it back, on the way.
/// </summary>
internal static class ColumnTranscoder
{
    private const int GuidTextLength = 36;

    /// <summary>Writes one value as a state has it: see <see cref="Aggregates.StateColumn"/>.</summary>
    /// <exception cref="InvalidDataException">The value is missing where none may be, or none of its kind.</exception>
    public static void WriteState(ScalarType type, in VectorReader column, int row, ByteWriter writer)
    {
        if (column.IsNull(row))
        {
            WriteMissing(type, writer);
            return;
        }

        if (type.IsNullable)
        {
            writer.WriteBoolean(true);
        }

        switch (type.Kind)
        {
            case ValueKind.Boolean: writer.WriteBoolean(column.Boolean(row)); break;
            case ValueKind.Int8 or ValueKind.UInt8: writer.WriteByte((byte)Integer(in column, row)); break;
            case ValueKind.Int16 or ValueKind.UInt16: writer.WriteInt16((short)Integer(in column, row)); break;
            case ValueKind.Int32 or ValueKind.UInt32 or ValueKind.Date: writer.WriteInt32((int)Integer(in column, row)); break;
            case ValueKind.Int64 or ValueKind.Timestamp or ValueKind.Duration: writer.WriteInt64(Integer(in column, row)); break;
            case ValueKind.UInt64: writer.WriteInt64((long)(ulong)column.Int128(row)); break;
            case ValueKind.Int128 or ValueKind.Decimal: writer.WriteInt128(column.Int128(row)); break;
            case ValueKind.Float32: ValueCodec.Write(writer, column.Single(row)); break;
            case ValueKind.Float64: ValueCodec.Write(writer, column.Double(row)); break;
            case ValueKind.String or ValueKind.Binary: writer.WriteBytes(column.Bytes(row)); break;
            case ValueKind.Guid: writer.WriteGuid(VectorValue.ReadGuid(column.Bytes(row))); break;
            case ValueKind.Sketch: writer.WriteRaw(column.Bytes(row)); break;
            default: throw new ArgumentOutOfRangeException(nameof(type), type, null);
        }
    }

    /// <summary>Writes one value as a key has it: see <see cref="KeyWriter"/>.</summary>
    /// <exception cref="InvalidDataException">The value is missing where none may be, or none of its kind.</exception>
    public static void WriteKey(ScalarType type, in VectorReader column, int row, ByteWriter writer)
    {
        if (column.IsNull(row))
        {
            WriteMissing(type, writer);
            return;
        }

        if (type.IsNullable)
        {
            KeyWriter.WritePresence(writer, true);
        }

        switch (type.Kind)
        {
            case ValueKind.Boolean: KeyWriter.Write(writer, column.Boolean(row)); break;
            case ValueKind.Int8: KeyWriter.Write(writer, (sbyte)Integer(in column, row)); break;
            case ValueKind.UInt8: KeyWriter.Write(writer, (byte)Integer(in column, row)); break;
            case ValueKind.Int16: KeyWriter.Write(writer, (short)Integer(in column, row)); break;
            case ValueKind.UInt16: KeyWriter.Write(writer, (ushort)Integer(in column, row)); break;
            case ValueKind.Int32 or ValueKind.Date: KeyWriter.Write(writer, (int)Integer(in column, row)); break;
            case ValueKind.UInt32: KeyWriter.Write(writer, (uint)Integer(in column, row)); break;
            case ValueKind.Int64 or ValueKind.Timestamp or ValueKind.Duration: KeyWriter.Write(writer, Integer(in column, row)); break;
            case ValueKind.UInt64: KeyWriter.Write(writer, (ulong)column.Int128(row)); break;
            case ValueKind.Decimal: KeyWriter.WriteUnits(writer, column.Int128(row)); break;
            case ValueKind.Float32: KeyWriter.Write(writer, column.Single(row)); break;
            case ValueKind.Float64: KeyWriter.Write(writer, column.Double(row)); break;
            case ValueKind.String or ValueKind.Binary: KeyWriter.Write(writer, column.Bytes(row)); break;
            case ValueKind.Guid: KeyWriter.Write(writer, VectorValue.ReadGuid(column.Bytes(row))); break;
            default: throw new ArgumentOutOfRangeException(nameof(type), type, "Keys have no such kind.");
        }
    }

    /// <summary>Reads one value from where a state has it, into a column: the reverse of <see cref="WriteState"/>.</summary>
    /// <exception cref="InvalidDataException">The bytes are no such value.</exception>
    public static void ReadState(ScalarType type, ref ByteReader reader, ref VectorWriter column, int row)
    {
        if (type.IsNullable && !reader.ReadBoolean())
        {
            column.SetNull(row);
            return;
        }

        switch (type.Kind)
        {
            case ValueKind.Boolean: column.Set(row, reader.ReadBoolean() ? (byte)1 : (byte)0); break;
            case ValueKind.Int8: column.Set(row, reader.ReadByte()); break;
            case ValueKind.UInt8: column.Set(row, (short)reader.ReadByte()); break;
            case ValueKind.Int16: column.Set(row, reader.ReadInt16()); break;
            case ValueKind.UInt16: column.Set(row, (int)(ushort)reader.ReadInt16()); break;
            case ValueKind.Int32 or ValueKind.Date: column.Set(row, reader.ReadInt32()); break;
            case ValueKind.UInt32: column.Set(row, (long)(uint)reader.ReadInt32()); break;
            case ValueKind.Int64 or ValueKind.Timestamp or ValueKind.Duration: column.Set(row, reader.ReadInt64()); break;
            case ValueKind.UInt64: column.SetInt128(row, (ulong)reader.ReadInt64()); break;
            case ValueKind.Int128 or ValueKind.Decimal: column.SetInt128(row, reader.ReadInt128()); break;
            case ValueKind.Float32: column.Set(row, reader.ReadFloat32()); break;
            case ValueKind.Float64: column.Set(row, reader.ReadFloat64()); break;
            case ValueKind.String: column.SetBytes(row, Text(reader.ReadBytes())); break;
            case ValueKind.Binary: column.SetBytes(row, reader.ReadBytes()); break;
            case ValueKind.Guid: SetGuid(ref column, row, reader.ReadGuid()); break;
            default: throw new ArgumentOutOfRangeException(nameof(type), type, "The bytes of a sketch do not say where they end.");
        }
    }

    /// <summary>Reads one value from where a key has it, into a column: the reverse of <see cref="WriteKey"/>.</summary>
    /// <exception cref="InvalidDataException">The bytes are no such value.</exception>
    public static void ReadKey(ScalarType type, ref ByteReader reader, ref VectorWriter column, int row)
    {
        if (type.IsNullable && !KeyReader.ReadPresence(ref reader))
        {
            column.SetNull(row);
            return;
        }

        switch (type.Kind)
        {
            case ValueKind.Boolean: column.Set(row, KeyReader.ReadBoolean(ref reader) ? (byte)1 : (byte)0); break;
            case ValueKind.Int8: column.Set(row, KeyReader.ReadInt8(ref reader)); break;
            case ValueKind.UInt8: column.Set(row, (short)KeyReader.ReadUInt8(ref reader)); break;
            case ValueKind.Int16: column.Set(row, KeyReader.ReadInt16(ref reader)); break;
            case ValueKind.UInt16: column.Set(row, (int)KeyReader.ReadUInt16(ref reader)); break;
            case ValueKind.Int32 or ValueKind.Date: column.Set(row, KeyReader.ReadInt32(ref reader)); break;
            case ValueKind.UInt32: column.Set(row, (long)KeyReader.ReadUInt32(ref reader)); break;
            case ValueKind.Int64 or ValueKind.Timestamp or ValueKind.Duration: column.Set(row, KeyReader.ReadInt64(ref reader)); break;
            case ValueKind.UInt64: column.SetInt128(row, KeyReader.ReadUInt64(ref reader)); break;
            case ValueKind.Decimal: column.SetInt128(row, KeyReader.ReadUnits(ref reader)); break;
            case ValueKind.Float32: column.Set(row, KeyReader.ReadFloat32(ref reader)); break;
            case ValueKind.Float64: column.Set(row, KeyReader.ReadFloat64(ref reader)); break;
            case ValueKind.String: column.SetBytes(row, Text(KeyReader.ReadBinary(ref reader))); break;
            case ValueKind.Binary: column.SetBytes(row, KeyReader.ReadBinary(ref reader)); break;
            case ValueKind.Guid: SetGuid(ref column, row, KeyReader.ReadGuid(ref reader)); break;
            default: throw new ArgumentOutOfRangeException(nameof(type), type, "Keys have no such kind.");
        }
    }

    private static void WriteMissing(ScalarType type, ByteWriter writer)
    {
        if (!type.IsNullable)
        {
            throw new InvalidDataException($"A column of type {type}, which is never missing, has a NULL.");
        }

        writer.WriteBoolean(false);
    }

    private static long Integer(in VectorReader column, int row) => column.Type.ElementSize switch
    {
        8 => column.Get<long>(row),
        4 => column.Get<int>(row),
        2 => column.Get<short>(row),
        1 => column.Get<sbyte>(row),
        _ => throw new InvalidDataException($"A column of type {column.Type} holds no integers of up to 64 bits."),
    };

    // DuckDB takes any bytes for a text, and then refuses to read the file that it has written them to.
    private static ReadOnlySpan<byte> Text(ReadOnlySpan<byte> bytes) =>
        Utf8.IsValid(bytes) ? bytes : throw new InvalidDataException($"A string of {bytes.Length} bytes is not UTF-8.");

    private static void SetGuid(ref VectorWriter column, int row, Guid value)
    {
        Span<byte> text = stackalloc byte[GuidTextLength];
        value.TryFormat(text, out _);
        column.SetBytes(row, text);
    }
}
