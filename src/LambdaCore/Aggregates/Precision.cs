namespace LambdaCore.Aggregates;

/// <summary>The precision of a sketch as a type, so that the fold is compiled for it.</summary>
internal interface IPrecision
{
    /// <summary>The number of bits that choose a register.</summary>
    static abstract int Bits { get; }
}

/// <summary>The precisions that there are.</summary>
internal static class Precision
{
    /// <summary>The precision that serves most: 4096 registers, 1.6 % standard error.</summary>
    public const int Default = 12;

    private static readonly Type[] Types =
    [
        typeof(P4), typeof(P5), typeof(P6), typeof(P7), typeof(P8),
        typeof(P9), typeof(P10), typeof(P11), typeof(P12), typeof(P13),
        typeof(P14), typeof(P15), typeof(P16), typeof(P17), typeof(P18),
    ];

    /// <summary>The type of a precision.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is none.</exception>
    public static Type Of(int bits) =>
        bits is >= HyperLogLogState.LeastPrecision and <= HyperLogLogState.GreatestPrecision
            ? Types[bits - HyperLogLogState.LeastPrecision]
            : throw new ArgumentOutOfRangeException(
                nameof(bits), bits, $"The precision of ApproxDistinct lies between {HyperLogLogState.LeastPrecision} (26 % standard error) and {HyperLogLogState.GreatestPrecision} (0.2 %); {Default} (1.6 %) serves most.");

    private readonly struct P4 : IPrecision
    {
        public static int Bits => 4;
    }

    private readonly struct P5 : IPrecision
    {
        public static int Bits => 5;
    }

    private readonly struct P6 : IPrecision
    {
        public static int Bits => 6;
    }

    private readonly struct P7 : IPrecision
    {
        public static int Bits => 7;
    }

    private readonly struct P8 : IPrecision
    {
        public static int Bits => 8;
    }

    private readonly struct P9 : IPrecision
    {
        public static int Bits => 9;
    }

    private readonly struct P10 : IPrecision
    {
        public static int Bits => 10;
    }

    private readonly struct P11 : IPrecision
    {
        public static int Bits => 11;
    }

    private readonly struct P12 : IPrecision
    {
        public static int Bits => 12;
    }

    private readonly struct P13 : IPrecision
    {
        public static int Bits => 13;
    }

    private readonly struct P14 : IPrecision
    {
        public static int Bits => 14;
    }

    private readonly struct P15 : IPrecision
    {
        public static int Bits => 15;
    }

    private readonly struct P16 : IPrecision
    {
        public static int Bits => 16;
    }

    private readonly struct P17 : IPrecision
    {
        public static int Bits => 17;
    }

    private readonly struct P18 : IPrecision
    {
        public static int Bits => 18;
    }
}
