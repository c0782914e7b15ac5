using System.Globalization;
using LambdaCore.Aggregates;
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
    /// <param name="atOnce">Whether only events count that count at once: without those that came so late that they wait for the batch.</param>
    /// <param name="restriction">What is wanted of the keys; null for all. Rows of other keys may come, but with parts of their states only.</param>
    /// <param name="only">The keys to compute, exactly; null for all.</param>
    public static string Select(
        ViewPlan plan, string eventTimeColumn, MaterialisedSegments segments, LogRange range, bool atOnce = false, KeyRestriction? restriction = null, EventRestriction? only = null)
    {
        string source = segments.Source;
        List<string> conditions = [];
        if (segments.Range != range)
        {
            conditions.Add(string.Create(
                CultureInfo.InvariantCulture, $"{EventSchema.PositionColumn} >= {range.Start.Value} AND {EventSchema.PositionColumn} < {range.End.Value}"));
        }

        if (atOnce)
        {
            conditions.Add($"NOT {EventSchema.BatchOnlyColumn}");
        }

        conditions.AddRange(restriction?.OnEvents(plan) ?? []);
        if (only?.Times is { } times)
        {
            conditions.Add(times);
        }

        if (conditions.Count > 0)
        {
            source = $"(SELECT * FROM {source} WHERE {string.Join(" AND ", conditions)})";
        }

        return SqlCompiler.SelectStates(plan, source, eventTimeColumn, restriction, only?.Keys);
    }

    /// <summary>The error of keys or states that were computed of the log, and that no event can have led to.</summary>
    /// <param name="view">The view.</param>
    /// <param name="error">What was found.</param>
    public static LambdaCoreException NotOfEvents(string view, Exception error) => new LogCorruptException(
        $"What was computed for view '{view}' cannot have come of events: {error.Message} A segment holds something else than the log has written. Restore it from a copy, or {LogCorruptException.Salvage}.", error);

    /// <summary>
    /// Runs a query whose columns are those of a batch view, and visits its rows in order; but the rows of sessions whose other key columns are the same
    /// are visited as one.
    /// </summary>
    /// <returns>The number of rows of the query.</returns>
    public static long Visit(DuckDbConnection connection, string sql, ViewPlan plan, VisitStates visit, CancellationToken cancellationToken)
    {
        (ScalarType Type, int Column)[] keys = [.. plan.Keys.Index().Where(k => k.Item != plan.SessionKey).Select(k => (k.Item.Type, k.Index))];
        ScalarType[] states = [.. plan.StateColumns.Select(c => c.Column.Type)];
        int firstState = plan.RowKeys.Count();
        SessionGrouping? sessions = plan.SessionKey is null ? null : new SessionGrouping(plan, visit);
        ByteWriter key = new();
        ByteWriter state = new();
        long rows = 0;
        using DuckDbResult result = connection.Query(sql);
        try
        {
            VisitAll();
        }
        catch (Exception error) when (StateBytes.Refuses(error))
        {
            throw NotOfEvents(plan.Name, error);
        }

        return rows;

        void VisitAll()
        {
            while (result.NextChunk())
            {
                cancellationToken.ThrowIfCancellationRequested();
                for (int row = 0; row < result.RowCount; row++)
                {
                    key.Clear();
                    state.Clear();
                    foreach ((ScalarType type, int column) in keys)
                    {
                        ColumnTranscoder.WriteKey(type, result.Column(column), row, key);
                    }

                    for (int i = 0; i < states.Length; i++)
                    {
                        ColumnTranscoder.WriteState(states[i], result.Column(firstState + i), row, state);
                    }

                    if (sessions is null)
                    {
                        visit(key.Written, state.Written);
                    }
                    else
                    {
                        sessions.Add(key.Written, result, row, state.Written);
                    }

                    rows++;
                }
            }

            sessions?.Complete();
        }
    }
}
