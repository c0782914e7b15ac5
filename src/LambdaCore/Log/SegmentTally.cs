using System.Globalization;
using LambdaCore.Tables;
using LambdaCore.Values;

namespace LambdaCore.Log;

/// <summary>
/// What the times of a segment's events came to, as tags of its file; and added up over segments. A segment that took the place of several keeps what it came to at
/// the end of each of them (<see cref="PointsTag"/>), since batches ended there.
/// </summary>
internal sealed class SegmentTally
{
    private const string MaxEventTimeTag = "max_event_time";
    private const string WatermarkTag = "watermark";
    private const string LateTag = "late";
    private const string TooLateTag = "too_late";
    private const string BatchOnlyTag = "batch_only";
    private const string RejectedTag = "rejected";
    private const string HeldBackTag = "held_back";
    private const string AmendingTag = "amending";

    /// <summary>The ends of former segments within a segment: for each the number of events since the one before, and by how much the figures have grown since.</summary>
    private const string PointsTag = "ends";

    private readonly EventTimeTally _before;
    private readonly List<(LogPosition End, EventTimeTally Tally)> _sums = [];

    /// <summary>Adds up the segments of a list.</summary>
    /// <param name="dropped">The events before the first of them.</param>
    /// <param name="segments">The segments.</param>
    public SegmentTally(DroppedEvents dropped, SegmentList segments)
    {
        EventTimeTally sum = _before = dropped.Tally;
        foreach (SegmentFile segment in segments.Segments)
        {
            foreach ((LogPosition end, EventTimeTally tally) in EndsIn(segment))
            {
                _sums.Add((end, sum.Plus(tally)));
            }

            sum = _sums[^1].Tally;
        }
    }

    /// <summary>What the times of all events came to.</summary>
    public EventTimeTally Whole => _sums.Count == 0 ? _before : _sums[^1].Tally;

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
            (AmendingTag, tally.Amending, 0),
        }.Where(t => t.Value != t.Absent).Select(t => KeyValuePair.Create(t.Tag, t.Value.ToString(CultureInfo.InvariantCulture)));

    /// <summary>What the times of the events before a position came to.</summary>
    /// <param name="end">The end of a segment; else the end of the last segment before it counts. What was removed is known as a whole only.</param>
    public EventTimeTally Before(LogPosition end)
    {
        int low = 0;
        int high = _sums.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = _sums[middle].End <= end ? (middle + 1, high) : (low, middle);
        }

        return low == 0 ? _before : _sums[low - 1].Tally;
    }

    /// <summary>How many ends a segment remembers, with its own.</summary>
    public static int EndsOf(DeltaFile file) => file.Tags.TryGetValue(PointsTag, out string? points) ? 2 + points.AsSpan().Count(';') : 1;

    /// <summary>The tags of a segment that takes the place of several that follow each other: what it comes to, and what it came to at the end of each of them.</summary>
    public static IEnumerable<KeyValuePair<string, string>> TagsOf(IReadOnlyList<SegmentFile> merged)
    {
        List<(LogPosition End, EventTimeTally Tally)> ends = [];
        EventTimeTally sum = EventTimeTally.None;
        foreach (SegmentFile segment in merged)
        {
            ends.AddRange(EndsIn(segment).Select(e => (e.End, sum.Plus(e.Tally))));
            sum = ends[^1].Tally;
        }

        List<string> points = [];
        LogPosition start = merged[0].Range.Start;
        EventTimeTally last = EventTimeTally.None;
        foreach ((LogPosition end, EventTimeTally tally) in ends.SkipLast(1))
        {
            points.Add(PointOf(end.Value - start.Value, last, tally));
            (start, last) = (end, tally);
        }

        return points.Count == 0 ? TagsOf(sum) : TagsOf(sum).Append(new(PointsTag, string.Join(';', points)));
    }

    /// <summary>The ends of the segments that became this one, and its own, each with what the events of this segment before it came to.</summary>
    private static IEnumerable<(LogPosition End, EventTimeTally Tally)> EndsIn(SegmentFile segment)
    {
        if (segment.File.Tags.TryGetValue(PointsTag, out string? points))
        {
            LogPosition end = segment.Range.Start;
            EventTimeTally tally = EventTimeTally.None;
            foreach (string point in points.Split(';'))
            {
                (long events, tally) = Point(point, tally);
                end = end.Plus(events);
                yield return (end, tally);
            }
        }

        yield return (segment.Range.End, Of(segment.File.Tags));
    }

    /// <summary>A point as text: the number of events, then how much each figure has grown; what is left out at the end has not.</summary>
    private static string PointOf(long events, in EventTimeTally before, in EventTimeTally tally) => string.Join(
        ',',
        [events.ToString(CultureInfo.InvariantCulture), .. Figures(before).Zip(Figures(tally), GrowthOf)]).TrimEnd(',');

    // What was missing before begins at zero.
    private static string GrowthOf(long before, long now) =>
        before == now ? "" : (now - (before == long.MinValue ? 0 : before)).ToString(CultureInfo.InvariantCulture);

    private static (long Events, EventTimeTally Tally) Point(string text, in EventTimeTally before)
    {
        string[] parts = text.Split(',');
        long[] figures = [.. Figures(before).Select((figure, i) => parts.ElementAtOrDefault(i + 1) is { Length: > 0 } growth
            ? (figure == long.MinValue ? 0 : figure) + long.Parse(growth, CultureInfo.InvariantCulture)
            : figure)];
        return (
            long.Parse(parts[0], CultureInfo.InvariantCulture),
            new EventTimeTally(figures[0], figures[1], figures[2], figures[3], figures[4], figures[5], figures[6], figures[7]));
    }

    private static long[] Figures(in EventTimeTally tally) =>
        [tally.Watermark, tally.HighestTime, tally.Late, tally.TooLate, tally.BatchOnly, tally.Rejected, tally.HeldBack, tally.Amending];

    /// <summary>What the tags of a segment's file say.</summary>
    public static EventTimeTally Of(IReadOnlyDictionary<string, string> tags)
    {
        return new EventTimeTally(
            Tag(WatermarkTag, long.MinValue), Tag(MaxEventTimeTag, long.MinValue), Tag(LateTag, 0), Tag(TooLateTag, 0), Tag(BatchOnlyTag, 0), Tag(RejectedTag, 0), Tag(HeldBackTag, 0), Tag(AmendingTag, 0));

        long Tag(string name, long absent) =>
            tags.TryGetValue(name, out string? text) ? long.Parse(text, CultureInfo.InvariantCulture) : absent;
    }
}
