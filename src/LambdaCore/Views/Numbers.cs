using System.Linq.Expressions;
using System.Numerics;
using LambdaCore.Values;

namespace LambdaCore.Views;

/// <summary>Conversions of numbers that give null where the target cannot hold the value. Nothing throws.</summary>
internal static class Numbers
{
    // 2^96, above the largest decimal; the comparison excludes NaN too.
    private const double DecimalLimit = 79_228_162_514_264_337_593_543_950_336d;

    /// <summary>A call of one of the generic conversions below.</summary>
    public static Expression Call(string method, Expression value, ValueKind target)
    {
        Type result = ScalarType.RepresentationOf(target);
        Type[] types = method == nameof(WholeToWhole) ? [value.Type, result] : [result];
        return Expression.Call(typeof(Numbers), method, types, value);
    }

    /// <summary>A whole number in another type.</summary>
    public static TTarget? WholeToWhole<TSource, TTarget>(TSource value)
        where TSource : struct, IBinaryInteger<TSource>
        where TTarget : struct, IBinaryInteger<TTarget>
    {
        TTarget result = TTarget.CreateTruncating(value);
        return TSource.CreateTruncating(result) == value && TTarget.IsNegative(result) == TSource.IsNegative(value) ? result : null;
    }

    /// <summary>A floating-point number cut towards zero.</summary>
    public static TTarget? FloatingToWhole<TTarget>(double value)
        where TTarget : struct, IBinaryInteger<TTarget>, IMinMaxValue<TTarget>
    {
        double cut = Math.Truncate(value);

        // The largest value plus one is a power of two, and so exact as a double; the largest itself need not be.
        double above = (double.CreateChecked(TTarget.MaxValue / TTarget.CreateChecked(2)) + 1) * 2;
        return cut >= double.CreateChecked(TTarget.MinValue) && cut < above ? TTarget.CreateTruncating(cut) : null;
    }

    /// <summary>A decimal cut towards zero.</summary>
    public static TTarget? DecimalToWhole<TTarget>(decimal value)
        where TTarget : struct, IBinaryInteger<TTarget>, IMinMaxValue<TTarget>
    {
        decimal cut = decimal.Truncate(value);
        return cut >= decimal.CreateChecked(TTarget.MinValue) && cut <= decimal.CreateChecked(TTarget.MaxValue) ? TTarget.CreateTruncating(cut) : null;
    }

    /// <summary>The double nearest to a decimal.</summary>
    public static double ToFloat64(decimal value) => (double)Shortest(value);

    /// <summary>The float of a decimal.</summary>
    public static float ToFloat32(decimal value) => (float)Shortest(value);

    /// <summary>The float nearest to a double; infinite out of range.</summary>
    public static float ToFloat32(double value) => (float)value;

    /// <summary>A double as C# converts it, to fifteen significant digits, with at most nine after the point.</summary>
    public static decimal? ToDecimal(double value) =>
        value > -DecimalLimit && value < DecimalLimit ? Convert(value) : null;

    /// <summary>A float as C# converts it, to seven significant digits, with at most nine after the point.</summary>
    public static decimal? ToDecimal(float value)
    {
        if (!(value > -DecimalLimit && value < DecimalLimit))
        {
            return null;
        }

        try
        {
            return decimal.Round((decimal)value, DecimalUnits.Scale);
        }
        catch (OverflowException)
        {
            return null;
        }
    }

    private static decimal? Convert(double value)
    {
        try
        {
            return decimal.Round((decimal)value, DecimalUnits.Scale);
        }
        catch (OverflowException)
        {
            // Rounding to fifteen digits may carry a value next to the limit over it.
            return null;
        }
    }

    // C#'s conversion depends on trailing zeros, which the stored form does not keep.
    private static decimal Shortest(decimal value) => DecimalUnits.ToDecimal(DecimalUnits.FromDecimal(value));
}
