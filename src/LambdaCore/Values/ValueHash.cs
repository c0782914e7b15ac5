using System.Linq.Expressions;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace LambdaCore.Values;

/// <summary>
/// The 64-bit hash that sketches count values by: <see cref="XxHash64"/> over one canonical form per kind, so
/// that both layers, and any other implementation of the format, agree. Whole numbers, booleans, times, dates and
/// durations hash as 64-bit integers; floating-point numbers as doubles, with one NaN and one zero; decimals and
/// unsigned 64-bit integers as 128-bit billionths; strings as UTF-8; Guids as their lower-case text; binary as it is.
/// </summary>
internal static class ValueHash
{
    private const int StackBytes = 384;

    /// <summary>The hash of a whole number, a boolean (0 or 1), a time, a date or a duration.</summary>
    public static ulong Of(long value) => XxHash64.Hash((ulong)value);

    /// <summary>The hash of a floating-point number.</summary>
    public static ulong Of(double value) => XxHash64.Hash((ulong)BitConverter.DoubleToInt64Bits(ValueOrder.Canonical(value)));

    /// <summary>The hash of an unsigned 64-bit integer.</summary>
    public static ulong Of(ulong value) => OfUnits((Int128)value * DecimalUnits.UnitsPerOne);

    /// <summary>The hash of a decimal.</summary>
    public static ulong Of(decimal value) => OfUnits(DecimalUnits.FromDecimal(value));

    /// <summary>The hash of a decimal given as billionths.</summary>
    public static ulong OfUnits(Int128 units) =>
        XxHash64.Hash(MemoryMarshal.AsBytes(new ReadOnlySpan<Int128>(in units)));

    /// <summary>The hash of a string.</summary>
    [SkipLocalsInit]
    public static ulong Of(string value)
    {
        if (value.Length * 3 <= StackBytes)
        {
            Span<byte> bytes = stackalloc byte[StackBytes];
            return XxHash64.Hash(bytes[..Encoding.UTF8.GetBytes(value, bytes)]);
        }

        return XxHash64.Hash(Encoding.UTF8.GetBytes(value));
    }

    /// <summary>The hash of a Guid.</summary>
    public static ulong Of(Guid value)
    {
        Span<byte> text = stackalloc byte[36];
        value.TryFormat(text, out _);
        return XxHash64.Hash(text);
    }

    /// <summary>The hash of bytes, or of a string given as UTF-8.</summary>
    public static ulong Of(ReadOnlySpan<byte> bytes) => XxHash64.Hash(bytes);

    /// <summary>The hash of binary.</summary>
    public static ulong Of(byte[] value) => XxHash64.Hash(value);

    /// <summary>The hash of a value of any representation.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong OfAny<T>(T value)
        where T : notnull => value switch
    {
        bool it => Of(it ? 1L : 0L),
        sbyte it => Of((long)it),
        byte it => Of((long)it),
        short it => Of((long)it),
        ushort it => Of((long)it),
        int it => Of((long)it),
        uint it => Of((long)it),
        long it => Of(it),
        ulong it => Of(it),
        float it => Of((double)it),
        double it => Of(it),
        decimal it => Of(it),
        string it => Of(it),
        Guid it => Of(it),
        byte[] it => Of(it),
        _ => throw new NotSupportedException($"{typeof(T)} represents no kind of value."),
    };

    /// <summary>Turns an expression of a representation into one of its hash.</summary>
    public static Expression Call(Expression value)
    {
        Type hashed =
            value.Type == typeof(float) ? typeof(double)
            : value.Type == typeof(sbyte) || value.Type == typeof(byte) || value.Type == typeof(short) || value.Type == typeof(ushort)
                || value.Type == typeof(int) || value.Type == typeof(uint) ? typeof(long)
            : value.Type;
        Expression input =
            hashed == typeof(bool) ? Expression.Condition(value, Expression.Constant(1L), Expression.Constant(0L))
            : hashed == value.Type ? value
            : Expression.Convert(value, hashed);
        return Expression.Call(typeof(ValueHash).GetMethod(nameof(Of), [input.Type])!, input);
    }
}
