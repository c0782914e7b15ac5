using System.Buffers.Text;
using System.Runtime.CompilerServices;
using System.Text;
using LambdaCore.DuckDb;
using LambdaCore.Values;

namespace LambdaCore.Batch;

/// <summary>
/// Reads one value from a column of a query, where kinds have the types of <see cref="Views.SqlKind"/>, as the representation
/// of its kind or as a CLR type that is stored in it.
/// </summary>
internal static class VectorValue
{
    /// <summary>The SQL type that values of a kind have in a query.</summary>
    public static DuckDbLogicalType TypeOf(ValueKind kind) => kind switch
    {
        ValueKind.Boolean => DuckDbType.Boolean,
        ValueKind.Int8 => DuckDbType.TinyInt,
        ValueKind.Int16 or ValueKind.UInt8 => DuckDbType.SmallInt,
        ValueKind.Int32 or ValueKind.UInt16 or ValueKind.Date => DuckDbType.Integer,
        ValueKind.Int64 or ValueKind.UInt32 or ValueKind.Timestamp or ValueKind.Duration => DuckDbType.BigInt,
        ValueKind.UInt64 => DuckDbLogicalType.Decimal(20, 0),
        ValueKind.Float32 => DuckDbType.Float,
        ValueKind.Float64 => DuckDbType.Double,
        ValueKind.Decimal => DuckDbLogicalType.Decimal(38, DecimalUnits.Scale),
        ValueKind.String or ValueKind.Guid => DuckDbType.Varchar,
        ValueKind.Binary => DuckDbType.Blob,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "No function has such an argument."),
    };

    /// <summary>Reads a value that is not NULL. The tests on types vanish when the method is compiled for a type.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Read<T>(in VectorReader column, int row)
    {
        if (typeof(T).IsEnum)
        {
            return ReadEnum<T>(in column, row);
        }

        return typeof(T) == typeof(bool) ? (T)(object)column.Boolean(row)
            : typeof(T) == typeof(sbyte) ? (T)(object)column.Get<sbyte>(row)
            : typeof(T) == typeof(byte) ? (T)(object)(byte)column.Get<short>(row)
            : typeof(T) == typeof(short) ? (T)(object)column.Get<short>(row)
            : typeof(T) == typeof(ushort) ? (T)(object)(ushort)column.Get<int>(row)
            : typeof(T) == typeof(int) ? (T)(object)column.Int32(row)
            : typeof(T) == typeof(uint) ? (T)(object)(uint)column.Get<long>(row)
            : typeof(T) == typeof(long) ? (T)(object)column.Int64(row)
            : typeof(T) == typeof(ulong) ? (T)(object)(ulong)column.Int128(row)
            : typeof(T) == typeof(float) ? (T)(object)column.Single(row)
            : typeof(T) == typeof(double) ? (T)(object)column.Double(row)
            : typeof(T) == typeof(decimal) ? (T)(object)DecimalUnits.ToDecimal(column.Get<Int128>(row))
            : typeof(T) == typeof(string) ? (T)(object)column.Text(row)
            : typeof(T) == typeof(Guid) ? (T)(object)ReadGuid(column.Bytes(row))
            : typeof(T) == typeof(byte[]) ? (T)(object)column.Bytes(row).ToArray()
            : typeof(T) == typeof(DateTimeOffset) ? (T)(object)UnixTime.ToDateTimeOffset(column.Int64(row))
            : typeof(T) == typeof(DateTime) ? (T)(object)UnixTime.ToDateTime(column.Int64(row))
            : typeof(T) == typeof(DateOnly) ? (T)(object)UnixTime.ToDateOnly(column.Int32(row))
            : typeof(T) == typeof(TimeSpan) ? (T)(object)TimeSpan.FromTicks(column.Int64(row))
            : throw new NotSupportedException($"No function takes a {typeof(T)}.");
    }

    /// <summary>Reads the text of a Guid.</summary>
    /// <exception cref="InvalidDataException">It is none.</exception>
    public static Guid ReadGuid(ReadOnlySpan<byte> text) =>
        Utf8Parser.TryParse(text, out Guid value, out int read, 'D') && read == text.Length
            ? value
            : throw new InvalidDataException($"The text '{Encoding.UTF8.GetString(text)}' is no Guid.");

    /// <summary>The <see cref="ValueHash"/> of a value that is not NULL.</summary>
    public static ulong Hash(in VectorReader column, int row) => column.Type.Id switch
    {
        DuckDbType.Boolean => ValueHash.Of(column.Boolean(row) ? 1L : 0L),
        DuckDbType.TinyInt => ValueHash.Of((long)column.Get<sbyte>(row)),
        DuckDbType.SmallInt => ValueHash.Of((long)column.Get<short>(row)),
        DuckDbType.Integer => ValueHash.Of((long)column.Int32(row)),
        DuckDbType.BigInt => ValueHash.Of(column.Int64(row)),
        DuckDbType.Float => ValueHash.Of((double)column.Single(row)),
        DuckDbType.Double => ValueHash.Of(column.Double(row)),
        DuckDbType.Decimal when column.Type.Scale == 0 => ValueHash.Of((ulong)column.Int128(row)),
        DuckDbType.Decimal => ValueHash.OfUnits(column.Int128(row)),
        _ => ValueHash.Of(column.Bytes(row)),
    };

    private static T ReadEnum<T>(in VectorReader column, int row)
    {
        Int128 number = column.Int128(row);
        switch (Unsafe.SizeOf<T>())
        {
            case 1:
                byte one = unchecked((byte)number);
                return Unsafe.As<byte, T>(ref one);
            case 2:
                ushort two = unchecked((ushort)number);
                return Unsafe.As<ushort, T>(ref two);
            case 4:
                uint four = unchecked((uint)number);
                return Unsafe.As<uint, T>(ref four);
            default:
                ulong eight = unchecked((ulong)number);
                return Unsafe.As<ulong, T>(ref eight);
        }
    }
}
