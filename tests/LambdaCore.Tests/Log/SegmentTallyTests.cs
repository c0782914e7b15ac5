using LambdaCore.Log;
using LambdaCore.Storage;
using LambdaCore.Tables;
using LambdaCore.Tests.Tables;
using LambdaCore.Tests.Values;
using LambdaCore.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.Log;

[TestFixture]
internal sealed class SegmentTallyTests
{
    [Test]
    public void Segments_that_became_one_say_the_same_at_each_of_their_ends()
    {
        Random random = Seed.Random(out int seed);
        for (int round = 0; round < 200; round++)
        {
            List<SegmentFile> segments = [];
            LogPosition next = LogPosition.Zero;
            for (int count = random.Next(1, 12); count > 0; count--)
            {
                LogRange range = new(next, next.Plus(random.Next(1, 50)));
                segments.Add(Segment(range, SegmentTally.TagsOf(AnyTally(random)), version: 0));
                next = range.End;
            }

            LogPosition[] ends = [.. segments.Select(s => s.Range.End)];
            SegmentTally before = TallyOf(segments);
            for (int version = 1; version < 4; version++)
            {
                int first = random.Next(segments.Count);
                SegmentFile[] merged = [.. segments.Skip(first).Take(random.Next(1, segments.Count))];
                LogRange range = new(merged[0].Range.Start, merged[^1].Range.End);
                SegmentFile one = Segment(range, SegmentTally.TagsOf(merged), version);
                Assert.That(SegmentTally.EndsOf(one.File), Is.EqualTo(merged.Sum(s => SegmentTally.EndsOf(s.File))), $"seed {seed}");
                segments.RemoveRange(first, merged.Length);
                segments.Insert(first, one);
                SegmentTally after = TallyOf(segments);
                Assert.That(after.Whole, Is.EqualTo(before.Whole), $"seed {seed}, round {round}");
                foreach (LogPosition end in ends)
                {
                    Assert.That(after.Before(end), Is.EqualTo(before.Before(end)), $"seed {seed}, round {round}, end {end}");
                    Assert.That(after.Before(end.Plus(-1)), Is.EqualTo(before.Before(end.Plus(-1))), $"seed {seed}, round {round}, just before {end}");
                }
            }
        }
    }

    private static EventTimeTally AnyTally(Random random) => random.Next(4) == 0
        ? EventTimeTally.None
        : new EventTimeTally(Time(random), Time(random), Few(random), Few(random), Few(random), Few(random), Few(random), Few(random));

    private static long Time(Random random) => random.Next(5) switch
    {
        0 => long.MinValue,
        1 => UnixTime.FromDateTimeOffset(DateTimeOffset.MinValue),
        2 => UnixTime.FromDateTimeOffset(DateTimeOffset.MaxValue),
        _ => random.Next(-5, 5),
    };

    private static long Few(Random random) => Math.Max(0, random.Next(-3, 4));

    private static SegmentFile Segment(LogRange range, IEnumerable<KeyValuePair<string, string>> tags, int version) =>
        new(range, TestTable.File($"{range.Start.Value:D20}-{range.End.Value:D20}-{version}.parquet", range.Count, SegmentList.TagsOf(range).Concat(tags)));

    private static SegmentTally TallyOf(IReadOnlyList<SegmentFile> segments)
    {
        using InMemoryStorage storage = new();
        DeltaTable table = TestTable.Open(storage);
        table.Commit([.. segments.Select(s => s.File)], [], segments[^1].Range.End.Value, "SEAL");
        return new SegmentTally(DroppedEvents.None, SegmentList.Of(table));
    }
}
