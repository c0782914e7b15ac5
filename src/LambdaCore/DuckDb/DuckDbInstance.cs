using System.Globalization;

namespace LambdaCore.DuckDb;

/// <summary>One DuckDB database in memory, hardened: it reaches no file, host or extension but what its options allow.</summary>
/// <remarks>
/// Thread-safe. Connections may be used side by side, each by one thread at a time. Functions registered on any
/// connection are seen by all. After a fatal error <see cref="IsInvalidated"/> is true and every call fails: dispose the
/// instance and make a new one; nothing is lost, since nothing is kept here.
/// </remarks>
internal sealed class DuckDbInstance : IDisposable
{
    private readonly DatabaseHandle _database;
    private readonly Lock running = new();
    private readonly List<AggregateBinding> _aggregates = [];
    private int _runningStatements;
    private volatile bool _invalidated;

    /// <summary>Opens the database and hardens it.</summary>
    /// <exception cref="ArgumentException">An allowed folder is not a full path.</exception>
    /// <exception cref="DuckDbException">DuckDB refused an option.</exception>
    public DuckDbInstance(DuckDbOptions options)
    {
        foreach (string folder in options.AllowedDirectories)
        {
            if (!Path.IsPathFullyQualified(folder))
            {
                throw new ArgumentException($"The allowed folder '{folder}' must be a full path.", nameof(options));
            }
        }

        if (NativeMethods.Open(":memory:", out _database) != DuckDbState.Success)
        {
            _database.Dispose();
            throw DuckDbException.From("DuckDB could not open a database in memory.", sql: null);
        }

        try
        {
            using DuckDbConnection connection = Connect();
            foreach (string statement in Hardening(options))
            {
                connection.Execute(statement);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Whether a fatal error has made this instance useless.</summary>
    public bool IsInvalidated => _invalidated;

    /// <summary>Opens a connection. Cheap enough (microseconds) for one per operation.</summary>
    public DuckDbConnection Connect()
    {
        if (NativeMethods.Connect(_database, out ConnectionHandle connection) != DuckDbState.Success)
        {
            connection.Dispose();
            throw DuckDbException.From("DuckDB refused a new connection.", sql: null);
        }

        return new DuckDbConnection(this, connection);
    }

    public void Dispose() => _database.Dispose();

    internal DuckDbException Fail(string? report, string? sql)
    {
        DuckDbException error = DuckDbException.From(report, sql);
        _invalidated |= error.InvalidatesInstance;
        return error;
    }

    internal void Add(IEnumerable<AggregateBinding> bindings)
    {
        lock (running)
        {
            _aggregates.AddRange(bindings);
        }
    }

    internal void StatementBegins()
    {
        lock (running)
        {
            _runningStatements++;
        }
    }

    /// <summary>A statement has ended, in DuckDB too. When none runs, no state of an aggregate can be in use.</summary>
    internal void StatementEnded()
    {
        lock (running)
        {
            if (--_runningStatements == 0)
            {
                foreach (AggregateBinding aggregate in _aggregates)
                {
                    aggregate.Sweep();
                }
            }
        }
    }

    // The order matters: folders can only be named before external access is off, and the lock comes last.
    private static IEnumerable<string> Hardening(DuckDbOptions options)
    {
        if (options.MemoryLimitBytes is { } bytes)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"SET GLOBAL memory_limit = '{bytes}B'");
        }

        if (options.Threads is { } threads)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"SET GLOBAL threads = {threads}");
        }

        yield return $"SET GLOBAL temp_directory = {Sql.Text(options.TempDirectory ?? "")}";
        // Lookup files are written from rows as they come out of a sorted Parquet file.
        yield return "SET GLOBAL preserve_insertion_order = true";
        yield return "SET GLOBAL TimeZone = 'UTC'";
        yield return $"SET GLOBAL allowed_directories = [{string.Join(", ", options.AllowedDirectories.Select(Sql.Text))}]";
        yield return "SET GLOBAL allow_persistent_secrets = false";
        yield return "SET GLOBAL allow_community_extensions = false";
        yield return "SET GLOBAL autoinstall_known_extensions = false";
        yield return "SET GLOBAL autoload_known_extensions = false";
        yield return "SET GLOBAL enable_external_access = false";
        yield return "SET GLOBAL lock_configuration = true";
    }
}
