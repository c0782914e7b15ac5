using System.Security.Cryptography;
using LambdaCore.DuckDb;
using LambdaCore.Storage;
using LambdaCore.Tables;
using NUnit.Framework;

namespace LambdaCore.Tests.Tables;

/// <summary>A table with every type of column, written by DuckDB and committed by this room, reads the same in a program that
/// knows only the Delta protocol.</summary>
[TestFixture]
[Category("Delta")]
internal sealed class IndependentReaderTests
{
    private static readonly string Folder = $"views/{ViewFolder.NameOf("a b%20")}";

    private static readonly DeltaSchema Schema = new(
    [
        new DeltaColumn("_position", "long", isNullable: false),
        new DeltaColumn("moment", "timestamp", isNullable: false),
        new DeltaColumn("price", "decimal(38,9)", isNullable: true),
        new DeltaColumn("total", "decimal(38,0)", isNullable: true),
        new DeltaColumn("small", "byte", isNullable: true),
        new DeltaColumn("ratio", "double", isNullable: true),
        new DeltaColumn("single", "float", isNullable: false),
        new DeltaColumn("flag", "boolean", isNullable: true),
        new DeltaColumn("day", "date", isNullable: true),
        new DeltaColumn("text", "string", isNullable: true),
        new DeltaColumn("sketch", "binary", isNullable: true),
    ]);

    private string _root = "";

    [SetUp]
    public void CreateStore() => _root = Directory.CreateTempSubdirectory("lambdacore-delta-").FullName;

    [TearDown]
    public void DeleteStore() => Directory.Delete(_root, recursive: true);

    [Test]
    public void Counts_and_sums_of_every_type_agree_before_and_after_files_are_replaced()
    {
        var storage = new PhysicalStorage(_root);
        DeltaTable table = DeltaTable.OpenOrCreate(storage, TimeProvider.System, Folder, "a b", Schema, Guid.NewGuid());
        DeltaFile[] files = [Write(storage, "first.parquet", 0, 1000), Write(storage, "second + ü%.parquet", 1000, 1501)];
        table.Commit(files, [], 1501, "BATCH");
        string[] whole = OfDuckDb(files);
        string[]? wholeElsewhere = OfIndependentReader();
        table.Commit([Write(storage, "third.parquet", 2000, 2003)], [files[0].Path], 2003, "BATCH");
        Assert.That(wholeElsewhere, Is.EqualTo(whole));
        Assert.That(OfIndependentReader(), Is.EqualTo(OfDuckDb(table.Files)), "after a file was replaced");
    }

    [Test]
    public void Its_statistics_let_no_row_be_skipped_that_a_filter_wants()
    {
        var storage = new PhysicalStorage(_root);
        DeltaTable table = DeltaTable.OpenOrCreate(storage, TimeProvider.System, Folder, "a b", Schema, Guid.NewGuid());
        table.Commit([Write(storage, "first.parquet", 0, 1000), Write(storage, "second.parquet", 1000, 1501)], [], 1501, "BATCH");
        string folder = Path.Combine(_root, Folder);
        IReadOnlyList<IReadOnlyList<string?[]>> answers = IndependentDeltaReader.Query(
            (folder, "SELECT count() FROM {table} WHERE _position >= 999 AND _position < 1002"),
            (folder, "SELECT count() FROM {table} WHERE moment >= toDateTime64('1970-01-01 00:16:39.000999', 6, 'UTC')"),
            (folder, "SELECT count() FROM {table} WHERE moment > toDateTime64('1970-01-01 00:25:00.001499', 6, 'UTC')"));
        Assert.That(answers.Select(answer => answer[0][0]), Is.EqualTo(new[] { "3", "502", "1" }));
    }

