using LambdaCore.Values;

namespace LambdaCore.Log;

/// <summary>What the times of one group of events came to, as it is written beside them. Immutable.</summary>
/// <param name="Watermark">The watermark after the group, in microseconds since the Unix epoch; <see cref="long.MinValue"/> for none.</param>
/// <param name="Late">How many events were late.</param>
/// <param name="TooLate">How many of them by more than the grace period.</param>
/// <param name="GracePeriod">The grace period that they were judged by, in microseconds.</param>
/// <param name="Judged">The events that are special, in order; mostly none.</param>
internal sealed record GroupTimes(long Watermark, int Late, int TooLate, long GracePeriod, IReadOnlyList<JudgedEvent> Judged)
{
    /// <summary>The most bytes that <see cref="WriteNote"/> writes for each event of a group, and for the group.</summary>
    public const int MaximumNoteBytesPerEvent = sizeof(int) + sizeof(byte) + sizeof(long);

    /// <inheritdoc cref="MaximumNoteBytesPerEvent"/>
    public const int NoteHeaderBytes = (3 * sizeof(int)) + sizeof(long);

    private int[]? _skipped;

    /// <summary>The events that the speed layer does not count, in order.</summary>
    public ReadOnlySpan<int> Skipped => Judged.Count == 0 ? [] : _skipped ??= [.. Judged.Where(j => !j.CountsAtOnce).Select(j => j.Index)];

    /// <summary>The group's own tally.</summary>
    /// <param name="highestTime">The highest event time that was not held back.</param>
    public EventTimeTally Tally(long highestTime) => new(
        Watermark, highestTime, Late, TooLate, CountOf(Verdict.BatchOnly), CountOf(Verdict.Rejected), CountOf(Verdict.HeldBack), CountOf(Verdict.Amending));

    /// <summary>Writes all but the watermark; nothing if there is nothing to remember.</summary>
    public void WriteNote(ByteWriter writer)
    {
        if (Late == 0 && Judged.Count == 0)
        {
            return;
        }

        writer.WriteInt32(Late);
        writer.WriteInt32(TooLate);
        writer.WriteInt64(GracePeriod);
        writer.WriteInt32(Judged.Count);
        foreach (JudgedEvent judged in Judged)
        {
            writer.WriteInt32(judged.Index);
            writer.WriteByte((byte)judged.Verdict);
            writer.WriteInt64(judged.Watermark);
        }
    }

    /// <summary>Reads what <see cref="WriteNote"/> wrote.</summary>
    /// <param name="watermark">The watermark after the group.</param>
    /// <param name="note">Exactly the bytes that were written.</param>
    /// <exception cref="InvalidDataException">The bytes are no such note.</exception>
    public static unsafe GroupTimes ReadNote(long watermark, ReadOnlySpan<byte> note)
    {
        if (note.IsEmpty)
        {
            return new GroupTimes(watermark, 0, 0, 0, []);
        }

        fixed (byte* start = note)
        {
            ByteReader reader = new(start, note.Length);
            int late = reader.ReadInt32();
            int tooLate = reader.ReadInt32();
            long gracePeriod = reader.ReadInt64();
            int count = reader.ReadInt32();
            if (count < 0 || reader.Remaining != (long)count * MaximumNoteBytesPerEvent)
            {
                throw new InvalidDataException($"A note on the times of a group has {note.Length} bytes, which does not fit the {count} events that it is about.");
            }

            JudgedEvent[] judged = new JudgedEvent[count];
            for (int i = 0; i < count; i++)
            {
                judged[i] = new JudgedEvent(reader.ReadInt32(), (Verdict)reader.ReadByte(), reader.ReadInt64());
            }

            return new GroupTimes(watermark, late, tooLate, gracePeriod, judged);
        }
    }

    private int CountOf(Verdict verdict) => Judged.Count == 0 ? 0 : Judged.Count(j => j.Verdict.HasFlag(verdict));
}
