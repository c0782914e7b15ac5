namespace LambdaCore.Aggregates;

/// <summary>The precision of a HyperLogLog sketch: the number of bits that choose a register.</summary>
internal static class Precision
{
    /// <summary>The precision that serves most: 4096 registers, 1.6 % standard error.</summary>
    public const int Default = 12;

    /// <summary>The relative standard error of a precision's estimates.</summary>
    public static double StandardError(int bits) => 1.04 / Math.Sqrt(1 << bits);

    /// <summary>The precision itself.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are no such sketches.</exception>
    public static int Checked(int bits) =>
        bits is >= HyperLogLogState.LeastPrecision and <= HyperLogLogState.GreatestPrecision
            ? bits
            : throw new ArgumentOutOfRangeException(
                nameof(bits), bits, $"The precision of ApproxDistinct lies between {HyperLogLogState.LeastPrecision} (26 % standard error) and {HyperLogLogState.GreatestPrecision} (0.2 %); {Default} (1.6 %) serves most.");
}
