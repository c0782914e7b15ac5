using LambdaCore.Values;

namespace LambdaCore.Views;

/// <summary>Arithmetic of decimals, rounded half to even to nine digits after the point; null out of range or by zero.</summary>
internal static class CheckedDecimal
{
    /// <summary>The sum.</summary>
    public static decimal? Add(decimal a, decimal b)
    {
        try
        {
            return Fit(a + b);
        }
        catch (OverflowException)
        {
            return null;
        }
    }

    /// <summary>The difference.</summary>
    public static decimal? Subtract(decimal a, decimal b) => Add(a, -b);

    /// <summary>The product.</summary>
    public static decimal? Multiply(decimal a, decimal b)
    {
        try
        {
            return Fit(a * b);
        }
        catch (OverflowException)
        {
            return null;
        }
    }

    /// <summary>The quotient.</summary>
    public static decimal? Divide(decimal a, decimal b)
    {
        try
        {
            return b == 0 ? null : Fit(a / b);
        }
        catch (OverflowException)
        {
            return null;
        }
    }

    /// <summary>The remainder, with the sign of the dividend.</summary>
    public static decimal? Modulo(decimal a, decimal b)
    {
        try
        {
            return b == 0 ? null : Fit(a % b);
        }
        catch (OverflowException)
        {
            return null;
        }
    }

    private static decimal Fit(decimal value) => decimal.Round(value, DecimalUnits.Scale);
}
