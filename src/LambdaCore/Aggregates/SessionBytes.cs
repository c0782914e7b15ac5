using LambdaCore.Values;

namespace LambdaCore.Aggregates;

/// <summary>
/// How a <see cref="SessionSet{TRow}"/> stands in bytes: the number of sessions as a varint and, if there are any, the gap; then for each session
/// its first time, its last time and its states. Whoever makes a set of the rows of a batch view, or rows of a set, needs to know no more than this.
/// </summary>
internal static class SessionBytes
{
    private const int BoundsLength = 2 * sizeof(long);

    /// <summary>Writes what comes before the sessions.</summary>
    public static void WriteHeader(ByteWriter writer, int count, long gap)
    {
        writer.WriteVarint((uint)count);
        if (count > 0)
        {
            writer.WriteInt64(gap);
        }
    }

    /// <summary>Reads what comes before the sessions; the gap is 0 if there are none.</summary>
    /// <exception cref="InvalidDataException">There cannot be so many sessions, or the gap is not positive.</exception>
    public static (int Count, long Gap) ReadHeader(ref ByteReader reader)
    {
        uint count = reader.ReadVarint();
        if (count == 0)
        {
            return (0, 0);
        }

        long gap = reader.ReadInt64();
        return gap <= 0 ? throw new InvalidDataException($"Sessions have a gap of {gap} microseconds, which is not positive.")
            : count > reader.Remaining / BoundsLength ? throw new InvalidDataException($"There cannot be {count} sessions in {reader.Remaining} bytes.")
            : ((int)count, gap);
    }

    /// <summary>Writes what comes before the states of a session.</summary>
    public static void WriteBounds(ByteWriter writer, long first, long last)
    {
        writer.WriteInt64(first);
        writer.WriteInt64(last);
    }

    /// <summary>Reads what comes before the states of a session.</summary>
    public static (long First, long Last) ReadBounds(ref ByteReader reader) => (reader.ReadInt64(), reader.ReadInt64());
}
