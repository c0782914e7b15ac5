using System.Text;

namespace LambdaCore.DuckDb;

/// <summary>A connection: runs statements, streams results, appends rows, registers functions.</summary>
/// <remarks>
/// For one thread at a time, but for <see cref="Interrupt"/> and <see cref="Progress"/>. One result can be open at a time: starting another
/// statement ends the one before.
/// </remarks>
internal sealed unsafe class DuckDbConnection : IDisposable
{
    private readonly DuckDbInstance _instance;
    private readonly ConnectionHandle _connection;
    private DuckDbResult? _open;

    internal DuckDbConnection(DuckDbInstance instance, ConnectionHandle connection)
    {
        _instance = instance;
        _connection = connection;
    }

    /// <summary>Runs one or several statements to their end and drops what they return.</summary>
    /// <returns>How many rows the last statement inserted, changed, deleted or copied to a file; otherwise 0.</returns>
    /// <exception cref="DuckDbException">A statement failed.</exception>
    public long Execute(string sql)
    {
        byte[] terminated = Terminated(sql);
        using ResultHandle result = new();
        _open = null;
        _instance.StatementBegins();
        try
        {
            fixed (byte* text = terminated)
            {
                if (NativeMethods.Query(_connection, text, result.Pointer) != DuckDbState.Success)
                {
                    throw _instance.Fail(NativeMethods.Text(NativeMethods.ResultError(result.Pointer)), sql);
                }
            }

            return (long)NativeMethods.RowsChanged(result.Pointer);
        }
        finally
        {
            _instance.StatementEnded();
        }
    }

    /// <summary>Runs one statement with its parameters ($1, $2 ... or ?) bound, and streams its rows.</summary>
    /// <remarks>
    /// Memory is bounded: DuckDB computes ahead of the reader by a small buffer only. Parameters may be null, bool, any
    /// integer, float, double, decimal, string, byte[], DateTimeOffset (TIMESTAMPTZ), DateTime (TIMESTAMP, taken as
    /// UTC) or DateOnly.
    /// </remarks>
    /// <exception cref="DuckDbException">The statement failed; rows that come later may still fail.</exception>
    public DuckDbResult Query(string sql, params ReadOnlySpan<object?> parameters)
    {
        using StatementHandle statement = Prepare(sql);
        Parameters.Bind(statement, parameters, sql);
        ResultHandle result = new();
        _instance.StatementBegins();
        if (NativeMethods.ExecuteStreaming(statement, result.Pointer) != DuckDbState.Success)
        {
            DuckDbException error = _instance.Fail(NativeMethods.Text(NativeMethods.ResultError(result.Pointer)), sql);
            result.Dispose();
            _instance.StatementEnded();
            throw error;
        }

        return _open = new DuckDbResult(_instance, this, result, sql);
    }

    /// <summary>The first column of the first row, as <see cref="VectorReader.Value"/> gives it; null for no row.</summary>
    public T? Scalar<T>(string sql, params ReadOnlySpan<object?> parameters)
    {
        using DuckDbResult result = Query(sql, parameters);
        return result.NextChunk() ? (T?)result.Column(0).Value(0) : default;
    }

    /// <summary>Begins to append rows to a table of the main schema.</summary>
    public DuckDbAppender Append(string table) => new(_instance, _connection, table);

    /// <summary>Stops the running statement, which then fails with "INTERRUPT". From any thread; no effect when idle.</summary>
    public void Interrupt() => NativeMethods.Interrupt(_connection);

    /// <summary>Lets <see cref="Progress"/> tell of the statements that come. Costs next to nothing.</summary>
    public void TrackProgress()
    {
        // Pragmas of this connection, which the locked configuration allows; printed, the bar would go to the terminal of the host.
        Execute("PRAGMA disable_print_progress_bar");
        Execute("PRAGMA enable_progress_bar");
    }

    /// <summary>
    /// The share of the running statement that is done, as DuckDB estimates it: from 0 to 1, never falling; null while nothing is known. From
    /// any thread, as long as the connection is not disposed.
    /// </summary>
    public double? Progress => NativeMethods.QueryProgress(_connection).Percentage is >= 0 and var percentage ? Math.Min(percentage / 100, 1) : null;

    /// <summary>
    /// Makes aggregates known to SQL on every connection. Those of one name become overloads; of two with the same
    /// parameters the later counts.
    /// </summary>
    public void Register(params ReadOnlySpan<DuckDbAggregate> aggregates)
        => _instance.Add(FunctionRegistry.Register(_connection, aggregates));

    /// <summary>
    /// Makes scalar functions known to SQL on every connection. Those of one name become overloads; of two with the same
    /// parameters the later counts.
    /// </summary>
    public void Register(params ReadOnlySpan<DuckDbScalarFunction> functions)
        => FunctionRegistry.Register(_connection, functions);

    public void Dispose() => _connection.Dispose();

    /// <summary>Ends the query of a result that was dropped unread: DuckDB itself does so only when the next one begins.</summary>
    internal void Abandon(DuckDbResult result)
    {
        if (_connection.IsClosed || _open != result)
        {
            return;
        }

        using ResultHandle nothing = new();
        fixed (byte* text = "SELECT 1"u8) // a UTF-8 literal ends with NUL
        {
            _ = NativeMethods.Query(_connection, text, nothing.Pointer);
        }
    }

    private StatementHandle Prepare(string sql)
    {
        fixed (byte* text = Terminated(sql))
        {
            if (NativeMethods.Prepare(_connection, text, out StatementHandle statement) == DuckDbState.Success)
            {
                return statement;
            }

            using (statement)
            {
                throw _instance.Fail(NativeMethods.Text(NativeMethods.PrepareError(statement)), sql);
            }
        }
    }

    private static byte[] Terminated(string sql)
    {
        if (sql.Contains('\0', StringComparison.Ordinal))
        {
            throw new ArgumentException("SQL cannot contain the character NUL: DuckDB would stop reading there. Bind the text as a parameter.", nameof(sql));
        }

        byte[] bytes = new byte[Encoding.UTF8.GetByteCount(sql) + 1];
        Encoding.UTF8.GetBytes(sql, bytes);
        return bytes;
    }
}
