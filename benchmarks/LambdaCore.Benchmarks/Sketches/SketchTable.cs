using System.Diagnostics;
using LambdaCore.Aggregates;
using LambdaCore.Batch;
using LambdaCore.DuckDb;

namespace LambdaCore.Benchmarks.Sketches;

/// <summary>Numbers in a table of DuckDB, over which aggregates of ours and of DuckDB are computed by the same statement, and timed.</summary>
internal sealed class SketchTable : IDisposable
{
    private readonly DuckDbInstance _instance = new(new DuckDbOptions { Threads = 2 });
    private readonly DuckDbConnection _connection;
    private readonly HashSet<string> _registered = [];

    public SketchTable() => _connection = _instance.Connect();

    /// <summary>Replaces what is in the table: the numbers <c>v</c>, their positions <c>p</c>.</summary>
    public void Fill(double[] numbers)
    {
        _ = _connection.Execute("CREATE OR REPLACE TABLE t (v DOUBLE, p BIGINT)");
        using DuckDbAppender appender = _connection.Append("t");
        for (int start = 0; start < numbers.Length; start += DuckDbAppender.Capacity)
        {
            int count = Math.Min(DuckDbAppender.Capacity, numbers.Length - start);
            VectorWriter value = appender.Column(0);
            VectorWriter position = appender.Column(1);
            for (int row = 0; row < count; row++)
            {
                value.Set(row, numbers[start + row]);
                position.Set(row, (long)(start + row));
            }

            appender.AppendChunk(count);
        }

        appender.Complete();
    }

    /// <summary>The state of an aggregate of ours over a SQL expression.</summary>
    public (byte[] State, double Seconds) State(AggregateFunction function, string input = "v")
    {
        if (_registered.Add(function.Code!.SqlName))
        {
            CodeAggregates.Register(_connection, [function]);
        }

        (object?[] values, double seconds) = Values($"SELECT {function.Columns[0].Sql(new StateOperands([input], "", "p", "p"))} FROM t");
        return ((byte[])values[0]!, seconds);
    }

    /// <summary>The first column of a query, and the shortest time that it took of three.</summary>
    public (object?[] Values, double Seconds) Values(string sql)
    {
        List<object?> values = [];
        double seconds = double.PositiveInfinity;
        for (int round = 0; round < 3; round++)
        {
            values.Clear();
            long started = Stopwatch.GetTimestamp();
            using DuckDbResult result = _connection.Query(sql);
            while (result.NextChunk())
            {
                for (int row = 0; row < result.RowCount; row++)
                {
                    values.Add(result.Column(0).Value(row));
                }
            }

            seconds = Math.Min(seconds, Stopwatch.GetElapsedTime(started).TotalSeconds);
        }

        return ([.. values], seconds);
    }

    public void Dispose()
    {
        _connection.Dispose();
        _instance.Dispose();
    }
}
