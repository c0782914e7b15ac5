using LambdaCore.Values;

namespace LambdaCore.Log;

/// <summary>Reads the groups of a range of the write-ahead log back as events. For one thread; what it gives is valid until the next group.</summary>
/// <typeparam name="TEvent">The event type.</typeparam>
/// <param name="frames">Reads the range; closed with the decoder.</param>
/// <param name="codec">Restores events.</param>
internal sealed class FrameDecoder<TEvent>(WriteAheadReader frames, EventCodec<TEvent> codec) : IDisposable
{
    private WriteAheadFrame _frame;
    private TEvent[] _events = [];
    private long[] _times = [];
    private GroupNotes _notes = GroupNotes.None;

    /// <summary>The frame.</summary>
    public WriteAheadFrame Frame => _frame;

    /// <summary>Its events.</summary>
    public ReadOnlySpan<TEvent> Events => _events.AsSpan(0, _frame.Count);

    /// <summary>Their event times, in microseconds since the Unix epoch.</summary>
    public ReadOnlySpan<long> EventTimes => _times.AsSpan(0, _frame.Count);

    /// <summary>What was said about their times when they got their positions.</summary>
    public GroupTimes Times => _notes.Times;

    /// <summary>Up to where producers have come with it.</summary>
    public IReadOnlyList<ProducerMark> Producers => _notes.Producers;

    /// <summary>What the times came to.</summary>
    public EventTimeTally Tally { get; private set; }

    /// <summary>Reads the next group; false after the last.</summary>
    /// <exception cref="LogCorruptException">A group is damaged.</exception>
    /// <exception cref="LambdaCoreException">A group was written with other columns.</exception>
    public unsafe bool MoveNext()
    {
        if (!frames.TryRead(out _frame))
        {
            return false;
        }

        ReadOnlySpan<byte> encoded = GroupPayload.Open(_frame, codec.Fingerprint, codec.Schema.EventType, out GroupNotes notes).Span;
        if (_events.Length < _frame.Count)
        {
            _events = new TEvent[_frame.Count];
            _times = new long[_frame.Count];
        }

        fixed (byte* start = encoded)
        {
            ByteReader reader = new(start, encoded.Length);
            Decode(ref reader);
            if (reader.Remaining != 0)
            {
                throw GroupPayload.NotSound(_frame, $"it has {reader.Remaining} bytes too many", null);
            }
        }

        _notes = notes;
        Tally = Times.Tally(HighestTime());
        return true;
    }

    public void Dispose() => frames.Dispose();

    private void Decode(ref ByteReader reader)
    {
        for (int i = 0; i < _frame.Count; i++)
        {
            try
            {
                _events[i] = codec.Decode(ref reader);
                _times[i] = codec.EventTime(_events[i]);
            }
            catch (Exception error) when (error is InvalidDataException or ArgumentException or OverflowException)
            {
                throw GroupPayload.NotSound(_frame, $"its event {i} cannot be decoded ({error.Message})", error);
            }
        }
    }

    private long HighestTime()
    {
        long highest = long.MinValue;
        int nextJudged = 0;
        for (int i = 0; i < _frame.Count; i++)
        {
            bool heldBack = nextJudged < Times.Judged.Count && Times.Judged[nextJudged].Index == i && Times.Judged[nextJudged++].Verdict.HasFlag(Verdict.HeldBack);
            highest = heldBack ? highest : Math.Max(highest, _times[i]);
        }

        return highest;
    }
}
