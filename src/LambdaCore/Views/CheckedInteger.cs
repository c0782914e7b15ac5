using System.Numerics;
using System.Reflection;
using LambdaCore.Values;

namespace LambdaCore.Views;

/// <summary>Arithmetic of whole numbers whose result is null where it does not fit or a divisor is zero. Nothing throws.</summary>
internal static class CheckedInteger
{
    /// <summary>The method of a name for a kind.</summary>
    public static MethodInfo Method(string name, ValueKind kind)
    {
        Type type = ScalarType.RepresentationOf(kind);
        return typeof(CheckedInteger).GetMethod(name)!.MakeGenericMethod(type);
    }

    /// <summary>The sum.</summary>
    public static T? Add<T>(T a, T b)
        where T : struct, IBinaryInteger<T>, IMinMaxValue<T>
    {
        T sum = unchecked(a + b);
        bool overflow = T.IsNegative(T.MinValue) ? T.IsNegative((a ^ sum) & (b ^ sum)) : sum < a;
        return overflow ? null : sum;
    }

    /// <summary>The difference.</summary>
    public static T? Subtract<T>(T a, T b)
        where T : struct, IBinaryInteger<T>, IMinMaxValue<T>
    {
        T difference = unchecked(a - b);
        bool overflow = T.IsNegative(T.MinValue) ? T.IsNegative((a ^ b) & (a ^ difference)) : a < b;
        return overflow ? null : difference;
    }

    /// <summary>The product.</summary>
    public static T? Multiply<T>(T a, T b)
        where T : struct, IBinaryInteger<T>, IMinMaxValue<T>
    {
        if (typeof(T) == typeof(int) || typeof(T) == typeof(uint))
        {
            long small = unchecked(long.CreateTruncating(a) * long.CreateTruncating(b));
            return typeof(T) == typeof(uint) && (ulong)small > uint.MaxValue || (typeof(T) == typeof(int) && (int)small != small) ? null : T.CreateTruncating(small);
        }

        if (typeof(T) == typeof(long))
        {
            long high = Math.BigMul(long.CreateTruncating(a), long.CreateTruncating(b), out long low);
            return high == low >> 63 ? T.CreateTruncating(low) : null;
        }

        ulong above = Math.BigMul(ulong.CreateTruncating(a), ulong.CreateTruncating(b), out ulong product);
        return above == 0 ? T.CreateTruncating(product) : null;
    }

    /// <summary>The quotient, cut towards zero.</summary>
    public static T? Divide<T>(T a, T b)
        where T : struct, IBinaryInteger<T>, IMinMaxValue<T> => HasQuotient(a, b) ? a / b : null;

    /// <summary>The remainder, with the sign of the dividend; of the smallest number by -1 it is zero, where C# would throw.</summary>
    public static T? Modulo<T>(T a, T b)
        where T : struct, IBinaryInteger<T>, IMinMaxValue<T> => HasQuotient(a, b) ? a % b : b == T.Zero ? null : T.Zero;

    /// <summary>The number with the other sign.</summary>
    public static T? Negate<T>(T a)
        where T : struct, IBinaryInteger<T>, IMinMaxValue<T> => a == T.MinValue ? null : -a;

    /// <summary>The number without its sign.</summary>
    public static T? Abs<T>(T a)
        where T : struct, IBinaryInteger<T>, IMinMaxValue<T> => a == T.MinValue ? null : T.Abs(a);

    private static bool HasQuotient<T>(T a, T b)
        where T : struct, IBinaryInteger<T>, IMinMaxValue<T> =>
        b != T.Zero && !(T.IsNegative(T.MinValue) && a == T.MinValue && b == -T.One);
}
