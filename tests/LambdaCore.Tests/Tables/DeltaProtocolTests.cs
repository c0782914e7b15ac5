using System.Text;
using System.Text.Json;
using LambdaCore.Storage;
using LambdaCore.Tables;
using NUnit.Framework;

namespace LambdaCore.Tests.Tables;

/// <summary>What is written, line by line, against PROTOCOL.md of the Delta Lake project.</summary>
[TestFixture]
internal sealed class DeltaProtocolTests
{
    [Test]
    public void The_first_version_has_commitInfo_protocol_metaData_and_the_transaction()
    {
        using var storage = new InMemoryStorage();
        DeltaTable table = TestTable.Open(storage);
        JsonElement[] lines = Lines(storage, 0);
        Assert.That(lines.Select(Action), Is.EqualTo(new[] { "commitInfo", "protocol", "metaData", "txn" }));
        Assert.That(lines[1].GetRawText(), Is.EqualTo("""{"protocol":{"minReaderVersion":1,"minWriterVersion":2}}"""));
        JsonElement metadata = lines[2].GetProperty("metaData");
        Assert.That(metadata.GetProperty("id").GetGuid(), Is.EqualTo(table.StoreId));
        Assert.That(metadata.GetProperty("format").GetRawText(), Is.EqualTo("""{"provider":"parquet","options":{}}"""));
        Assert.That(metadata.GetProperty("partitionColumns").GetRawText(), Is.EqualTo("[]"));
        Assert.That(metadata.GetProperty("configuration").GetRawText(), Is.EqualTo("{}"));
        Assert.That(metadata.GetProperty("schemaString").GetString(), Is.EqualTo(
            """
            {"type":"struct","fields":[{"name":"_position","type":"long","nullable":false,"metadata":{}},{"name":"Timestamp","type":"timestamp","nullable":false,"metadata":{}},{"name":"Price","type":"decimal(38,9)","nullable":true,"metadata":{"lambdacore.kind":"Decimal"}}]}
            """));
        Assert.That(lines[3].GetProperty("txn").GetProperty("version").GetInt64(), Is.Zero);
    }

    [Test]
    public void A_later_version_has_its_actions_with_all_required_fields()
    {
        using var storage = new InMemoryStorage();
        DeltaTable table = TestTable.Open(storage);
        table.Commit([TestTable.File("a.parquet")], [], 3, "WRITE");
        table.Commit([TestTable.File("ü b%.parquet", 7)], ["a.parquet"], 5, "REPLACE", [KeyValuePair.Create("reason", "test")]);
        JsonElement[] lines = Lines(storage, 2);
        Assert.That(lines.Select(Action), Is.EqualTo(new[] { "commitInfo", "txn", "remove", "add" }));
        JsonElement info = lines[0].GetProperty("commitInfo");
        Assert.That(info.GetProperty("operation").GetString(), Is.EqualTo("REPLACE"));
        Assert.That(info.GetProperty("operationParameters").GetRawText(), Is.EqualTo("""{"reason":"test"}"""));
        long now = info.GetProperty("timestamp").GetInt64();
        Assert.That(lines[1].GetProperty("txn").GetRawText(), Is.EqualTo($$$"""{"appId":"{{{table.StoreId}}}","version":5,"lastUpdated":{{{now}}}}"""));
        Assert.That(lines[2].GetProperty("remove").GetRawText(), Is.EqualTo($$"""{"path":"a.parquet","deletionTimestamp":{{now}},"dataChange":true}"""));
        JsonElement add = lines[3].GetProperty("add");
        Assert.That(add.GetProperty("path").GetString(), Is.EqualTo("%C3%BC%20b%25.parquet"), "a URI by RFC 2396");
        Assert.That(add.GetProperty("partitionValues").GetRawText(), Is.EqualTo("{}"));
        Assert.That(add.GetProperty("size").GetInt64(), Is.EqualTo(7));
        Assert.That(add.GetProperty("modificationTime").GetInt64(), Is.EqualTo(7));
        Assert.That(add.GetProperty("dataChange").GetBoolean(), Is.True);
        Assert.That(add.GetProperty("stats").GetString(), Is.EqualTo("""{"numRecords":7,"minValues":{"_position":0},"maxValues":{"_position":6},"nullCount":{"_position":0}}"""));
        Assert.That(add.GetProperty("tags").GetProperty("sha256").GetString(), Has.Length.EqualTo(64));
    }

    [TestCase(1_700_000_000_123_456, "2023-11-14T22:13:20.123Z", "2023-11-14T22:13:20.124Z")]
    [TestCase(1_700_000_000_123_000, "2023-11-14T22:13:20.123Z", "2023-11-14T22:13:20.123Z")]
    [TestCase(-1, "1969-12-31T23:59:59.999Z", "1970-01-01T00:00:00.000Z")]
    public void Bounds_of_times_are_whole_milliseconds_that_enclose_them(long microseconds, string minimum, string maximum)
    {
        string stats = DeltaStats.Json(1, new DeltaColumnStats("t", IsTimestamp: true, microseconds, microseconds, 0));
        Assert.That(stats, Is.EqualTo(
            $$$"""{"numRecords":1,"minValues":{"t":"{{{minimum}}}"},"maxValues":{"t":"{{{maximum}}}"},"nullCount":{"t":0}}"""));
    }

    [Test]
    public void A_column_without_values_has_no_bounds() =>
        Assert.That(
            DeltaStats.Json(2, new DeltaColumnStats("t", IsTimestamp: true, null, null, 2)),
            Is.EqualTo("""{"numRecords":2,"minValues":{},"maxValues":{},"nullCount":{"t":2}}"""));

    [Test]
    public void An_action_is_one_line_whatever_its_text_holds()
    {
        using var storage = new InMemoryStorage();
        TestTable.Open(storage).Commit([], [], 0, "WRITE", [KeyValuePair.Create("größe", "a\nb")]);
        string text = Encoding.UTF8.GetString(storage.ReadAll("log/_delta_log/00000000000000000001.json"));
        Assert.That(text.Split('\n'), Has.Length.EqualTo(3), "two actions, each ending in a line feed");
        Assert.That(text, Does.Contain("größe"));
    }

    private static JsonElement[] Lines(InMemoryStorage storage, long version) =>
        [.. Encoding.UTF8.GetString(storage.ReadAll($"log/_delta_log/{version:D20}.json")).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement)];

    private static string Action(JsonElement line) => line.EnumerateObject().Single().Name;
}
