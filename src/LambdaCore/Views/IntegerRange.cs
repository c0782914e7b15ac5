using System.Numerics;
using LambdaCore.Values;

namespace LambdaCore.Views;

/// <summary>
/// The values that a whole-number expression can take, both ends included. It shows which arithmetic cannot
/// overflow, so that neither layer needs to guard it and its result need not be nullable.
/// </summary>
internal readonly record struct IntegerRange(BigInteger Min, BigInteger Max)
{
    /// <summary>The range of a kind, or null if the kind is no whole number.</summary>
    public static IntegerRange? Of(ValueKind kind) => kind switch
    {
        ValueKind.Int8 => new(sbyte.MinValue, sbyte.MaxValue),
        ValueKind.UInt8 => new(byte.MinValue, byte.MaxValue),
        ValueKind.Int16 => new(short.MinValue, short.MaxValue),
        ValueKind.UInt16 => new(ushort.MinValue, ushort.MaxValue),
        ValueKind.Int32 => new(int.MinValue, int.MaxValue),
        ValueKind.UInt32 => new(uint.MinValue, uint.MaxValue),
        ValueKind.Int64 or ValueKind.Duration => new(long.MinValue, long.MaxValue),
        ValueKind.UInt64 => new(ulong.MinValue, ulong.MaxValue),
        _ => null,
    };

    /// <summary>Whether a number lies in the range.</summary>
    public bool Contains(BigInteger value) => Min <= value && value <= Max;

    /// <summary>Whether another range lies in this one.</summary>
    public bool Contains(IntegerRange other) => Min <= other.Min && other.Max <= Max;

    /// <summary>The smallest range that holds both.</summary>
    public IntegerRange Join(IntegerRange other) => new(BigInteger.Min(Min, other.Min), BigInteger.Max(Max, other.Max));

    /// <summary>The part of this range that lies in another.</summary>
    public IntegerRange Within(IntegerRange other) => new(BigInteger.Max(Min, other.Min), BigInteger.Min(Max, other.Max));

    public static IntegerRange operator +(IntegerRange a, IntegerRange b) => new(a.Min + b.Min, a.Max + b.Max);

    public static IntegerRange operator -(IntegerRange a, IntegerRange b) => new(a.Min - b.Max, a.Max - b.Min);

    public static IntegerRange operator -(IntegerRange a) => new(-a.Max, -a.Min);

    public static IntegerRange operator *(IntegerRange a, IntegerRange b) => Corners(a, b, BigInteger.Multiply);

    /// <summary>Quotients towards zero, for the divisors that are not zero.</summary>
    public static IntegerRange operator /(IntegerRange a, IntegerRange b)
    {
        BigInteger widest = BigInteger.Max(BigInteger.Abs(a.Min), BigInteger.Abs(a.Max));
        return b.Contains(0) ? new(-widest, widest) : Corners(a, b, BigInteger.Divide);
    }

    /// <summary>Remainders with the sign of the dividend, for the divisors that are not zero.</summary>
    public static IntegerRange operator %(IntegerRange a, IntegerRange b)
    {
        BigInteger limit = BigInteger.Max(BigInteger.Max(BigInteger.Abs(b.Min), BigInteger.Abs(b.Max)) - 1, 0);
        return new(BigInteger.Max(-limit, BigInteger.Min(a.Min, 0)), BigInteger.Min(limit, BigInteger.Max(a.Max, 0)));
    }

    private static IntegerRange Corners(IntegerRange a, IntegerRange b, Func<BigInteger, BigInteger, BigInteger> combine)
    {
        BigInteger[] corners = [combine(a.Min, b.Min), combine(a.Min, b.Max), combine(a.Max, b.Min), combine(a.Max, b.Max)];
        return new(corners.Min(), corners.Max());
    }
}