    /// <summary>Rows of positions [start,end): the time is position seconds and position microseconds after the epoch;
    /// each nullable column misses every seventh value.</summary>
    private static DeltaFile Write(PhysicalStorage storage, string name, int start, int end)
    {
        string scratch = storage.NewScratchPath(".parquet");
        using (var duckDb = new DuckDbInstance(new DuckDbOptions { AllowedDirectories = [storage.ScratchFolder] }))
        using (DuckDbConnection connection = duckDb.Connect())
        {
            connection.Execute(
                $"""
                COPY (
                    SELECT i AS _position,
                        make_timestamptz(i * 1000001) AS moment,
                        CASE WHEN i % 7 <> 1 THEN (i - 700)::DECIMAL(38,9) / 1000000000::DECIMAL(38,0) + 0.000000001 ELSE NULL END::DECIMAL(38,9) AS price,
                        CASE WHEN i % 7 <> 2 THEN i::DECIMAL(38,0) * 12345678901234567890123456789 END::DECIMAL(38,0) AS total,
                        CASE WHEN i % 7 <> 3 THEN (i % 256 - 128) END::TINYINT AS small,
                        CASE WHEN i % 7 <> 4 THEN i / 4.0 END::DOUBLE AS ratio,
                        (i / 8.0)::FLOAT AS single,
                        CASE WHEN i % 7 <> 5 THEN i % 2 = 0 END AS flag,
                        CASE WHEN i % 7 <> 6 THEN DATE '1969-12-01' + i::INTEGER END AS day,
                        CASE WHEN i % 7 <> 0 THEN 'text ' || i || ' ü' END AS text,
                        CASE WHEN i % 7 <> 1 THEN ('\x00\xFF' || repeat('z', i % 5))::BLOB END AS sketch
                    FROM range({start}, {end}) AS rows(i))
                TO '{scratch}' (FORMAT parquet, COMPRESSION zstd)
                """);
        }

        byte[] content = File.ReadAllBytes(scratch);
        storage.Adopt(scratch, $"{Folder}/{name}");
        string stats = DeltaStats.Json(
            end - start,
            new DeltaColumnStats("_position", IsTimestamp: false, start, end - 1, 0),
            new DeltaColumnStats("moment", IsTimestamp: true, start * 1_000_001L, (end - 1) * 1_000_001L, 0));
        return new DeltaFile(name, content.Length, Convert.ToHexStringLower(SHA256.HashData(content)), DateTimeOffset.UtcNow, stats);
    }

    private string[] OfDuckDb(IReadOnlyList<DeltaFile> files)
    {
        string paths = string.Join(", ", files.Select(file => $"'{Path.Combine(_root, Folder, file.Path)}'"));
        using var duckDb = new DuckDbInstance(new DuckDbOptions { AllowedDirectories = [_root] });
        using DuckDbConnection connection = duckDb.Connect();
        using DuckDbResult result = connection.Query(
            $"""
            SELECT count(*)::VARCHAR, sum(_position)::VARCHAR, sum(epoch_us(moment))::VARCHAR,
                count(price)::VARCHAR, sum(price)::VARCHAR, count(total)::VARCHAR, sum(total)::VARCHAR,
                count(small)::VARCHAR, sum(small)::VARCHAR, count(ratio)::VARCHAR, sum(ratio)::BIGINT::VARCHAR, sum(single)::BIGINT::VARCHAR,
                count(flag)::VARCHAR, count_if(flag)::VARCHAR, count(day)::VARCHAR, sum(day - DATE '1970-01-01')::VARCHAR,
                count(text)::VARCHAR, sum(strlen(text))::VARCHAR, max(text), count(sketch)::VARCHAR, sum(octet_length(sketch))::VARCHAR
            FROM read_parquet([{paths}])
            """);
        Assert.That(result.NextChunk(), Is.True);
        return [.. Enumerable.Range(0, result.ColumnCount).Select(column => $"{result.Column(column).Value(0)}")];
    }

    private string[] OfIndependentReader() => [.. IndependentDeltaReader.Query(
        Path.Combine(_root, Folder),
        """
        SELECT count(), sum(_position), sum(toUnixTimestamp64Micro(assumeNotNull(moment))),
            count(price), toString(sum(price)), count(total), toString(sum(total)),
            count(small), sum(small), count(ratio), toInt64(round(sum(ratio))), toInt64(round(sum(single))),
            count(flag), countIf(flag), count(day), sum(toInt64(toInt32(day))),
            count(text), sum(length(text)), max(text), count(sketch), sum(length(sketch))
        FROM {table}
        """)[0].Select(value => $"{value}")];
}
