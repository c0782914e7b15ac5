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
            return instance;
        }
        catch
        {
            instance.Dispose();
            throw;
        }
    }
}
