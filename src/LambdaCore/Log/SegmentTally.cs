using System.Globalization;
using LambdaCore.Tables;
using LambdaCore.Values;

namespace LambdaCore.Log;

/// <summary>What the times of a segment's events came to, as tags of its file; and added up over segments.</summary>
internal sealed class SegmentTally
{
    private const string MaxEventTimeTag = "max_event_time";
    private const string WatermarkTag = "watermark";
    private const string LateTag = "late";
    private const string TooLateTag = "too_late";
    private const string BatchOnlyTag = "batch_only";
    private const string RejectedTag = "rejected";
    private const string HeldBackTag = "held_back";

    private readonly (LogPosition End, EventTimeTally Tally)[] _sums;

    /// <summary>Adds up the segments of a list.</summary>
    public SegmentTally(SegmentList segments)
    {
        _sums = new (LogPosition, EventTimeTally)[segments.Segments.Count];
        EventTimeTally sum = EventTimeTally.None;
        for (int i = 0; i < _sums.Length; i++)
        {
            SegmentFile segment = segments.Segments[i];
            sum = sum.Plus(Of(segment.File));
            _sums[i] = (segment.Range.End, sum);
        }
    }

    /// <summary>What the times of all events came to.</summary>
    public EventTimeTally Whole => _sums.Length == 0 ? EventTimeTally.None : _sums[^1].Tally;

    /// <summary>The tags of a segment's file; what is zero or missing has none.</summary>
    /// <param name="tally">What the times of its events came to.</param>
    public static IEnumerable<KeyValuePair<string, string>> TagsOf(EventTimeTally tally) =>
        new (string Tag, long Value, long Absent)[]
        {
            (MaxEventTimeTag, tally.HighestTime, long.MinValue),
            (WatermarkTag, tally.Watermark, long.MinValue),
            (LateTag, tally.Late, 0),
            (TooLateTag, tally.TooLate, 0),
            (BatchOnlyTag, tally.BatchOnly, 0),
            (RejectedTag, tally.Rejected, 0),
            (HeldBackTag, tally.HeldBack, 0),
        }.Where(t => t.Value != t.Absent).Select(t => KeyValuePair.Create(t.Tag, t.Value.ToString(CultureInfo.InvariantCulture)));

    /// <summary>What the times of the events before a position came to.</summary>
    /// <param name="end">The end of a segment; else the end of the last segment before it counts.</param>
    public EventTimeTally Before(LogPosition end)
    {
        int low = 0;
        int high = _sums.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = _sums[middle].End <= end ? (middle + 1, high) : (low, middle);
        }

        return low == 0 ? EventTimeTally.None : _sums[low - 1].Tally;
    }

    private static EventTimeTally Of(DeltaFile file)
    {
        return new EventTimeTally(
            Tag(WatermarkTag, long.MinValue), Tag(MaxEventTimeTag, long.MinValue), Tag(LateTag, 0), Tag(TooLateTag, 0), Tag(BatchOnlyTag, 0), Tag(RejectedTag, 0), Tag(HeldBackTag, 0));

        long Tag(string name, long absent) =>
            file.Tags.TryGetValue(name, out string? text) ? long.Parse(text, CultureInfo.InvariantCulture) : absent;
    }
}
