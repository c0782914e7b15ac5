using System.Runtime.CompilerServices;

namespace LambdaCore.Values;

/// <summary>
/// The one order of values, the same in the fold, in SQL and in keys: numbers by size with NaN above all others and
/// negative zero equal to zero, false before true, strings by their UTF-8 bytes, Guids as their text, binary by
/// unsigned bytes with a prefix first.
/// </summary>
internal static class ValueOrder
{
    /// <summary>A floating-point number with one NaN and without a negative zero.</summary>
    public static double Canonical(double value) => double.IsNaN(value) ? double.NaN : value == 0 ? 0 : value;

    /// <summary>A floating-point number with one NaN and without a negative zero.</summary>
    public static float Canonical(float value) => float.IsNaN(value) ? float.NaN : value == 0 ? 0 : value;

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
