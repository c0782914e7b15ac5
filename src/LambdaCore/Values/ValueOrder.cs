using System.Runtime.CompilerServices;

namespace LambdaCore.Values;

/// <summary>
/// The one order of values, the same in the fold, in SQL and in keys: numbers by size with NaN above all others and
/// negative zero equal to zero, false before true, strings by their UTF-8 bytes, Guids as their text, binary by
/// unsigned bytes with a prefix first.
/// </summary>
internal static class ValueOrder
{
    // The quiet NaN without sign and payload, which most other systems write; .NET's own NaN has the sign set.
    private static readonly double NaN64 = BitConverter.UInt64BitsToDouble(0x7FF8_0000_0000_0000);
    private static readonly float NaN32 = BitConverter.UInt32BitsToSingle(0x7FC0_0000);

    /// <summary>A floating-point number with one NaN (0x7FF8000000000000) and without a negative zero.</summary>
    public static double Canonical(double value) => double.IsNaN(value) ? NaN64 : value == 0 ? 0 : value;

    /// <summary>A floating-point number with one NaN (0x7FC00000) and without a negative zero.</summary>
    public static float Canonical(float value) => float.IsNaN(value) ? NaN32 : value == 0 ? 0 : value;

    /// <summary>As <see cref="Canonical(double)"/>; missing stays missing.</summary>
    public static double? Canonical(double? value) => value is { } there ? Canonical(there) : null;

    /// <summary>As <see cref="Canonical(float)"/>; missing stays missing.</summary>
    public static float? Canonical(float? value) => value is { } there ? Canonical(there) : null;

    /// <summary>
    /// The one form of a value among those that are equal in this order: floating-point numbers as above, decimals in their
    /// shortest form. Other representations have one form only.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Canonical<T>(T value)
        where T : notnull =>
        typeof(T) == typeof(double) ? (T)(object)Canonical((double)(object)value)
        : typeof(T) == typeof(float) ? (T)(object)Canonical((float)(object)value)
        : typeof(T) == typeof(decimal) ? (T)(object)DecimalUnits.ToDecimal(DecimalUnits.FromDecimal((decimal)(object)value))
        : value;

    /// <summary>Compares two values of one representation (see <see cref="ValueKind"/>).</summary>
    /// <returns>Negative, zero or positive.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Compare<T>(T left, T right)
    {
        if (typeof(T) == typeof(double))
        {
            return Compare((double)(object)left!, (double)(object)right!);
        }

        if (typeof(T) == typeof(float))
        {
            return Compare((float)(object)left!, (double)(float)(object)right!);
        }

        if (typeof(T) == typeof(string))
        {
            return CompareUtf8((string)(object)left!, (string)(object)right!);
        }

        if (typeof(T) == typeof(byte[]))
        {
            return ((byte[])(object)left!).AsSpan().SequenceCompareTo((byte[])(object)right!);
        }

        return Comparer<T>.Default.Compare(left, right);
    }

    /// <summary>Compares two strings as their UTF-8 bytes, which is by code point.</summary>
    public static int CompareUtf8(string left, string right)
    {
        int shared = left.AsSpan().CommonPrefixLength(right);
        if (shared == left.Length || shared == right.Length)
        {
            return left.Length.CompareTo(right.Length);
        }

        // UTF-16 and UTF-8 agree except that surrogates (code points from U+10000) sort above U+E000..U+FFFF.
        char a = left[shared];
        char b = right[shared];
        bool aSurrogate = char.IsSurrogate(a);
        return aSurrogate != char.IsSurrogate(b) && a >= 0xD800 && b >= 0xD800 ? (aSurrogate ? 1 : -1) : a.CompareTo(b);
    }

    private static int Compare(double left, double right) =>
        left < right ? -1 : left > right ? 1 : left == right ? 0 : double.IsNaN(left).CompareTo(double.IsNaN(right));
}
