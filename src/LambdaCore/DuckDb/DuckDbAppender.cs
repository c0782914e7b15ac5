namespace LambdaCore.DuckDb;

/// <summary>Appends rows to a table, in chunks of columns.</summary>
/// <remarks>
/// Fill the first n rows of every column, then <see cref="AppendChunk"/>(n), and again; <see cref="Complete"/> at the
/// end. Rows count only from <see cref="Complete"/> on; disposing before it drops what was not flushed, and DuckDB
/// flushes on its own now and then, so whoever needs all or nothing begins a transaction. For one thread at a time.
/// </remarks>
internal sealed unsafe class DuckDbAppender : IDisposable
{
    private readonly DuckDbInstance _instance;
    private readonly AppenderHandle _appender;
    private readonly DataChunkHandle _chunk;
    private readonly DuckDbLogicalType[] _types;
    private readonly string _table;

    internal DuckDbAppender(DuckDbInstance instance, ConnectionHandle connection, string table)
    {
        _instance = instance;
        _table = table;
        DuckDbState state = NativeMethods.AppenderCreate(connection, schema: null, table, out _appender);
        try
        {
            Check(state);
            _types = new DuckDbLogicalType[NativeMethods.AppenderColumnCount(_appender)];
            _chunk = CreateChunk();
        }
        catch
        {
            _appender.Dispose();
            throw;
        }
    }

    /// <summary>How many rows a chunk holds at most.</summary>
    public static int Capacity { get; } = (int)NativeMethods.VectorSize();

    public int ColumnCount => _types.Length;

    public DuckDbLogicalType ColumnType(int column) => _types[column];

    /// <summary>A column of the chunk being filled; ask again after each <see cref="AppendChunk"/>.</summary>
    public VectorWriter Column(int column)
    {
        ObjectDisposedException.ThrowIf(_chunk.IsClosed, this);
        return new VectorWriter(
            NativeMethods.DataChunkVector(_chunk.DangerousGetHandle(), (ulong)column), _types[column], Capacity);
    }

    /// <summary>Appends the first rows of the chunk and empties it.</summary>
    public void AppendChunk(int rowCount)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rowCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rowCount, Capacity);
        NativeMethods.SetDataChunkSize(_chunk, (ulong)rowCount);
        Check(NativeMethods.AppendDataChunk(_appender, _chunk));
        NativeMethods.ResetDataChunk(_chunk);
    }

    /// <summary>Writes what is left and ends the appending.</summary>
    public void Complete() => Check(NativeMethods.AppenderClose(_appender));

    public void Dispose()
    {
        _chunk.Dispose();
        _appender.Dispose();
    }

    private DataChunkHandle CreateChunk()
    {
        LogicalTypeHandle[] handles = new LogicalTypeHandle[_types.Length];
        try
        {
            nint[] pointers = new nint[_types.Length];
            for (int i = 0; i < _types.Length; i++)
            {
                handles[i] = NativeMethods.AppenderColumnType(_appender, (ulong)i);
                pointers[i] = handles[i].DangerousGetHandle();
                _types[i] = DuckDbLogicalType.FromHandle(handles[i]);
            }

            fixed (nint* first = pointers)
            {
                return NativeMethods.CreateDataChunk(first, (ulong)_types.Length);
            }
        }
        finally
        {
            foreach (LogicalTypeHandle? handle in handles)
            {
                handle?.Dispose();
            }
        }
    }

    private void Check(DuckDbState state)
    {
        if (state == DuckDbState.Success)
        {
            return;
        }

        // Here DuckDB gives the class of the error as a number only; two classes matter to callers.
        using ErrorDataHandle error = NativeMethods.AppenderErrorData(_appender);
        string type = NativeMethods.ErrorDataType(error) switch { 30 => "FATAL", 33 => "Out of Memory", _ => "Appender" };
        string? message = NativeMethods.Text(NativeMethods.ErrorDataMessage(error));
        throw _instance.Fail($"{type} Error: {message} (appending to table '{_table}')", sql: null);
    }
}
