using System.Numerics;

namespace LambdaCore.Serving;

/// <summary>Weighted means of two numbers: <c>(1 - share) * realTime + share * batch</c>. Never outside of the two, and each of them where they are equal.</summary>
internal static class NumberBlend
{
    /// <summary>The exact mean of two integers of at most 64 bits, rounded half to even.</summary>
    public static T OfIntegers<T>(T realTime, T batch, BatchShare share)
        where T : IBinaryInteger<T>
    {
        // At most 2^64 times 2^63, so nothing overflows.
        Int128 start = Int128.CreateChecked(realTime);
        (Int128 whole, Int128 rest) = Int128.DivRem((Int128.CreateChecked(batch) - start) * share.Part, share.Whole);
        if (rest < 0)
        {
            whole -= 1;
            rest += share.Whole;
        }

        Int128 mean = start + whole;
        Int128 twice = rest * 2;
        return T.CreateChecked(twice > share.Whole || (twice == share.Whole && Int128.IsOddInteger(mean)) ? mean + 1 : mean);
    }

    /// <summary>The mean of two numbers in double; the real-time one unless both are finite.</summary>
    public static double OfDoubles(double realTime, double batch, BatchShare share)
    {
        // The form batch - realTime could overflow where this one cannot.
        double weight = share.ToDouble();
        return !double.IsFinite(realTime) || !double.IsFinite(batch) || realTime == batch
            ? realTime
            : Math.Clamp(((1 - weight) * realTime) + (weight * batch), Math.Min(realTime, batch), Math.Max(realTime, batch));
    }

    /// <summary>The mean of two numbers in double, rounded to the nearest float; the real-time one unless both are finite.</summary>
    public static float OfFloats(float realTime, float batch, BatchShare share) => (float)OfDoubles(realTime, batch, share);

    /// <summary>The mean of two decimals, to 28 digits.</summary>
    public static decimal OfDecimals(decimal realTime, decimal batch, BatchShare share)
    {
        if (realTime == batch)
        {
            return realTime;
        }

        // Each form overflows where the other does not: the difference of unlike signs, the rounded sum of like ones.
        decimal weight = (decimal)share.Part / share.Whole;
        decimal mean = decimal.IsNegative(realTime) == decimal.IsNegative(batch)
            ? realTime + ((batch - realTime) * weight)
            : ((1 - weight) * realTime) + (weight * batch);
        return Math.Clamp(mean, Math.Min(realTime, batch), Math.Max(realTime, batch));
    }
}
