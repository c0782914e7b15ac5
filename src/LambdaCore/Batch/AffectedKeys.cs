using System.Globalization;
using LambdaCore.DuckDb;
using LambdaCore.Storage;
using LambdaCore.Values;
using LambdaCore.Views;

namespace LambdaCore.Batch;

/// <summary>
/// The keys of one view whose states over a range of the log are another than before, because events differ: those that the events counted for, and those
/// that they count for now. In scratch files, once as a table for SQL and once as a sorted run. Immutable; the files go with it.
/// </summary>
internal sealed class AffectedKeys : IDisposable
{
    private readonly string _path;
    private readonly SortedRuns _run;

    private AffectedKeys(string path, SortedRuns run, EventRestriction restriction)
    {
        _path = path;
        _run = run;
        Restriction = restriction;
    }

    /// <summary>The keys, ascending, without states.</summary>
    public LookupFile Keys => _run.Files[0];

    /// <summary>What restricts the view's SQL to the keys.</summary>
    public EventRestriction Restriction { get; }

    /// <summary>Finds the keys.</summary>
    /// <param name="context">What batch views share.</param>
    /// <param name="plan">The view.</param>
    /// <param name="changes">The events that differ.</param>
    /// <param name="range">The events that count.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static AffectedKeys Find(BatchContext context, ViewPlan plan, RowChanges changes, LogRange range, CancellationToken cancellationToken)
    {
        string path = context.Storage.NewScratchPath(".parquet");
        SortedRuns run = new();
        try
        {
            EventRestriction restriction = context.Run(
                connection =>
                {
                    Write(connection, context, plan, changes.Within(range, [.. plan.ColumnsRead(context.EventTimeColumn)]), path);
                    Sort(connection, context, plan, path, range, run);
                    return new EventRestriction(new KeyTable(Sql.Parquet([path])), WindowBounds(connection, plan, path));
                },
                cancellationToken);
            return new AffectedKeys(path, run, restriction);
        }
        catch
        {
            run.Dispose();
            ScratchFile.Discard(path);
            throw;
        }
    }

    /// <summary>Deletes the files.</summary>
    public void Dispose()
    {
        _run.Dispose();
        ScratchFile.Discard(_path);
    }

    private static void Write(DuckDbConnection connection, BatchContext context, ViewPlan plan, (string Old, string Current) rows, string path)
    {
        string keys = string.Join("\nUNION\n", new[] { rows.Old, rows.Current }.Select(r => $"({SqlCompiler.SelectKeys(plan, r, context.EventTimeColumn)})"));
        connection.Execute($"COPY (\n{keys}\n) TO {Sql.Text(path)} (FORMAT parquet, COMPRESSION snappy, PARQUET_VERSION v1, WRITE_BLOOM_FILTER false)");
    }

    private static void Sort(DuckDbConnection connection, BatchContext context, ViewPlan plan, string path, LogRange range, SortedRuns run)
    {
        string sorted = context.Storage.NewScratchPath(".run");
        using (LookupWriter writer = new(sorted, plan.Fingerprint, range, 0))
        {
            ByteWriter key = new();
            using DuckDbResult result = connection.Query(SqlCompiler.SelectStoredKeys(plan, Sql.Parquet([path])));
            while (result.NextChunk())
            {
                for (int row = 0; row < result.RowCount; row++)
                {
                    key.Clear();
                    foreach ((int column, KeyColumn part) in plan.StateKeys.Index())
                    {
                        ColumnTranscoder.WriteKey(part.Type, result.Column(column), row, key);
                    }

                    writer.Add(key.Written, default);
                }
            }

            writer.Complete();
        }

        _ = run.Add(sorted, plan.Fingerprint, range);
    }

    /// <summary>A condition on the times of events that lie in a window of the keys: it lets DuckDB pass over the parts of files that hold others. Null if there is none.</summary>
    private static string? WindowBounds(DuckDbConnection connection, ViewPlan plan, string path)
    {
        if (plan.StateKeys.Index().FirstOrDefault(k => k.Item.Window is not null) is not (var number, { Window: { } windows, Scalar: CallScalar { Arguments: [ColumnScalar time] } }))
        {
            return null;
        }

        string column = KeyTable.Column(number);
        using DuckDbResult result = connection.Query($"SELECT min({column}), max({column}), count(*) - count({column}) FROM {Sql.Parquet([path])}");
        if (!result.NextChunk() || result.Column(0).IsNull(0) || result.Column(2).Int64(0) > 0)
        {
            return null;
        }

        (long first, long end) = (result.Column(0).Int64(0), windows.End(result.Column(1).Int64(0)));
        string name = Sql.Name(time.Property.Name);
        return string.Create(CultureInfo.InvariantCulture, $"{name} >= make_timestamptz({first}) AND {name} < make_timestamptz({end})");
    }
}
