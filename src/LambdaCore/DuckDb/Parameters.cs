using System.Text;

namespace LambdaCore.DuckDb;

/// <summary>Binds .NET values to the parameters of a prepared statement.</summary>
internal static unsafe class Parameters
{
    /// <exception cref="ArgumentException">The count is not what the statement wants, or a type has no binding.</exception>
    public static void Bind(StatementHandle statement, ReadOnlySpan<object?> values, string sql)
    {
        ulong expected = NativeMethods.ParameterCount(statement);
        if (expected != (ulong)values.Length)
        {
            throw new ArgumentException($"The statement has {expected} parameters and was given {values.Length} values: {sql}");
        }

        for (int i = 0; i < values.Length; i++)
        {
            if (BindOne(statement, (ulong)i + 1, values[i]) != DuckDbState.Success)
            {
                throw new ArgumentException($"DuckDB refused parameter {i + 1} ({values[i]?.GetType().Name ?? "null"}) of: {sql}");
            }
        }
    }

    private static DuckDbState BindOne(StatementHandle statement, ulong index, object? value) => value switch
    {
        null => NativeMethods.BindNull(statement, index),
        bool b => NativeMethods.BindBoolean(statement, index, b),
        sbyte or short or int or byte or ushort => NativeMethods.BindInteger(
            statement, index, Convert.ToInt32(value, provider: null)),
        uint i => NativeMethods.BindBigInt(statement, index, i),
        long i => NativeMethods.BindBigInt(statement, index, i),
        ulong i => NativeMethods.BindUBigInt(statement, index, i),
        Int128 i => NativeMethods.BindHugeInt(statement, index, new NativeHugeInt(i)),
        float f => NativeMethods.BindFloat(statement, index, f),
        double d => NativeMethods.BindDouble(statement, index, d),
        decimal d => NativeMethods.BindDecimal(statement, index, Decimal(d)),
        string s => BindText(statement, index, s),
        byte[] b => BindBlob(statement, index, b),
        DateTimeOffset t => NativeMethods.BindTimestampWithZone(statement, index, Microseconds(t.UtcTicks)),
        DateTime t => NativeMethods.BindTimestamp(statement, index, Microseconds(t.Ticks)),
        DateOnly d => NativeMethods.BindDate(statement, index, d.DayNumber - DateOnly.FromDateTime(DateTime.UnixEpoch).DayNumber),
        _ => throw new ArgumentException(
            $"Parameter {index} is a {value.GetType()}, which has no SQL type here; convert it to a number, text, bytes or time."),
    };

    private static DuckDbState BindText(StatementHandle statement, ulong index, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        fixed (byte* pointer = bytes)
        {
            byte nothing = 0; // DuckDB refuses a null pointer even for no bytes.
            return NativeMethods.BindVarchar(statement, index, pointer == null ? &nothing : pointer, (ulong)bytes.Length);
        }
    }

    private static DuckDbState BindBlob(StatementHandle statement, ulong index, byte[] bytes)
    {
        fixed (byte* pointer = bytes)
        {
            byte nothing = 0;
            return NativeMethods.BindBlob(statement, index, pointer == null ? &nothing : pointer, (ulong)bytes.Length);
        }
    }

    private static NativeDecimal Decimal(decimal value)
    {
        Span<int> bits = stackalloc int[4];
        decimal.GetBits(value, bits);
        Int128 unscaled = new((uint)bits[2], ((ulong)(uint)bits[1] << 32) | (uint)bits[0]);
        return new NativeDecimal(width: 38, value.Scale, decimal.IsNegative(value) ? -unscaled : unscaled);
    }

    // Toward the past, so that instants before 1970 truncate the same way as those after.
    private static long Microseconds(long ticks)
        => (ticks / TimeSpan.TicksPerMicrosecond) - (DateTime.UnixEpoch.Ticks / TimeSpan.TicksPerMicrosecond);
}
