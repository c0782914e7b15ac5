using LambdaCore.DuckDb;
using LambdaCore.Storage;
using LambdaCore.Tables;
using LambdaCore.Values;

namespace LambdaCore.Log;

/// <summary>Lets DuckDB write the rows of a query into a Parquet file of events in the scratch folder.</summary>
internal static class SegmentWriter
{
    // Data pages of version 1: those of version 2 have an open heap overflow in DuckDB's reader. No Bloom filters: with them DuckDB takes
    // zero and negative zero for different values, and passes over rows.
    private const string Options = "FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION v1, WRITE_BLOOM_FILTER false";

    /// <summary>Writes a table of DuckDB, about which everything is known, into a scratch file.</summary>
    /// <param name="storage">Gives the file.</param>
    /// <param name="connection">Writes it.</param>
    /// <param name="table">The name of the table; it has the columns by their names, but those of removed properties.</param>
    /// <param name="columns">All columns of the file.</param>
    /// <param name="rows">How many rows it has.</param>
    /// <param name="stats">What is known of its columns.</param>
    public static SegmentFileDraft WriteTable(
        IStorage storage, DuckDbConnection connection, string table, EventFileColumns columns, long rows, IReadOnlyList<DeltaColumnStats> stats) =>
        Write(storage, connection, columns.FromEvents(table), columns, _ => (rows, stats));

    /// <summary>Writes the rows of a query into a scratch file, and reads back what a Delta table says about them.</summary>
    /// <param name="storage">Gives the file.</param>
    /// <param name="connection">Writes it.</param>
    /// <param name="query">The query; it gives all columns by their names, those of removed properties too (<see cref="MaterialisedSegments.WithRetired"/>), in the order of the log.</param>
    /// <param name="columns">All columns of the file.</param>
    public static SegmentFileDraft WriteQuery(IStorage storage, DuckDbConnection connection, string query, EventFileColumns columns) =>
        Write(storage, connection, columns.FromAll(query), columns, path => ReadStats(connection, path, columns.Time));

    private static SegmentFileDraft Write(
        IStorage storage, DuckDbConnection connection, string query, EventFileColumns columns, Func<string, (long Rows, IReadOnlyList<DeltaColumnStats> Stats)> stats)
    {
        string path = storage.NewScratchPath(".parquet");
        try
        {
            connection.Execute($"COPY ({query}) TO {Sql.Text(path)} ({Options}, FIELD_IDS {columns.FieldIds})");
            (string sha256, long size) = FileHash.Of(path);
            (long rows, IReadOnlyList<DeltaColumnStats> found) = stats(path);
            return new SegmentFileDraft(path, sha256, size, rows, DeltaStats.Json(rows, found));
        }
        catch
        {
            ScratchFile.Discard(path);
            throw;
        }
    }

    private static (long Rows, IReadOnlyList<DeltaColumnStats> Stats) ReadStats(DuckDbConnection connection, string path, string timeColumn)
    {
        string time = $"epoch_us({Sql.Name(timeColumn)})";
        using DuckDbResult result = connection.Query(
            $"SELECT count(*), min({EventSchema.PositionColumn}), max({EventSchema.PositionColumn}), min({time}), max({time}) FROM {Sql.Parquet([path])}");
        _ = result.NextChunk();
        long rows = result.Column(0).Int64(0);
        return (rows, StatsOf(rows, timeColumn, (Value(1), Value(2)), (Value(3), Value(4))));

        long Value(int column) => rows == 0 ? 0 : EventColumnReader.Present(result.Column(column), 0).Int64(0);
    }

    /// <summary>What a Delta table says about the columns of a file of events.</summary>
    /// <param name="rows">How many rows the file has.</param>
    /// <param name="timeColumn">The name of the column of event time in files.</param>
    /// <param name="positions">The smallest and largest position.</param>
    /// <param name="times">The smallest and largest event time, in microseconds since the Unix epoch.</param>
    public static IReadOnlyList<DeltaColumnStats> StatsOf(long rows, string timeColumn, (long Min, long Max) positions, (long Min, long Max) times) =>
        rows == 0 ? [] :
        [
            new DeltaColumnStats(EventSchema.PositionColumn, IsTimestamp: false, positions.Min, positions.Max, 0),
            new DeltaColumnStats(timeColumn, IsTimestamp: true, times.Min, times.Max, 0),
        ];
}
