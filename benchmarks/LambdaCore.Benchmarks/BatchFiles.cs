using LambdaCore.Aggregates;
using LambdaCore.Batch;
using LambdaCore.DuckDb;
using LambdaCore.Views;

namespace LambdaCore.Benchmarks;

/// <summary>DuckDB as a store would start it, over the sealed segments of a store, to run the same work in other ways.</summary>
internal sealed class BatchFiles : IDisposable
{
    private readonly DuckDbEngine _engine;
    private readonly ScratchFolder _target = ScratchFolder.Create();
    private int _files;

    private BatchFiles(WebStore store)
    {
        Segments = store.Segments;
        _engine = new DuckDbEngine(
            new DuckDbOptions { AllowedDirectories = [store.Folder, _target.Path], TempDirectory = _target.Path },
            connection =>
            {
                ScalarFunctions.Register(connection);
                CodeAggregates.Register(connection, WebViews.All.SelectMany(v => v.Plan.Aggregates).Select(a => a.Function));
            });
    }

    /// <summary>Starts DuckDB over the segments that a store has now.</summary>
    public static BatchFiles Of(WebStore store) => new(store);

    /// <summary>Physical paths of the segments.</summary>
    public IReadOnlyList<string> Segments { get; }

    /// <summary>All segments, to stand behind FROM.</summary>
    public string Source => $"read_parquet([{string.Join(", ", Segments.Select(Sql.Text))}])";

    /// <summary>Runs a view's hand-written SQL into a file.</summary>
    public void RunHandWritten(string view)
    {
        using DuckDbConnection connection = _engine.Connect();
        Copy(connection, HandWrittenSql.Over(Source, view));
    }

    /// <summary>Runs the SQL that a view is compiled to into a file, and nothing else that a batch run does.</summary>
    public void RunCompiled(ViewDefinition<PageEvent> view)
    {
        using DuckDbConnection connection = _engine.Connect();
        Copy(connection, SqlCompiler.SelectStates(view.Plan, Source, nameof(PageEvent.Timestamp)));
    }

    /// <summary>Runs a query to its end.</summary>
    /// <returns>How many rows it gave.</returns>
    public long Query(string sql)
    {
        using DuckDbConnection connection = _engine.Connect();
        using DuckDbResult result = connection.Query(sql);
        long rows = 0;
        while (result.NextChunk())
        {
            rows += result.RowCount;
        }

        return rows;
    }

    public void Dispose()
    {
        _engine.Dispose();
        _target.Dispose();
    }

    private void Copy(DuckDbConnection connection, string query) =>
        connection.Execute($"COPY ({query}) TO {Sql.Text(Path.Combine(_target.Path, $"{_files++}.parquet"))} (FORMAT parquet, COMPRESSION zstd)");
}
