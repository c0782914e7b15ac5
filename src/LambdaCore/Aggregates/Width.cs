namespace LambdaCore.Aggregates;

/// <summary>A small number as a type: what a state must know that has seen nothing yet.</summary>
internal interface IWidth
{
    /// <summary>The number.</summary>
    static abstract int Value { get; }
}

/// <summary>The numbers below 64, in two octal digits.</summary>
internal static class Width
{
    /// <summary>The greatest number.</summary>
    public const int Greatest = 63;

    private static readonly Type[] Digits = [typeof(D0), typeof(D1), typeof(D2), typeof(D3), typeof(D4), typeof(D5), typeof(D6), typeof(D7)];

    /// <summary>The type of a number.</summary>
    public static Type Of(int value) => typeof(Octal<,>).MakeGenericType(Digits[value / 8], Digits[value % 8]);

    private readonly struct Octal<TEights, TOnes> : IWidth
        where TEights : IWidth
        where TOnes : IWidth
    {
        public static int Value => (8 * TEights.Value) + TOnes.Value;
    }

    private readonly struct D0 : IWidth
    {
        public static int Value => 0;
    }

    private readonly struct D1 : IWidth
    {
        public static int Value => 1;
    }

    private readonly struct D2 : IWidth
    {
        public static int Value => 2;
    }

    private readonly struct D3 : IWidth
    {
        public static int Value => 3;
    }

    private readonly struct D4 : IWidth
    {
        public static int Value => 4;
    }

    private readonly struct D5 : IWidth
    {
        public static int Value => 5;
    }

    private readonly struct D6 : IWidth
    {
        public static int Value => 6;
    }

    private readonly struct D7 : IWidth
    {
        public static int Value => 7;
    }
}
