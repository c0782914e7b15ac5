using System.Globalization;
using LambdaCore.DuckDb;
using LambdaCore.Storage;
using LambdaCore.Values;

namespace LambdaCore.Log;

/// <summary>
/// Turns a range of the write-ahead log into Parquet files: decodes frames into columns, hands them to DuckDB, and lets it
/// write. What counts goes into one file, what was rejected into another. Publishing them is the caller's.
/// </summary>
/// <param name="storage">Gives the scratch files.</param>
/// <param name="duckDb">Writes them.</param>
/// <param name="schema">The events, as they were encoded.</param>
/// <param name="eventType">The event type, for messages.</param>
internal sealed class SegmentSealer(IStorage storage, DuckDbEngine duckDb, StoredSchema schema, Type eventType)
{
    /// <summary>What a range of the log became.</summary>
    /// <param name="Range">The range.</param>
    /// <param name="Master">The events that count; perhaps none.</param>
    /// <param name="DeadLetters">The events that were rejected; null if there are none.</param>
    /// <param name="Tally">What the times of the range's events came to.</param>
    /// <param name="LastIngestedAt">When the last event was appended, in microseconds since the Unix epoch.</param>
    /// <param name="EncodedBytes">The size of the events in the write-ahead log.</param>
    /// <param name="Producers">Up to where each producer has come that has events in the range.</param>
    public readonly record struct SealedRange(
        LogRange Range, SegmentFileDraft Master, SegmentFileDraft? DeadLetters, EventTimeTally Tally, long LastIngestedAt, long EncodedBytes, IReadOnlyDictionary<string, long> Producers);

    /// <summary>Writes the events of a range, which begins and ends with a frame, or its first frames.</summary>
    /// <param name="frames">Reads the range.</param>
    /// <param name="range">The events to write.</param>
    /// <param name="maxEvents">The number of events after which no further frame is taken.</param>
    /// <exception cref="LogCorruptException">A frame is damaged, or was written with other columns.</exception>
    public SealedRange Write(WriteAheadReader frames, LogRange range, int maxEvents)
    {
        using DuckDbConnection connection = duckDb.Connect();
        using SegmentRows master = new(storage, connection, $"segment_{range.Start}", schema, MasterSchema.OwnOfMaster);
        SegmentRows? deadLetters = null;
        try
        {
            EventTimeTally tally = EventTimeTally.None;
            Dictionary<string, long> producers = new(StringComparer.Ordinal);
            long lastIngestedAt = long.MinValue;
            long encodedBytes = 0;
            LogPosition next = range.Start;
            while (next.Value - range.Start.Value < maxEvents && frames.TryRead(out WriteAheadFrame frame))
            {
                if (frame.First != next || frame.End > range.End)
                {
                    throw new InvalidOperationException($"Frame [{frame.First},{frame.End}) does not fit where {next} is next in {range}.");
                }

                next = frame.End;
                lastIngestedAt = frame.IngestedAtMicroseconds;
                encodedBytes += frame.Payload.Length;
                tally = tally.Plus(AddFrame(frame, producers, master, () => deadLetters ??= new SegmentRows(
                    storage, connection, $"deadletters_{range.Start}", schema, MasterSchema.OwnOfDeadLetters)));
            }

            (SegmentFileDraft file, SegmentFileDraft? rejected) = Finish(master, deadLetters);
            return new SealedRange(new LogRange(range.Start, next), file, rejected, tally, lastIngestedAt, encodedBytes, producers);
        }
        finally
        {
            deadLetters?.Dispose();
        }
    }

    /// <summary>Why an event was rejected, in words.</summary>
    /// <param name="lateness">How far behind the watermark it was.</param>
    /// <param name="watermark">The watermark just before it, in microseconds since the Unix epoch.</param>
    /// <param name="gracePeriod">The grace period that it was judged by, in microseconds.</param>
    public static string ReasonOf(TimeSpan lateness, long watermark, long gracePeriod) => string.Create(
        CultureInfo.InvariantCulture,
        $"{lateness:c} behind the watermark {UnixTime.ToDateTimeOffset(watermark):O}, which is more than the grace period of {TimeSpan.FromMicroseconds(gracePeriod):c}");

    private static (SegmentFileDraft Master, SegmentFileDraft? DeadLetters) Finish(SegmentRows master, SegmentRows? deadLetters)
    {
        SegmentFileDraft file = master.Write();
        try
        {
            return (file, deadLetters?.Write());
        }
        catch
        {
            ScratchFile.Discard(file.ScratchPath);
            throw;
        }
    }

    private unsafe EventTimeTally AddFrame(in WriteAheadFrame frame, Dictionary<string, long> producers, SegmentRows master, Func<SegmentRows> deadLetters)
    {
        ReadOnlySpan<byte> events = GroupPayload.Open(frame, schema.Newest.Fingerprint, eventType, out GroupNotes notes).Span;
        GroupTimes times = notes.Times;
        foreach (ProducerMark mark in notes.Producers)
        {
            producers[mark.Name] = mark.Sequence;
        }

        long highest = long.MinValue;
        int nextJudged = 0;
        fixed (byte* start = events)
        {
            ByteReader reader = new(start, events.Length);
            for (int i = 0; i < frame.Count; i++)
            {
                JudgedEvent judged = nextJudged < times.Judged.Count && times.Judged[nextJudged].Index == i ? times.Judged[nextJudged++] : default;
                SegmentRows rows = judged.Verdict.HasFlag(Verdict.Rejected) ? deadLetters() : master;
                long time = ReadEvent(rows, ref reader, frame, i);
                LogPosition position = frame.First.Plus(i);
                if (rows == master)
                {
                    master.AddToMaster(position, frame.IngestedAtMicroseconds, (judged.Verdict & (Verdict.BatchOnly | Verdict.Amending)) != 0);
                }
                else
                {
                    TimeSpan lateness = TimeSpan.FromMicroseconds(judged.Watermark - time);
                    rows.AddToDeadLetters(position, frame.IngestedAtMicroseconds, lateness, ReasonOf(lateness, judged.Watermark, times.GracePeriod));
                }

                highest = judged.Verdict.HasFlag(Verdict.HeldBack) ? highest : Math.Max(highest, time);
            }

            return reader.Remaining == 0
                ? times.Tally(highest)
                : throw GroupPayload.NotSound(frame, $"it has {reader.Remaining} bytes too many", null);
        }
    }

    private static long ReadEvent(SegmentRows rows, ref ByteReader reader, in WriteAheadFrame frame, int index)
    {
        try
        {
            return rows.ReadEvent(ref reader);
        }
        catch (InvalidDataException error)
        {
            throw GroupPayload.NotSound(frame, $"its event {index} cannot be decoded ({error.Message})", error);
        }
    }
}
