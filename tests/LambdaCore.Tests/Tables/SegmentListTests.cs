using LambdaCore.Storage;
using LambdaCore.Tables;
using NUnit.Framework;

namespace LambdaCore.Tests.Tables;

[TestFixture]
internal sealed class SegmentListTests
{
    [Test]
    public void Segments_come_in_the_order_of_the_log()
    {
        SegmentList segments = Of(30, TestTable.Segment(10, 25), TestTable.Segment(25, 30), TestTable.Segment(0, 10));
        Assert.That(segments.Segments.Select(segment => segment.Range.ToString()), Is.EqualTo(new[] { "[0,10)", "[10,25)", "[25,30)" }));
        Assert.That(segments.End, Is.EqualTo(new LogPosition(30)));
    }

    [Test]
    public void An_empty_master_dataset_ends_at_zero() => Assert.That(Of(0).End, Is.EqualTo(LogPosition.Zero));

    [TestCase(0, 1, "[0,10)")]
    [TestCase(9, 11, "[0,10) [10,25)")]
    [TestCase(10, 25, "[10,25)")]
    [TestCase(24, 30, "[10,25) [25,30)")]
    [TestCase(10, 10, "")]
    public void The_segments_of_a_range_are_those_that_hold_events_of_it(long start, long end, string expected)
    {
        SegmentList segments = Of(30, TestTable.Segment(0, 10), TestTable.Segment(10, 25), TestTable.Segment(25, 30));
        Assert.That(string.Join(' ', segments.Covering(new LogRange(new LogPosition(start), new LogPosition(end))).Select(segment => segment.Range)), Is.EqualTo(expected));
    }

    [Test]
    public void A_range_beyond_the_end_is_refused() =>
        Assert.That(() => Of(10, TestTable.Segment(0, 10)).Covering(new LogRange(new LogPosition(5), new LogPosition(11))), Throws.InstanceOf<ArgumentOutOfRangeException>());

    [Test]
    public void A_gap_throws() =>
        Assert.That(() => Of(30, TestTable.Segment(0, 10), TestTable.Segment(11, 30)), Throws.InstanceOf<TableCorruptException>().With.Message.Contains("a gap").And.Message.Contains("position 11"));

    [Test]
    public void An_overlap_throws() =>
        Assert.That(() => Of(30, TestTable.Segment(0, 10), TestTable.Segment(9, 30)), Throws.InstanceOf<TableCorruptException>().With.Message.Contains("an overlap"));

    [Test]
    public void A_log_that_does_not_begin_at_zero_throws() =>
        Assert.That(() => Of(10, TestTable.Segment(1, 10)), Throws.InstanceOf<TableCorruptException>().With.Message.Contains("a gap"));

    [Test]
    public void A_covered_position_that_is_not_the_end_throws() =>
        Assert.That(() => Of(11, TestTable.Segment(0, 10)), Throws.InstanceOf<TableCorruptException>().With.Message.Contains("11"));

    [Test]
    public void A_file_without_a_range_throws() =>
        Assert.That(() => Of(10, TestTable.File("x.parquet")), Throws.InstanceOf<TableCorruptException>().With.Message.Contains("x.parquet"));

    [Test]
    public void A_segment_is_named_by_its_range() => Assert.That(
        SegmentList.PathOf(new LogRange(LogPosition.Zero, new LogPosition(1_000_000))),
        Is.EqualTo("00000000000000000000-00000000000001000000.parquet"));

    [TestCase("00000000000000000003-00000000000000000010.parquet", "[3,10)")]
    [TestCase("00000000000000000003-00000000000000000010-7.parquet", "[3,10)")]
    [TestCase("00000000000000000010-00000000000000000010.parquet", null)]
    [TestCase("00000000000000000003_00000000000000000010.parquet", null)]
    [TestCase("0000000000000000000x-00000000000000000010.parquet", null)]
    [TestCase("00000000000000000003-0000000000000000001x.parquet", null)]
    [TestCase("99999999999999999999-99999999999999999999.parquet", null)]
    [TestCase("a.parquet", null)]
    public void The_range_of_a_segment_can_be_read_from_its_name(string name, string? range) =>
        Assert.That(SegmentList.RangeOf(name)?.ToString(), Is.EqualTo(range));

    [TestCase("3", "3")]
    [TestCase("-1", "3")]
    [TestCase("0", "x")]
    public void A_file_whose_tags_are_no_range_throws(string start, string end) =>
        Assert.That(
            () => Of(10, TestTable.File("x.parquet", tags: [KeyValuePair.Create("start", start), KeyValuePair.Create("end", end)])),
            Throws.InstanceOf<TableCorruptException>().With.Message.Contains("x.parquet"));

    private static SegmentList Of(long covered, params DeltaFile[] files)
    {
        using var storage = new InMemoryStorage();
        DeltaTable table = TestTable.Open(storage);
        table.Commit(files, [], covered, "SEAL");
        return SegmentList.Of(table);
    }
}
