using LambdaCore.Values;

namespace LambdaCore.Log;

/// <summary>Up to where a producer has come with a group of events: what makes a retry known, written in the same frame as the events.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Sequence">The sequence of its last event in the group; not negative.</param>
internal readonly record struct ProducerMark(string Name, long Sequence)
{
    /// <summary>The most bytes that a mark takes.</summary>
    public const int MaximumEncodedBytes = 2 + ProducerName.MaximumBytes + 10;

    /// <summary>Writes marks; nothing if there are none.</summary>
    public static void Write(ByteWriter writer, IEnumerable<ProducerMark> marks)
    {
        foreach (ProducerMark mark in marks)
        {
            writer.WriteString(mark.Name);
            writer.WriteVarint64((ulong)mark.Sequence);
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote. What it allocates is bounded by the bytes that there are.</summary>
    /// <param name="note">Exactly the bytes that were written.</param>
    /// <exception cref="InvalidDataException">The bytes are no marks.</exception>
    public static unsafe IReadOnlyList<ProducerMark> Read(ReadOnlySpan<byte> note)
    {
        if (note.IsEmpty)
        {
            return [];
        }

        List<ProducerMark> marks = [];
        fixed (byte* start = note)
        {
            ByteReader reader = new(start, note.Length);
            while (reader.Remaining > 0)
            {
                uint length = reader.ReadVarint();
                if (length is 0 or > ProducerName.MaximumBytes)
                {
                    throw new InvalidDataException($"The name of a producer has {length} bytes, and not 1 to {ProducerName.MaximumBytes}.");
                }

                string name = ByteReader.DecodeUtf8(reader.ReadRaw(length));
                ulong sequence = reader.ReadVarint64();
                marks.Add(sequence <= long.MaxValue
                    ? new ProducerMark(name, (long)sequence)
                    : throw new InvalidDataException($"The sequence of a producer is {sequence}, which is larger than 63 bits."));
            }
        }

        return marks;
    }
}
