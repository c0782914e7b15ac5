namespace LambdaCore.Aggregates;

/// <summary>
/// A permutation of the 64-bit numbers whose bits are as good as random: the finalizer of SplitMix64 (Steele, Lea, Flood, "Fast splittable
/// pseudorandom number generators", OOPSLA 2014; constants of David Stafford's variant 13).
/// </summary>
internal static class Mixed
{
    /// <summary>The number that a number is mapped to; different ones for different ones.</summary>
    public static ulong Of(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58_476D_1CE4_E5B9;
        value = (value ^ (value >> 27)) * 0x94D0_49BB_1331_11EB;
        return value ^ (value >> 31);
    }
}
