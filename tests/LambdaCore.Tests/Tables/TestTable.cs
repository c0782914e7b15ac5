using LambdaCore.Storage;
using LambdaCore.Tables;
using NUnit.Framework;

namespace LambdaCore.Tests.Tables;

/// <summary>What the tests of this room share: a small table, files for it, and its content as text to compare.</summary>
internal static class TestTable
{
    public const string Folder = "log";

    public static readonly DeltaSchema Schema = new(
    [
        new DeltaColumn("_position", "long", isNullable: false),
        new DeltaColumn("Timestamp", "timestamp", isNullable: false),
        new DeltaColumn("Price", "decimal(38,9)", isNullable: true, new Dictionary<string, string> { ["lambdacore.kind"] = "Decimal" }),
    ]);

    public static int NewSeed()
    {
        int seed = int.TryParse(Environment.GetEnvironmentVariable("LAMBDACORE_SEED"), out int given) ? given : Random.Shared.Next();
        TestContext.Out.WriteLine($"seed {seed}");
        return seed;
    }

    public static DeltaTable Open(IStorage storage, DeltaSchema? schema = null, Guid? storeId = null, TimeProvider? clock = null) =>
        DeltaTable.OpenOrCreate(storage, clock ?? new SteppingClock(), Folder, "events", schema ?? Schema, storeId);

    public static DeltaFile File(string path, long size = 1000, IEnumerable<KeyValuePair<string, string>>? tags = null) => new(
        path,
        size,
        Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(path))),
        DateTimeOffset.UnixEpoch.AddMilliseconds(size),
        DeltaStats.Json(size, new DeltaColumnStats("_position", IsTimestamp: false, 0, size - 1, 0)),
        tags);

    public static DeltaFile Segment(long start, long end)
    {
        var range = new LogRange(new LogPosition(start), new LogPosition(end));
        return File(SegmentList.PathOf(range), end - start, SegmentList.TagsOf(range));
    }

    /// <summary>All that a table says, as text.</summary>
    public static string Describe(DeltaTable table)
    {
        DeltaSnapshot snapshot = table.Snapshot;
        DeltaMetadata metadata = snapshot.Metadata;
        DeltaCommit last = snapshot.LastCommit;
        return string.Join('\n',
        [
            $"{snapshot.Version} {table.CoveredPosition} {table.StoreId} {metadata.Id} {metadata.Name} {metadata.CreatedTime:O}",
            $"{last.Timestamp:O} {last.Operation} {string.Join(',', last.Facts)}",
            .. metadata.Schema.Columns.Select(column => $"{column.Name} {column}"),
            .. snapshot.Files.Select(file => $"{file.Path} {file.Size} {file.Sha256} {file.ModificationTime:O} {file.Stats} {string.Join(',', file.Tags)}"),
        ]);
    }

    /// <summary>A clock that goes on by a second with each look.</summary>
    public sealed class SteppingClock : TimeProvider
    {
        private long _looks;

        public override DateTimeOffset GetUtcNow() => new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).AddSeconds(Interlocked.Increment(ref _looks));
    }
}
