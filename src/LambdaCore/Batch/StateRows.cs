using System.Globalization;
using LambdaCore.DuckDb;
using LambdaCore.Log;
using LambdaCore.Values;
using LambdaCore.Views;

namespace LambdaCore.Batch;

/// <summary>Takes in one row of states.</summary>
/// <param name="key">The encoded key; valid during the call.</param>
/// <param name="state">The encoded states; valid during the call.</param>
internal delegate void VisitStates(ReadOnlySpan<byte> key, ReadOnlySpan<byte> state);

/// <summary>The rows that a view's SQL gives, as encoded keys and states.</summary>
internal static class StateRows
{
    /// <summary>The SQL that computes a view's states over a range of the master dataset.</summary>
    /// <param name="plan">The view.</param>
    /// <param name="eventTimeColumn">The column of event time.</param>
    /// <param name="segments">The segments that hold the range, and perhaps more.</param>
    /// <param name="range">The events that count.</param>
    public static string Select(ViewPlan plan, string eventTimeColumn, MaterialisedSegments segments, LogRange range)
    {
        string files = Sql.Parquet(segments.Paths);
        string source = segments.Range == range
            ? files
            : string.Create(CultureInfo.InvariantCulture, $"(SELECT * FROM {files} WHERE {EventSchema.PositionColumn} >= {range.Start.Value} AND {EventSchema.PositionColumn} < {range.End.Value})");
        return SqlCompiler.SelectStates(plan, source, eventTimeColumn);
    }

    /// <summary>Runs a query whose columns are those of a batch view, and visits its rows in order.</summary>
    public static long Visit(DuckDbConnection connection, string sql, ViewPlan plan, VisitStates visit, CancellationToken cancellationToken)
    {
        ScalarType[] keys = [.. plan.Keys.Select(k => k.Type)];
        ScalarType[] states = [.. plan.StateColumns.Select(c => c.Column.Type)];
        ByteWriter key = new();
        ByteWriter state = new();
        long rows = 0;
        using DuckDbResult result = connection.Query(sql);
        while (result.NextChunk())
        {
            cancellationToken.ThrowIfCancellationRequested();
            for (int row = 0; row < result.RowCount; row++)
            {
                key.Clear();
                state.Clear();
                for (int i = 0; i < keys.Length; i++)
                {
                    ColumnTranscoder.WriteKey(keys[i], result.Column(i), row, key);
                }

                for (int i = 0; i < states.Length; i++)
                {
                    ColumnTranscoder.WriteState(states[i], result.Column(keys.Length + i), row, state);
                }

                visit(key.Written, state.Written);
                rows++;
            }
        }

        return rows;
    }
}
