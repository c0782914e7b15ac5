using LambdaCore.Values;

namespace LambdaCore.Log;

/// <summary>Which kinds of value hold all values of which others exactly, so that a property may change from one to the other.</summary>
/// <remarks>Each such change is one of PROTOCOL.md, "Type Widening", for the types that the kinds are stored as, or no change of these at all.</remarks>
internal static class Widening
{
    private static readonly ValueKind[] Signed = [ValueKind.Int8, ValueKind.Int16, ValueKind.Int32, ValueKind.Int64];

    private static readonly ValueKind[] Unsigned = [ValueKind.UInt8, ValueKind.UInt16, ValueKind.UInt32, ValueKind.UInt64];

    /// <summary>Whether a property of one kind may become one of another.</summary>
    public static bool Allows(ValueKind from, ValueKind to) => from == to || To(from).Contains(to);

    /// <summary>The kinds that a kind can become, the nearest first.</summary>
    public static IEnumerable<ValueKind> To(ValueKind from)
    {
        int signed = Array.IndexOf(Signed, from);
        int unsigned = Array.IndexOf(Unsigned, from);
        return from == ValueKind.Float32 ? [ValueKind.Float64]
            : signed >= 0 ? [.. Signed[(signed + 1)..], .. ReachesDouble(from), ValueKind.Decimal]
            : unsigned >= 0 ? [.. Unsigned[(unsigned + 1)..], .. Signed[(unsigned + 1)..], .. ReachesDouble(from), ValueKind.Decimal]
            : [];
    }

    // A double holds 53 bits exactly. Delta knows no way from a long, which is what a uint is stored as, to a double.
    private static IEnumerable<ValueKind> ReachesDouble(ValueKind from) =>
        from is ValueKind.Int8 or ValueKind.Int16 or ValueKind.Int32 or ValueKind.UInt8 or ValueKind.UInt16 ? [ValueKind.Float64] : [];
}
