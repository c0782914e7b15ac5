using System.Globalization;

namespace LambdaCore.Tables;

/// <summary>One file of the master dataset and the range of the log that it holds.</summary>
/// <param name="Range">The range; not empty.</param>
/// <param name="File">The file.</param>
internal readonly record struct SegmentFile(LogRange Range, DeltaFile File);

/// <summary>The files of the master dataset in the order of the log: contiguous from the raw start, which is 0 until retention removes
/// events, to the table's covered position, or there is no list.</summary>
/// <remarks>Immutable.</remarks>
internal sealed class SegmentList
{
    /// <summary>The tag of a file that holds the first position in it.</summary>
    public const string StartTag = "start";

    /// <summary>The tag of a file that holds the first position after it.</summary>
    public const string EndTag = "end";

    /// <summary>The operation of a commit that removes the oldest segments for good.</summary>
    public const string RetainOperation = "RETAIN";

    /// <summary>The fact of such a commit that says where the segments begin afterwards.</summary>
    public const string RawStartFact = "raw_start";

    private SegmentList(LogPosition start, SegmentFile[] segments)
    {
        Start = start;
        Segments = segments;
    }

    /// <summary>Where the segments begin: all events before it have gone.</summary>
    public LogPosition Start { get; }

    /// <summary>The segments in order.</summary>
    public IReadOnlyList<SegmentFile> Segments { get; }

    /// <summary>The first position that is in no segment.</summary>
    public LogPosition End => Segments.Count == 0 ? Start : Segments[^1].Range.End;

    /// <summary>The segments of the last version of the master dataset.</summary>
    /// <param name="table">The master dataset.</param>
    /// <exception cref="TableCorruptException">A file does not say its range, or the ranges have a gap or an overlap, or
    /// do not end at the covered position.</exception>
    public static SegmentList Of(DeltaTable table) => Of(table, table.Snapshot);

    /// <summary>The segments of a version of the master dataset.</summary>
    /// <param name="table">The master dataset.</param>
    /// <param name="snapshot">The version.</param>
    /// <exception cref="TableCorruptException">A file does not say its range, or the ranges have a gap or an overlap, or
    /// do not end at the covered position.</exception>
    public static SegmentList Of(DeltaTable table, DeltaSnapshot snapshot)
    {
        SegmentFile[] segments = [.. snapshot.Files.Select(file => new SegmentFile(RangeOf(table.Folder, file), file))];
        Array.Sort(segments, (left, right) => left.Range.Start.CompareTo(right.Range.Start));
        LogPosition start = RawStartOf(snapshot);
        LogPosition end = start;
        foreach (SegmentFile segment in segments)
        {
            if (segment.Range.Start != end)
            {
                throw TableCorruptException.At(
                    table.Folder, 0, $"version {snapshot.Version} has {(segment.Range.Start > end ? "a gap" : "an overlap")} before '{segment.File.Path}': it begins at position {segment.Range.Start}, and what lies before ends at {end}");
            }

            end = segment.Range.End;
        }

        long covered = snapshot.CoveredPosition;
        return end.Value == covered
            ? new SegmentList(start, segments)
            : throw TableCorruptException.At(table.Folder, 0, $"the segments of version {snapshot.Version} end at position {end}, but the table says that it covers the log up to {covered}");
    }

    /// <summary>Where the segments of a version begin.</summary>
    public static LogPosition RawStartOf(DeltaSnapshot snapshot) => snapshot.LastFacts(RetainOperation) is { } facts
        ? new LogPosition(long.Parse(facts[RawStartFact], CultureInfo.InvariantCulture))
        : LogPosition.Zero;

    /// <summary>The name of a segment's file.</summary>
    public static string PathOf(LogRange range) => string.Create(
        CultureInfo.InvariantCulture, $"{range.Start.Value:D20}-{range.End.Value:D20}.parquet");

    /// <summary>The name of a file that takes the place of others over a range.</summary>
    /// <param name="range">The range.</param>
    /// <param name="version">The version of the table that the file joins it with.</param>
    public static string PathOf(LogRange range, long version) => string.Create(
        CultureInfo.InvariantCulture, $"{range.Start.Value:D20}-{range.End.Value:D20}-{version}.parquet");

    /// <summary>The tags that say which range a segment's file holds.</summary>
    public static IEnumerable<KeyValuePair<string, string>> TagsOf(LogRange range) =>
        [KeyValuePair.Create(StartTag, range.Start.ToString()), KeyValuePair.Create(EndTag, range.End.ToString())];

    /// <summary>The segments that hold events of a range: first and last may reach beyond it.</summary>
    /// <param name="range">A range that ends at <see cref="End"/> or before.</param>
    public IReadOnlyList<SegmentFile> Covering(LogRange range)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(range.End, End, nameof(range));
        return [.. Segments.Where(segment => segment.Range.Start < range.End && segment.Range.End > range.Start)];
    }

    /// <summary>The range of the log that a file's tags say it holds; null if they say none, or an empty one.</summary>
    public static LogRange? RangeOf(DeltaFile file) =>
        TryPosition(file, StartTag, out long start) && TryPosition(file, EndTag, out long end) && start < end
            ? new LogRange(new LogPosition(start), new LogPosition(end))
            : null;

    /// <summary>The range of the log that a file's name says it holds; null if it is no name of such a file.</summary>
    public static LogRange? RangeOf(string name)
    {
        const int digits = 20;
        return name.Length > 2 * digits
            && name[digits] == '-'
            && long.TryParse(name.AsSpan(0, digits), NumberStyles.None, CultureInfo.InvariantCulture, out long start)
            && long.TryParse(name.AsSpan(digits + 1, digits), NumberStyles.None, CultureInfo.InvariantCulture, out long end)
            && start < end
            ? new LogRange(new LogPosition(start), new LogPosition(end))
            : null;
    }

    /// <summary>The range of the log that a file's tags say it holds.</summary>
    /// <exception cref="TableCorruptException">They say none, or an empty one.</exception>
    public static LogRange RangeOf(string folder, DeltaFile file) => RangeOf(file)
        ?? throw TableCorruptException.At(folder, 0, $"the file '{file.Path}' does not say in its tags '{StartTag}' and '{EndTag}' which range of the log it holds");

    private static bool TryPosition(DeltaFile file, string tag, out long position)
    {
        position = 0;
        return file.Tags.TryGetValue(tag, out string? text)
            && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out position);
    }
}
