using System.Buffers.Binary;
using LambdaCore.Values;

namespace LambdaCore.Log;

/// <summary>
/// What stands in the payload of a write-ahead frame: the codec's fingerprint (8 bytes), the watermark after the group (8), the length of the
/// notes (4), the encoded events, and the notes. Mostly there are none; else they are the length of the note on times (4), that note (<see cref="GroupTimes.WriteNote"/>), and
/// the marks of producers (<see cref="ProducerMark.Write"/>).
/// </summary>
/// <remarks>The part before the events has room for what is known only when the group gets its positions, so that a single request's bytes
/// become the payload where they are.</remarks>
internal static class GroupPayload
{
    /// <summary>The length of what stands before the events, in bytes.</summary>
    public const int PrefixLength = 20;

    private const int WatermarkOffset = 8;
    private const int NotesLengthOffset = 16;

    /// <summary>The most bytes that the payload of one request takes beside those of the encoded events.</summary>
    public static long MaximumOverhead(int events) =>
        PrefixLength + sizeof(int) + GroupTimes.NoteHeaderBytes + ((long)events * GroupTimes.MaximumNoteBytesPerEvent) + ProducerMark.MaximumEncodedBytes;

    /// <summary>Begins a payload; the events are to be written next.</summary>
    public static void Begin(ByteWriter payload, ulong fingerprint)
    {
        payload.WriteInt64((long)fingerprint);
        payload.Advance(PrefixLength - sizeof(long)).Clear();
    }

    /// <summary>Completes a payload that holds all events.</summary>
    public static void Complete(ByteWriter payload, GroupNotes notes)
    {
        int eventsEnd = payload.Length;
        payload.WriteInt32(0);
        int timesStart = payload.Length;
        notes.Times.WriteNote(payload);
        int timesEnd = payload.Length;
        ProducerMark.Write(payload, notes.Producers);
        if (payload.Length == timesStart)
        {
            payload.Truncate(eventsEnd);
        }
        else
        {
            BinaryPrimitives.WriteInt32LittleEndian(payload.Rewrite(eventsEnd, sizeof(int)), timesEnd - timesStart);
        }

        BinaryPrimitives.WriteInt64LittleEndian(payload.Rewrite(WatermarkOffset, sizeof(long)), notes.Times.Watermark);
        BinaryPrimitives.WriteInt32LittleEndian(payload.Rewrite(NotesLengthOffset, sizeof(int)), payload.Length - eventsEnd);
    }

    /// <summary>Takes the payload of a frame apart.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="fingerprint">The codec's fingerprint.</param>
    /// <param name="eventType">The event type, for the message.</param>
    /// <param name="notes">What is written beside the events.</param>
    /// <returns>The encoded events.</returns>
    /// <exception cref="LogCorruptException">It is no payload.</exception>
    /// <exception cref="LambdaCoreException">The events were encoded with other columns.</exception>
    public static ReadOnlyMemory<byte> Open(in WriteAheadFrame frame, ulong fingerprint, Type eventType, out GroupNotes notes)
    {
        ReadOnlySpan<byte> payload = frame.Payload.Span;
        if (payload.Length < sizeof(ulong) || BinaryPrimitives.ReadUInt64LittleEndian(payload) != fingerprint)
        {
            throw new LambdaCoreException(
                $"The events [{frame.First},{frame.End}) of the write-ahead log were written with other properties than {eventType} has now. Open the store once with the earlier type and run a batch, which seals them into Parquet; then open it with the new one.");
        }

        int length = payload.Length < PrefixLength ? -1 : BinaryPrimitives.ReadInt32LittleEndian(payload[NotesLengthOffset..]);
        if (length < 0 || length > payload.Length - PrefixLength)
        {
            throw NotSound(frame, $"it says that its notes have {length} bytes", null);
        }

        try
        {
            notes = ReadNotes(BinaryPrimitives.ReadInt64LittleEndian(payload[WatermarkOffset..]), payload[^length..]);
        }
        catch (InvalidDataException error)
        {
            throw NotSound(frame, error.Message, error);
        }

        // Each event takes the eight bytes of its time at least, so nothing is reserved for events that cannot be there.
        ReadOnlyMemory<byte> events = frame.Payload[PrefixLength..^length];
        if (frame.Count > events.Length / sizeof(long))
        {
            throw NotSound(frame, $"it says that its {events.Length} bytes are {frame.Count} events", null);
        }

        int before = -1;
        foreach (JudgedEvent judged in notes.Times.Judged)
        {
            if (judged.Index <= before || judged.Index >= frame.Count)
            {
                throw NotSound(frame, $"it has a note on event {judged.Index} after one on event {before}", null);
            }

            before = judged.Index;
        }

        return events;
    }

    private static GroupNotes ReadNotes(long watermark, ReadOnlySpan<byte> notes)
    {
        if (notes.IsEmpty)
        {
            return new GroupNotes(GroupTimes.ReadNote(watermark, notes), []);
        }

        int times = notes.Length < sizeof(int) ? -1 : BinaryPrimitives.ReadInt32LittleEndian(notes);
        ReadOnlySpan<byte> rest = times < 0 || times > notes.Length - sizeof(int)
            ? throw new InvalidDataException($"The notes of a group have {notes.Length} bytes, of which {times} are to be on times.")
            : notes[sizeof(int)..];
        return new GroupNotes(GroupTimes.ReadNote(watermark, rest[..times]), ProducerMark.Read(rest[times..]));
    }

    /// <summary>The error for a frame whose checksum is right, but whose payload is not.</summary>
    public static LogCorruptException NotSound(in WriteAheadFrame frame, string what, Exception? cause) => new(
        $"The write-ahead frame of the events [{frame.First},{frame.End}) is not sound: {what}. Restore the folder 'wal' from a copy, or {LogCorruptException.Salvage}; nothing was changed on disk.", cause);
}
