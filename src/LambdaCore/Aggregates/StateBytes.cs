using LambdaCore.Values;

namespace LambdaCore.Aggregates;

/// <summary>Reads states from where they stand.</summary>
internal static class StateBytes
{
    /// <summary>Reads what <see cref="IState{TSelf}.Write"/> wrote.</summary>
    /// <exception cref="InvalidDataException">The bytes are no state.</exception>
    public static unsafe TRow Read<TRow>(ReadOnlySpan<byte> bytes)
        where TRow : struct, IState<TRow>
    {
        fixed (byte* start = bytes)
        {
            ByteReader reader = new(start, bytes.Length);
            return TRow.Read(ref reader);
        }
    }

    /// <summary>Merges what <see cref="IState{TSelf}.Write"/> wrote into a state.</summary>
    /// <exception cref="InvalidDataException">The bytes are no state.</exception>
    public static void MergeInto<TRow>(ref TRow row, ReadOnlySpan<byte> bytes)
        where TRow : struct, IState<TRow>
    {
        TRow other = Read<TRow>(bytes);
        row.Merge(in other);
    }
}
