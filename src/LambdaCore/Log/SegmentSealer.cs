using System.Globalization;
using System.Text;
using LambdaCore.DuckDb;
using LambdaCore.Storage;
using LambdaCore.Values;

namespace LambdaCore.Log;

/// <summary>
/// Turns a range of the write-ahead log into a Parquet file: decodes frames into columns, hands them to DuckDB, and lets it
/// write. Publishing the file is the caller's.
/// </summary>
internal sealed class SegmentSealer
{
    private readonly IStorage _storage;
    private readonly DuckDbEngine _duckDb;
    private readonly EventSchema _schema;
    private readonly ulong _fingerprint;
    private readonly int _eventTimeColumn;
    private readonly string _columns;

    public SegmentSealer(IStorage storage, DuckDbEngine duckDb, EventSchema schema, EventProperty eventTime, ulong fingerprint)
    {
        _storage = storage;
        _duckDb = duckDb;
        _schema = schema;
        _fingerprint = fingerprint;
        _eventTimeColumn = schema.Properties.ToList().IndexOf(eventTime);
        _columns = Columns(schema);
    }

    /// <summary>A finished Parquet file in the scratch folder.</summary>
    /// <param name="Range">The events that it holds.</param>
    /// <param name="ScratchPath">Where it is.</param>
    /// <param name="Sha256">The hash of its content, in hexadecimal digits.</param>
    /// <param name="Size">Its length in bytes.</param>
    /// <param name="MinEventTime">The lowest event time, in microseconds since the Unix epoch.</param>
    /// <param name="MaxEventTime">The highest event time, in microseconds since the Unix epoch.</param>
    /// <param name="LastIngestedAt">When the last event was appended, in microseconds since the Unix epoch.</param>
    /// <param name="EncodedBytes">The size of the events in the write-ahead log.</param>
    public readonly record struct SealedFile(
        LogRange Range, string ScratchPath, string Sha256, long Size, long MinEventTime, long MaxEventTime, long LastIngestedAt, long EncodedBytes);

    /// <summary>Writes the events of a range, which begins and ends with a frame, or its first frames.</summary>
    /// <param name="frames">Reads the range.</param>
    /// <param name="range">The events to write.</param>
    /// <param name="maxEvents">The number of events after which no further frame is taken.</param>
    /// <exception cref="LogCorruptException">A frame is damaged, or was written with other columns.</exception>
    public SealedFile Write(WriteAheadReader frames, LogRange range, int maxEvents)
    {
        using DuckDbConnection connection = _duckDb.Connect();
        string path = _storage.NewScratchPath(".parquet");
        string table = $"segment_{range.Start}";
        connection.Execute($"CREATE OR REPLACE TABLE {table} ({_columns})");
        try
        {
            (LogPosition end, long minTime, long maxTime, long lastIngestedAt, long encodedBytes) = Load(connection, table, frames, range, maxEvents);

            // Data pages of version 1: those of version 2 have an open heap overflow in DuckDB's reader.
            connection.Execute($"COPY {table} TO {Sql.Text(path)} (FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION v1)");
            (string sha256, long size) = FileHash.Of(path);
            return new SealedFile(new LogRange(range.Start, end), path, sha256, size, minTime, maxTime, lastIngestedAt, encodedBytes);
        }
        catch
        {
            ScratchFile.Discard(path);
            throw;
        }
        finally
        {
            connection.Execute($"DROP TABLE IF EXISTS {table}");
        }
    }

    private unsafe (LogPosition End, long MinTime, long MaxTime, long LastIngestedAt, long EncodedBytes) Load(
        DuckDbConnection connection, string table, WriteAheadReader frames, LogRange range, int maxEvents)
    {
        using DuckDbAppender appender = connection.Append(table);
        ColumnBuffer[] columns = [.. _schema.Properties.Select(p => ColumnBuffer.For(p.Type))];
        long[] positions = new long[DuckDbAppender.Capacity];
        long[] ingested = new long[DuckDbAppender.Capacity];
        (long minTime, long maxTime, long lastIngestedAt) = (long.MaxValue, long.MinValue, long.MinValue);
        long encodedBytes = 0;
        LogPosition next = range.Start;
        int rows = 0;
        while (next.Value - range.Start.Value < maxEvents && frames.TryRead(out WriteAheadFrame frame))
        {
            if (frame.First != next || frame.End > range.End)
            {
                throw new InvalidOperationException($"Frame [{frame.First},{frame.End}) does not fit where {next} is next in {range}.");
            }

            next = frame.End;
            lastIngestedAt = frame.IngestedAtMicroseconds;
            ReadOnlySpan<byte> payload = frame.Payload.Span;
            encodedBytes += payload.Length;
            fixed (byte* start = payload)
            {
                ByteReader reader = new(start, payload.Length);
                CheckFingerprint(ref reader, frame);
                for (int i = 0; i < frame.Count; i++)
                {
                    for (int column = 0; column < columns.Length; column++)
                    {
                        if (column == _eventTimeColumn)
                        {
                            ByteReader peek = reader;
                            long time = peek.ReadInt64();
                            minTime = Math.Min(minTime, time);
                            maxTime = Math.Max(maxTime, time);
                        }

                        columns[column].Read(ref reader, rows);
                    }

                    positions[rows] = frame.First.Value + i;
                    ingested[rows] = frame.IngestedAtMicroseconds;
                    if (++rows == DuckDbAppender.Capacity)
                    {
                        Move(rows);
                        rows = 0;
                    }
                }

                if (reader.Remaining != 0)
                {
                    throw new LogCorruptException($"The write-ahead frame of events [{frame.First},{frame.End}) has {reader.Remaining} bytes too many.");
                }
            }
        }

        Move(rows);
        appender.Complete();
        return next > range.Start
            ? (next, minTime, maxTime, lastIngestedAt, encodedBytes)
            : throw new LogCorruptException($"The write-ahead log was to hold the events {range}, but has none of them.");

        void Move(int count)
        {
            for (int column = 0; column < columns.Length; column++)
            {
                columns[column].MoveTo(appender.Column(column), count);
            }

            positions.AsSpan(0, count).CopyTo(appender.Column(columns.Length).Values<long>());
            ingested.AsSpan(0, count).CopyTo(appender.Column(columns.Length + 1).Values<long>());
            appender.AppendChunk(count);
        }
    }

    private void CheckFingerprint(ref ByteReader reader, WriteAheadFrame frame)
    {
        if ((ulong)reader.ReadInt64() != _fingerprint)
        {
            throw OtherColumns(frame.First, frame.End, _schema.EventType);
        }
    }

    /// <summary>The error for a frame whose events were encoded with other columns.</summary>
    public static LambdaCoreException OtherColumns(LogPosition start, LogPosition end, Type eventType) =>
        new($"The events [{start},{end}) of the write-ahead log were written with other properties than {eventType} has now. Open the store once with the earlier type and run a batch, which seals them into Parquet; then open it with the new one.");

    private static string Columns(EventSchema schema)
    {
        StringBuilder sql = new();
        foreach (EventProperty property in schema.Properties)
        {
            string required = property.Type.IsNullable ? "" : " NOT NULL";
            sql.Append(CultureInfo.InvariantCulture, $"{Sql.Name(property.Name)} {StoredType.Sql(property.Type.Kind)}{required}, ");
        }

        return sql.Append(CultureInfo.InvariantCulture, $"{EventSchema.PositionColumn} BIGINT NOT NULL, {EventSchema.IngestedAtColumn} TIMESTAMP WITH TIME ZONE NOT NULL").ToString();
    }
}
