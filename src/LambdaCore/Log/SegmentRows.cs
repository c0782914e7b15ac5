using LambdaCore.DuckDb;
using LambdaCore.Storage;
using LambdaCore.Values;

namespace LambdaCore.Log;

/// <summary>A finished Parquet file of events in the scratch folder.</summary>
/// <param name="ScratchPath">Where it is.</param>
/// <param name="Sha256">The hash of its content, in hexadecimal digits.</param>
/// <param name="Size">Its length in bytes.</param>
/// <param name="Rows">How many events it holds.</param>
/// <param name="Stats">What a Delta table says about its content.</param>
internal sealed record SegmentFileDraft(string ScratchPath, string Sha256, long Size, long Rows, string Stats);

/// <summary>Events on their way into one Parquet file: rows of bytes become columns, which DuckDB takes in chunks and writes.</summary>
internal sealed class SegmentRows : IDisposable
{
    // Rows wait for a whole chunk only as long as they are not this large: 2048 values of a megabyte each do not fit into a buffer.
    private const long MostWaitingBytes = 64 << 20;

    private readonly IStorage _storage;
    private readonly DuckDbConnection _connection;
    private readonly string _table;
    private readonly DuckDbAppender _appender;
    private readonly ColumnBuffer[] _columns;
    private readonly int _eventColumns;
    private readonly int _timeColumn;
    private readonly EventFileColumns _fileColumns;
    private readonly ByteWriter _own = new();
    private int _rows;
    private long _waitingBytes;
    private long _count;
    private (long Min, long Max) _positions = (long.MaxValue, long.MinValue);
    private (long Min, long Max) _times = (long.MaxValue, long.MinValue);

    /// <summary>Begins a file.</summary>
    /// <param name="storage">Gives the scratch file.</param>
    /// <param name="connection">Writes it.</param>
    /// <param name="table">A name for the table in DuckDB that the rows gather in; dropped in the end.</param>
    /// <param name="schema">The events, as they were encoded.</param>
    /// <param name="own">The log's own columns in the file.</param>
    public SegmentRows(IStorage storage, DuckDbConnection connection, string table, StoredSchema schema, IReadOnlyList<FileColumn> own)
    {
        _storage = storage;
        _connection = connection;
        _table = table;
        _fileColumns = new EventFileColumns(schema, own);
        _columns = [.. _fileColumns.OfEvents.Select(c => ColumnBuffer.For(c.Type))];
        _eventColumns = schema.Active.Count;
        _timeColumn = schema.Active.ToList().IndexOf(schema.EventTimeColumn);
        string types = string.Join(", ", _fileColumns.OfEvents.Select(c => $"{Sql.Name(c.Name)} {StoredType.Sql(c.Type.Kind)}{(c.Type.IsNullable ? "" : " NOT NULL")}"));
        connection.Execute($"CREATE OR REPLACE TABLE {table} ({types})");
        _appender = connection.Append(table);
    }

    /// <summary>Reads the next event.</summary>
    /// <returns>Its time, in microseconds since the Unix epoch.</returns>
    public long ReadEvent(ref ByteReader reader)
    {
        long time = 0;
        long remaining = reader.Remaining;
        for (int column = 0; column < _eventColumns; column++)
        {
            if (column == _timeColumn)
            {
                ByteReader peek = reader;
                time = peek.ReadInt64();
                _times = (Math.Min(_times.Min, time), Math.Max(_times.Max, time));
            }

            _columns[column].Read(ref reader, _rows);
        }

        _waitingBytes += remaining - reader.Remaining;
        return time;
    }

    /// <summary>Completes the row of the event that was read, with the log's own columns: position and time of ingestion, and whether only batch views count it.</summary>
    public void AddToMaster(LogPosition position, long ingestedAt, bool batchOnly)
    {
        BeginOwn(position, ingestedAt).WriteBoolean(batchOnly);
        EndRow();
    }

    /// <summary>Completes the row of the event that was read, with the log's own columns: position and time of ingestion, lateness and reason.</summary>
    public void AddToDeadLetters(LogPosition position, long ingestedAt, TimeSpan lateness, string reason)
    {
        ByteWriter own = BeginOwn(position, ingestedAt);
        own.WriteInt64(lateness.Ticks);
        own.WriteString(reason);
        EndRow();
    }

    /// <summary>Writes all rows into a scratch file.</summary>
    public SegmentFileDraft Write()
    {
        Move();
        _appender.Complete();
        return SegmentWriter.WriteTable(_storage, _connection, _table, _fileColumns, _count, SegmentWriter.StatsOf(_count, _fileColumns.Time, _positions, _times));
    }

    /// <summary>Drops the table in DuckDB.</summary>
    public void Dispose()
    {
        _appender.Dispose();
        _connection.Execute($"DROP TABLE IF EXISTS {_table}");
    }

    private ByteWriter BeginOwn(LogPosition position, long ingestedAt)
    {
        _positions = (Math.Min(_positions.Min, position.Value), Math.Max(_positions.Max, position.Value));
        _own.Clear();
        _own.WriteInt64(position.Value);
        _own.WriteInt64(ingestedAt);
        return _own;
    }

    private unsafe void EndRow()
    {
        ReadOnlySpan<byte> own = _own.Written;
        fixed (byte* start = own)
        {
            ByteReader reader = new(start, own.Length);
            for (int column = _eventColumns; column < _columns.Length; column++)
            {
                _columns[column].Read(ref reader, _rows);
            }
        }

        _count++;
        if (++_rows == DuckDbAppender.Capacity || _waitingBytes >= MostWaitingBytes)
        {
            Move();
        }
    }

    private void Move()
    {
        for (int column = 0; column < _columns.Length; column++)
        {
            _columns[column].MoveTo(_appender.Column(column), _rows);
        }

        _appender.AppendChunk(_rows);
        _rows = 0;
        _waitingBytes = 0;
    }
}
