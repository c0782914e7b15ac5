namespace LambdaCore.Values;

/// <summary>
/// Decimals as whole numbers of billionths, the <c>DECIMAL(38,9)</c> of the master dataset. Every whole
/// <see cref="decimal"/> fits; more than nine digits after the point do not, and are refused, never rounded.
/// </summary>
internal static class DecimalUnits
{
    /// <summary>Digits after the point.</summary>
    public const int Scale = 9;

    private const long UnitsPerOne = 1_000_000_000;

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

    /// <summary>The decimal of a number of billionths, in its shortest form.</summary>
    /// <exception cref="OverflowException">The value lies outside the range of <see cref="decimal"/>.</exception>
    public static decimal ToDecimal(Int128 units)
    {
        (Int128 whole, Int128 fraction) = Int128.DivRem(units, UnitsPerOne);
        if (fraction == 0)
        {
            return (decimal)whole;
        }

        long digits = (long)fraction;
        int scale = Scale;
        while (digits % 10 == 0)
        {
            digits /= 10;
            scale--;
        }

        return (decimal)whole + new decimal((int)Math.Abs(digits), 0, 0, digits < 0, (byte)scale);
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
