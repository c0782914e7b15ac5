using System.Buffers.Text;
using LambdaCore.DuckDb;
using LambdaCore.Values;

namespace LambdaCore.Log;

/// <summary>Turns the columns of sealed events, as DuckDB reads them (<see cref="StoredType"/>), into the bytes that <see cref="ValueCoder"/> reads.</summary>
internal static class EventColumnReader
{
    private const string Restore = $"Restore the folder 'log' from a copy, or {LogCorruptException.Salvage}.";

    /// <summary>Writes one value, bit by bit as it was sealed.</summary>
    /// <exception cref="LogCorruptException">The value is missing where none may be, or none of its kind.</exception>
    public static void Write(EventProperty property, in VectorReader column, int row, ByteWriter writer)
    {
        ScalarType type = property.Type;
        bool isNull = column.IsNull(row);
        if (type.IsNullable)
        {
            writer.WriteBoolean(!isNull);
        }
        else if (isNull)
        {
            throw new LogCorruptException($"{property.Name} of a sealed event is missing, and it is declared as never missing. {Restore}");
        }

        if (!isNull)
        {
            WritePresent(property, column, row, writer);
        }
    }

    /// <summary>A column of the log's own, of which no row is ever missing: what stands in the place of a missing one is no value, and for a text no address.</summary>
    /// <exception cref="LogCorruptException">It is missing in this row.</exception>
    public static VectorReader Present(VectorReader column, int row) => column.IsNull(row)
        ? throw new LogCorruptException("A sealed event has no position, or another of the columns that the log itself writes is missing in its row. Restore the file from a copy.")
        : column;

    private static void WritePresent(EventProperty property, in VectorReader column, int row, ByteWriter writer)
    {
        switch (property.Type.Kind)
        {
            case ValueKind.Boolean: writer.WriteBoolean(column.Boolean(row)); break;
            case ValueKind.Int8: writer.WriteByte((byte)column.Get<sbyte>(row)); break;
            case ValueKind.UInt8: writer.WriteByte((byte)column.Get<short>(row)); break;
            case ValueKind.Int16: writer.WriteInt16(column.Get<short>(row)); break;
            case ValueKind.UInt16: writer.WriteInt16((short)column.Int32(row)); break;
            case ValueKind.Int32 or ValueKind.Date: writer.WriteInt32(column.Int32(row)); break;
            case ValueKind.UInt32: writer.WriteInt32((int)column.Int64(row)); break;
            case ValueKind.Int64 or ValueKind.Timestamp or ValueKind.Duration: writer.WriteInt64(column.Int64(row)); break;
            case ValueKind.UInt64: writer.WriteInt64((long)(ulong)column.Int128(row)); break;
            case ValueKind.Decimal: writer.WriteInt128(column.Int128(row)); break;
            case ValueKind.Float32: writer.WriteFloat32(column.Single(row)); break;
            case ValueKind.Float64: writer.WriteFloat64(column.Double(row)); break;
            case ValueKind.String or ValueKind.Binary: writer.WriteBytes(column.Bytes(row)); break;
            case ValueKind.Guid: writer.WriteGuid(ReadGuid(property, column, row)); break;
            default: throw new ArgumentOutOfRangeException(nameof(property), property.Type, "No event property has this kind.");
        }
    }

    private static Guid ReadGuid(EventProperty property, in VectorReader column, int row)
    {
        ReadOnlySpan<byte> text = column.Bytes(row);
        return Utf8Parser.TryParse(text, out Guid value, out int read, 'D') && read == text.Length
            ? value
            : throw new LogCorruptException($"{property.Name} of a sealed event is '{column.Text(row)}', which is no Guid. {Restore}");
    }
}
