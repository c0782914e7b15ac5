using LambdaCore.DuckDb;

namespace Flights;

/// <summary>
/// The original Parquet file, read by DuckDB directly: in the order of its rows for the replay, and by SQL for the comparison. The
/// store has no part in it.
/// </summary>
internal sealed class OriginalFile : IDisposable
{
    private readonly DuckDbInstance _duckDb;
    private readonly DuckDbConnection _connection;

    /// <summary>Opens the file's first rows.</summary>
    public OriginalFile(string path, long events)
    {
        _duckDb = new DuckDbInstance(new DuckDbOptions { AllowedDirectories = [Path.GetDirectoryName(path)!] });
        _connection = _duckDb.Connect();
        _ = _connection.Execute($"CREATE VIEW flights AS FROM read_parquet({Sql.Text(path)}, file_row_number = true) WHERE file_row_number < {events}");
        Count = _connection.Scalar<long>("SELECT count(*) FROM flights");
    }

    /// <summary>The number of flights.</summary>
    public long Count { get; }

    /// <summary>The flights in the order of the file, in arrays of at least a size, but for the last.</summary>
    public IEnumerable<Flight[]> Read(int size)
    {
        List<Flight> flights = [];
        // DuckDB keeps the order of the file: a sort would take longer than the rest.
        using DuckDbResult rows = _connection.Query("SELECT date, delay::INTEGER, distance::INTEGER, origin, destination FROM flights");
        while (rows.NextChunk())
        {
            AddChunk(rows, flights);
            if (flights.Count >= size)
            {
                yield return [.. flights];
                flights.Clear();
            }
        }

        if (flights.Count > 0)
        {
            yield return [.. flights];
        }
    }

    /// <summary>The answer to SQL over the table <c>flights</c>: the names of the columns, and all rows.</summary>
    public (string[] Columns, List<object?[]> Rows) Ask(string sql)
    {
        using DuckDbResult result = _connection.Query(sql);
        List<object?[]> rows = [];
        while (result.NextChunk())
        {
            for (int row = 0; row < result.RowCount; row++)
            {
                object?[] values = new object?[result.ColumnCount];
                for (int column = 0; column < values.Length; column++)
                {
                    object? value = result.Column(column).Value(row);
                    values[column] = result.ColumnType(column).Id == DuckDbType.Timestamp ? DateTimeOffset.UnixEpoch.AddMicroseconds((long)value!) : value;
                }

                rows.Add(values);
            }
        }

        return ([.. Enumerable.Range(0, result.ColumnCount).Select(result.ColumnName)], rows);
    }

    public void Dispose()
    {
        _connection.Dispose();
        _duckDb.Dispose();
    }

    private static void AddChunk(DuckDbResult rows, List<Flight> flights)
    {
        VectorReader date = rows.Column(0), delay = rows.Column(1), distance = rows.Column(2), origin = rows.Column(3), destination = rows.Column(4);
        for (int row = 0; row < rows.RowCount; row++)
        {
            flights.Add(new Flight(
                DateTimeOffset.UnixEpoch.AddMicroseconds(date.Int64(row)), delay.Int32(row), distance.Int32(row), origin.Text(row), destination.Text(row)));
        }
    }
}
