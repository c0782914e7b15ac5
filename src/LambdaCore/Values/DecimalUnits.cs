namespace LambdaCore.Values;

/// <summary>
/// Decimals as whole numbers of billionths, the <c>DECIMAL(38,9)</c> of the master dataset. Every whole
/// <see cref="decimal"/> fits; more than nine digits after the point do not, and are refused, never rounded.
/// </summary>
internal static class DecimalUnits
{
    /// <summary>Digits after the point.</summary>
    public const int Scale = 9;

    /// <summary>Billionths in one.</summary>
    public const long UnitsPerOne = 1_000_000_000;

    private static readonly Int128 LargestWhole = (Int128)decimal.MaxValue;

    private static ReadOnlySpan<ulong> SmallPowersOfTen =>
        [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000];

    private static readonly Int128[] PowersOfTen = BuildPowersOfTen();

    /// <summary>The number of billionths in a decimal.</summary>
    /// <returns>False if the value has more than nine significant digits after the point.</returns>
    public static bool TryFromDecimal(decimal value, out Int128 units)
    {
        Span<int> bits = stackalloc int[4];
        _ = decimal.GetBits(value, bits);
        int scale = (bits[3] >> 16) & 0xFF;
        Int128 mantissa = new((uint)bits[2], ((ulong)(uint)bits[1] << 32) | (uint)bits[0]);
        if (scale <= Scale)
        {
            units = mantissa * PowersOfTen[Scale - scale];
        }
        else
        {
            (units, Int128 rest) = Int128.DivRem(mantissa, PowersOfTen[scale - Scale]);
            if (rest != 0)
            {
                return false;
            }
        }

        units = bits[3] < 0 ? -units : units;
        return true;
    }

    /// <summary>The number of billionths in a decimal.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value has more than nine significant digits after the point.</exception>
    public static Int128 FromDecimal(decimal value) =>
        TryFromDecimal(value, out Int128 units)
            ? units
            : throw new ArgumentOutOfRangeException(
                nameof(value), value, "A decimal may have at most nine digits after the point. Round it first: decimal.Round(value, 9).");

    /// <summary>Whether a number of billionths is a decimal: neither too large nor with more digits than fit.</summary>
    public static bool IsDecimal(Int128 units)
    {
        Int128 mantissa = Int128.Abs(Int128.Max(units, -Int128.MaxValue));
        for (int scale = Scale; mantissa > LargestWhole; scale--)
        {
            (mantissa, Int128 digit) = Int128.DivRem(mantissa, 10);
            if (scale == 0 || digit != 0)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The decimal of a number of billionths, in its shortest form.</summary>
    /// <exception cref="OverflowException">The value lies outside the range of <see cref="decimal"/>.</exception>
    public static decimal ToDecimal(Int128 units)
    {
        (Int128 whole, Int128 fraction) = Int128.DivRem(units, UnitsPerOne);
        return ToDecimal(whole, (long)fraction);
    }

    /// <summary>
    /// The decimal of a whole part and billionths of less than one, of the same sign, in its shortest form; rounded half to
    /// even where the two have more digits than a decimal.
    /// </summary>
    /// <exception cref="OverflowException">The value lies outside the range of <see cref="decimal"/>.</exception>
    public static decimal ToDecimal(Int128 whole, long fraction)
    {
        if (fraction == 0)
        {
            return (decimal)whole;
        }

        long digits = fraction;
        int scale = Scale;
        while (digits % 10 == 0)
        {
            digits /= 10;
            scale--;
        }

        return (decimal)whole + new decimal((int)Math.Abs(digits), 0, 0, digits < 0, (byte)scale);
    }

    /// <summary>A decimal cut towards zero, and the billionths that were cut off, of the same sign.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value has more than nine significant digits after the point.</exception>
    public static (Int128 Whole, long Billionths) Split(decimal value)
    {
        Span<int> bits = stackalloc int[4];
        _ = decimal.GetBits(value, bits);
        int scale = (bits[3] >> 16) & 0xFF;
        ulong low = ((ulong)(uint)bits[1] << 32) | (uint)bits[0];
        if (bits[2] == 0 && scale <= Scale)
        {
            ulong power = SmallPowersOfTen[scale];
            ulong whole = low / power;
            long rest = (long)((low - (whole * power)) * SmallPowersOfTen[Scale - scale]);
            return bits[3] < 0 ? (-(Int128)whole, -rest) : (whole, rest);
        }

        (Int128 quotient, Int128 remainder) = Int128.DivRem(FromDecimal(value), UnitsPerOne);
        return (quotient, (long)remainder);
    }

    private static Int128[] BuildPowersOfTen()
    {
        Int128[] powers = new Int128[29];
        powers[0] = 1;
        for (int i = 1; i < powers.Length; i++)
        {
            powers[i] = powers[i - 1] * 10;
        }

        return powers;
    }
}
