using System.Buffers.Binary;
using LambdaCore.Values;

namespace LambdaCore.Log;

/// <summary>
/// What stands in the payload of a write-ahead frame: the codec's fingerprint (8 bytes), the watermark after the group (8), the length of the
/// note (4), the encoded events, and the note on their times, which is mostly empty (<see cref="GroupTimes.WriteNote"/>).
/// </summary>
/// <remarks>The part before the events has room for what is known only when the group gets its positions, so that a single request's bytes
/// become the payload where they are.</remarks>
internal static class GroupPayload
{
    /// <summary>The length of what stands before the events, in bytes.</summary>
    public const int PrefixLength = 20;

    private const int WatermarkOffset = 8;
    private const int NoteLengthOffset = 16;

    /// <summary>The most bytes that a payload takes beside those of the encoded events.</summary>
    public static long MaximumOverhead(int events) =>
        PrefixLength + GroupTimes.NoteHeaderBytes + ((long)events * GroupTimes.MaximumNoteBytesPerEvent);

    /// <summary>Begins a payload; the events are to be written next.</summary>
    public static void Begin(ByteWriter payload, ulong fingerprint)
    {
        payload.WriteInt64((long)fingerprint);
        payload.Advance(PrefixLength - sizeof(long)).Clear();
    }

    /// <summary>Completes a payload that holds all events.</summary>
    public static void Complete(ByteWriter payload, GroupTimes times)
    {
        int eventsEnd = payload.Length;
        times.WriteNote(payload);
        BinaryPrimitives.WriteInt64LittleEndian(payload.Rewrite(WatermarkOffset, sizeof(long)), times.Watermark);
        BinaryPrimitives.WriteInt32LittleEndian(payload.Rewrite(NoteLengthOffset, sizeof(int)), payload.Length - eventsEnd);
    }

    /// <summary>Takes the payload of a frame apart.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="fingerprint">The codec's fingerprint.</param>
    /// <param name="eventType">The event type, for the message.</param>
    /// <param name="times">What the times of the events came to.</param>
    /// <returns>The encoded events.</returns>
    /// <exception cref="LogCorruptException">It is no payload.</exception>
    /// <exception cref="LambdaCoreException">The events were encoded with other columns.</exception>
    public static ReadOnlyMemory<byte> Open(in WriteAheadFrame frame, ulong fingerprint, Type eventType, out GroupTimes times)
    {
        ReadOnlySpan<byte> payload = frame.Payload.Span;
        if (payload.Length < sizeof(ulong) || BinaryPrimitives.ReadUInt64LittleEndian(payload) != fingerprint)
        {
            throw new LambdaCoreException(
                $"The events [{frame.First},{frame.End}) of the write-ahead log were written with other properties than {eventType} has now. Open the store once with the earlier type and run a batch, which seals them into Parquet; then open it with the new one.");
        }

        int noteLength = payload.Length < PrefixLength ? -1 : BinaryPrimitives.ReadInt32LittleEndian(payload[NoteLengthOffset..]);
        if (noteLength < 0 || noteLength > payload.Length - PrefixLength)
        {
            throw NotSound(frame, $"it says that its note has {noteLength} bytes", null);
        }

        try
        {
            times = GroupTimes.ReadNote(BinaryPrimitives.ReadInt64LittleEndian(payload[WatermarkOffset..]), payload[^noteLength..]);
        }
        catch (InvalidDataException error)
        {
            throw NotSound(frame, error.Message, error);
        }

        // Each event takes the eight bytes of its time at least, so nothing is reserved for events that cannot be there.
        ReadOnlyMemory<byte> events = frame.Payload[PrefixLength..^noteLength];
        if (frame.Count > events.Length / sizeof(long))
        {
            throw NotSound(frame, $"it says that its {events.Length} bytes are {frame.Count} events", null);
        }

        int before = -1;
        foreach (JudgedEvent judged in times.Judged)
        {
            if (judged.Index <= before || judged.Index >= frame.Count)
            {
                throw NotSound(frame, $"it has a note on event {judged.Index} after one on event {before}", null);
            }

            before = judged.Index;
        }

        return events;
    }

    /// <summary>The error for a frame whose checksum is right, but whose payload is not.</summary>
    public static LogCorruptException NotSound(in WriteAheadFrame frame, string what, Exception? cause) => new(
        $"The write-ahead frame of the events [{frame.First},{frame.End}) is not sound: {what}. Restore the folder 'wal' from a copy, or {LogCorruptException.Salvage}; nothing was changed on disk.", cause);
}
