namespace LambdaCore.DuckDb;

/// <summary>
/// The one <see cref="DuckDbInstance"/> of a store: made at its first use, and made again after a fatal error, since nothing is
/// kept in it. Thread-safe.
/// </summary>
/// <param name="options">What an instance may touch and use.</param>
/// <param name="prepare">Registers the functions that SQL needs, once for each instance.</param>
internal sealed class DuckDbEngine(DuckDbOptions options, Action<DuckDbConnection> prepare) : IDisposable
{
    private readonly Lock _lock = new();
    private DuckDbInstance? _instance;
    private readonly Dictionary<string, DuckDbScalarFunction> _later = new(StringComparer.Ordinal);
    private bool _disposed;

    /// <summary>Opens a connection; the caller disposes it.</summary>
    /// <exception cref="DuckDbException">DuckDB could not be started.</exception>
    public DuckDbConnection Connect()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_instance is { IsInvalidated: true })
            {
                _instance.Dispose();
                _instance = null;
            }

            return (_instance ??= Start()).Connect();
        }
    }

    /// <summary>Makes scalar functions known from now on, beyond those of the beginning. One that is known already by its name stays as it is.</summary>
    public void Register(params IEnumerable<DuckDbScalarFunction> functions)
    {
        lock (_lock)
        {
            foreach (DuckDbScalarFunction function in functions)
            {
                if (_later.TryAdd(function.Name, function) && _instance is { IsInvalidated: false })
                {
                    using DuckDbConnection connection = _instance.Connect();
                    connection.Register(function);
                }
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            _instance?.Dispose();
            _instance = null;
        }
    }

    private DuckDbInstance Start()
    {
        DuckDbInstance instance = new(options);
        try
        {
            using DuckDbConnection connection = instance.Connect();
            prepare(connection);
            connection.Register([.. _later.Values]);
            return instance;
        }
        catch
        {
            instance.Dispose();
            throw;
        }
    }
}
