using System.Globalization;
using LambdaCore.Tables;
using LambdaCore.Values;

namespace LambdaCore.Log;

/// <summary>What the file of a segment says of its events beside their columns, in one place: a seal, a merge and a salvage must say the same.</summary>
internal static class SegmentTags
{
    private const string LastIngestedAtTag = "last_ingested_at";

    /// <summary>The tags of a segment that was written from groups.</summary>
    /// <param name="range">Its events.</param>
    /// <param name="tally">What they came to.</param>
    /// <param name="lastIngestedAt">When the last of them was appended, or the last before them, in microseconds since the Unix epoch.</param>
    /// <param name="schema">The shapes of events; it is written with the newest.</param>
    public static IEnumerable<KeyValuePair<string, string>> Of(LogRange range, EventTimeTally tally, long lastIngestedAt, StoredSchema schema) =>
        SegmentList.TagsOf(range)
            .Concat(SegmentTally.TagsOf(tally))
            .Append(new(LastIngestedAtTag, lastIngestedAt.ToString(CultureInfo.InvariantCulture)))
            .Append(schema.NewestTag)
            .Concat(PendingAmendments.TagOf(tally));

    /// <summary>The tags of a segment that takes the place of several, in none of which amendments wait.</summary>
    /// <param name="range">Its events.</param>
    /// <param name="merged">Those segments, in order.</param>
    /// <param name="schema">The shapes of events; it is written with the newest.</param>
    public static IEnumerable<KeyValuePair<string, string>> OfMerged(LogRange range, IReadOnlyList<SegmentFile> merged, StoredSchema schema) =>
        SegmentList.TagsOf(range)
            .Concat(SegmentTally.TagsOf(merged))
            .Append(new(LastIngestedAtTag, merged[^1].File.Tags[LastIngestedAtTag]))
            .Append(schema.NewestTag);

    /// <summary>When the last event of a segment was appended, or the last before it, in microseconds since the Unix epoch.</summary>
    public static long LastIngestedAt(SegmentFile segment) => long.Parse(segment.File.Tags[LastIngestedAtTag], CultureInfo.InvariantCulture);
}
