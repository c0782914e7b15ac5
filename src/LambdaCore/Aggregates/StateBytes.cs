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
            TRow row = TRow.Read(ref reader);
            return reader.Remaining == 0 ? row : throw new InvalidDataException($"A state of {bytes.Length} bytes goes on for {reader.Remaining} bytes behind its end.");
        }
    }

    /// <summary>
    /// Whether an error of reading or merging says that the bytes are none that a fold of events can have: no state at all, or one of other parameters, or of more events than a log has.
    /// </summary>
    public static bool Refuses(Exception error) => error is InvalidDataException or OverflowException || error.GetType() == typeof(InvalidOperationException);

    /// <summary>Merges what <see cref="IState{TSelf}.Write"/> wrote into a state.</summary>
    /// <exception cref="InvalidDataException">The bytes are no state.</exception>
    public static void MergeInto<TRow>(ref TRow row, ReadOnlySpan<byte> bytes)
        where TRow : struct, IState<TRow>
    {
        TRow other = Read<TRow>(bytes);
        row.Merge(in other);
    }
}
