namespace LambdaCore.Log;

/// <summary>What counts about a segment when it is decided which segments become one.</summary>
/// <param name="Events">How many positions it covers.</param>
/// <param name="Bytes">The length of its file.</param>
/// <param name="Ends">How many former segments' ends it remembers, with its own.</param>
internal readonly record struct SegmentSize(long Events, long Bytes, long Ends)
{
    /// <summary>What two segments side by side come to.</summary>
    public static SegmentSize operator +(SegmentSize left, SegmentSize right) => new(left.Events + right.Events, left.Bytes + right.Bytes, left.Ends + right.Ends);

    /// <summary>Whether this is within a bound.</summary>
    public bool Fits(SegmentSize most) => Events <= most.Events && Bytes <= most.Bytes && Ends <= most.Ends;
}

/// <summary>Decides which adjacent segments become one.</summary>
/// <remarks>
/// <para>
/// From the oldest on, as many segments as fit into one are a stretch. No stretch but the last can grow, so one that has at least <see cref="ManyInFull"/>
/// segments becomes one, once and for all. In the last stretch, looking from the newest segment back, a step is made wherever a segment is more than <see cref="Ratio"/> times
/// as large as all that follows it; where <see cref="Many"/> segments lie between two steps, they and all that follows become one.
/// </para>
/// <para>
/// So fewer than <c>16 * (1 + log5(E))</c> segments are in the last stretch, <c>E</c> being the largest number of events in a segment, since each step makes what follows more
/// than five times as large; and fewer than four in each of the others, of which two side by side exceed a bound together. In the last stretch an event is written
/// anew only where at least a fifth of the new segment is what followed, or where it is one of sixteen; and once more when the stretch is full.
/// </para>
/// <para>By hand each stretch becomes one (<see cref="Stretches"/>).</para>
/// </remarks>
internal static class CompactionPlan
{
    /// <summary>How many segments of like size may lie side by side where more are still to come.</summary>
    public const int Many = 16;

    /// <summary>How many segments may lie side by side where no more are to come, though they would fit into one.</summary>
    public const int ManyInFull = 4;

    private const int Ratio = 4;

    /// <summary>The segments that should become one by themselves, since they are many and small.</summary>
    /// <param name="segments">All segments, in the order of the log.</param>
    /// <param name="most">The largest segment that may come about.</param>
    /// <returns>The index of the first of each group, and how many it has.</returns>
    public static IEnumerable<(int First, int Count)> Due(IReadOnlyList<SegmentSize> segments, SegmentSize most)
    {
        foreach ((int first, int count) in Stretches(segments, most))
        {
            bool isLast = first + count == segments.Count;
            int merged = isLast ? Newest([.. segments.Skip(first)]) : count >= ManyInFull ? count : 0;
            if (merged > 0)
            {
                yield return (first + count - merged, merged);
            }
        }
    }

    /// <summary>All stretches of two or more segments that fit into one.</summary>
    /// <param name="segments">All segments, in the order of the log.</param>
    /// <param name="most">The largest segment that may come about.</param>
    /// <returns>The index of the first of each stretch, and how many it has.</returns>
    public static IEnumerable<(int First, int Count)> Stretches(IReadOnlyList<SegmentSize> segments, SegmentSize most)
    {
        for (int first = 0; first < segments.Count;)
        {
            SegmentSize sum = segments[first];
            int next = first + 1;
            while (next < segments.Count && (sum + segments[next]).Fits(most))
            {
                sum += segments[next++];
            }

            if (next - first > 1)
            {
                yield return (first, next - first);
            }

            first = next;
        }
    }

    private static int Newest(SegmentSize[] stretch)
    {
        long following = 0;
        int onStep = 0;
        int merged = 0;
        for (int i = stretch.Length - 1; i >= 0; i--)
        {
            bool isStep = following > 0 && stretch[i].Events > Ratio * following;
            onStep = isStep ? 1 : onStep + 1;
            following += stretch[i].Events;
            merged = onStep >= Many ? stretch.Length - i : merged;
        }

        return merged;
    }
}
