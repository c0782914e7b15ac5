using System.Collections.Immutable;
using System.Globalization;
using LambdaCore.Tables;
using LambdaCore.Values;

namespace LambdaCore.Log;

/// <summary>What retention has removed from the master dataset: all events before a position. What is still to be known of them stands in the commit that removed them.</summary>
/// <param name="End">The raw start: the first position whose event the master dataset may still have.</param>
/// <param name="Tally">What the times of the removed events came to.</param>
/// <param name="LastIngestedAt">When the last of them was appended, in microseconds since the Unix epoch; <see cref="long.MinValue"/> for none.</param>
/// <param name="Archives">The folders of the views that have states of removed events in an archive layer, and the position from which each counts.</param>
internal sealed record DroppedEvents(LogPosition End, EventTimeTally Tally, long LastIngestedAt, ImmutableSortedDictionary<string, LogPosition> Archives)
{
    private const string LastIngestedAtFact = "last_ingested_at";
    private const string ArchivesFact = "archives";

    /// <summary>Nothing was removed.</summary>
    public static DroppedEvents None { get; } =
        new(LogPosition.Zero, EventTimeTally.None, long.MinValue, ImmutableSortedDictionary.Create<string, LogPosition>(StringComparer.Ordinal));

    /// <summary>The facts of the commit that says so.</summary>
    public IEnumerable<KeyValuePair<string, string>> Facts =>
    [
        new(SegmentList.RawStartFact, End.ToString()),
        new(LastIngestedAtFact, LastIngestedAt.ToString(CultureInfo.InvariantCulture)),
        new(ArchivesFact, string.Join(',', Archives.Select(a => $"{a.Key}:{a.Value}"))),
        .. SegmentTally.TagsOf(Tally),
    ];

    /// <summary>What the newest commit that removed events says.</summary>
    /// <param name="snapshot">A version of the master dataset.</param>
    public static DroppedEvents Of(DeltaSnapshot snapshot) => snapshot.LastFacts(SegmentList.RetainOperation) is { } facts ? Read(facts) : None;

    /// <summary>What the facts of a commit say that removed events.</summary>
    public static DroppedEvents Read(IReadOnlyDictionary<string, string> facts)
    {
        IEnumerable<KeyValuePair<string, LogPosition>> archives = facts[ArchivesFact]
            .Split(',', StringSplitOptions.RemoveEmptyEntries)
            .Select(text => text.Split(':'))
            .Select(parts => KeyValuePair.Create(parts[0], new LogPosition(long.Parse(parts[1], CultureInfo.InvariantCulture))));
        return new DroppedEvents(
            new LogPosition(long.Parse(facts[SegmentList.RawStartFact], CultureInfo.InvariantCulture)),
            SegmentTally.Of(facts),
            long.Parse(facts[LastIngestedAtFact], CultureInfo.InvariantCulture),
            ImmutableSortedDictionary.CreateRange(StringComparer.Ordinal, archives));
    }
}
