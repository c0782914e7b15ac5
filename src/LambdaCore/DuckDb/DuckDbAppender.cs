namespace LambdaCore.DuckDb;

/// <summary>Appends rows to a table, in chunks of columns.</summary>
/// <remarks>
/// Fill the first n rows of every column, then <see cref="AppendChunk"/>(n), and again; <see cref="Complete"/> at the
/// end. Rows count only from <see cref="Complete"/> on; disposing before it drops what was not flushed, and DuckDB
/// flushes on its own now and then, so whoever needs all or nothing begins a transaction. For one thread at a time.
/// </remarks>
internal sealed unsafe class DuckDbAppender : IDisposable
{
    private readonly DuckDbInstance instance;
    private readonly AppenderHandle appender;
    private readonly DataChunkHandle chunk;
    private readonly DuckDbLogicalType[] types;
    private readonly string table;

    internal DuckDbAppender(DuckDbInstance instance, ConnectionHandle connection, string table)
    {
        this.instance = instance;
        this.table = table;
        DuckDbState state = NativeMethods.AppenderCreate(connection, schema: null, table, out appender);
        try
        {
            Check(state);
            types = new DuckDbLogicalType[NativeMethods.AppenderColumnCount(appender)];
            chunk = CreateChunk();
        }
        catch
        {
            appender.Dispose();
            throw;
        }
    }

    /// <summary>How many rows a chunk holds at most.</summary>
    public static int Capacity { get; } = (int)NativeMethods.VectorSize();

    public int ColumnCount => types.Length;

    public DuckDbLogicalType ColumnType(int column) => types[column];

    /// <summary>A column of the chunk being filled; ask again after each <see cref="AppendChunk"/>.</summary>
    public VectorWriter Column(int column)
    {
        ObjectDisposedException.ThrowIf(chunk.IsClosed, this);
        return new VectorWriter(
            NativeMethods.DataChunkVector(chunk.DangerousGetHandle(), (ulong)column), types[column], Capacity);
    }

    /// <summary>Appends the first rows of the chunk and empties it.</summary>
    public void AppendChunk(int rowCount)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rowCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rowCount, Capacity);
        NativeMethods.SetDataChunkSize(chunk, (ulong)rowCount);
        Check(NativeMethods.AppendDataChunk(appender, chunk));
        NativeMethods.ResetDataChunk(chunk);
    }

    /// <summary>Writes what is left and ends the appending.</summary>
    public void Complete() => Check(NativeMethods.AppenderClose(appender));

    public void Dispose()
    {
        chunk.Dispose();
        appender.Dispose();
    }

    private DataChunkHandle CreateChunk()
    {
        LogicalTypeHandle[] handles = new LogicalTypeHandle[types.Length];
        try
        {
            nint[] pointers = new nint[types.Length];
            for (int i = 0; i < types.Length; i++)
            {
                handles[i] = NativeMethods.AppenderColumnType(appender, (ulong)i);
                pointers[i] = handles[i].DangerousGetHandle();
                types[i] = DuckDbLogicalType.FromHandle(handles[i]);
            }

            fixed (nint* first = pointers)
            {
                return NativeMethods.CreateDataChunk(first, (ulong)types.Length);
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
        using ErrorDataHandle error = NativeMethods.AppenderErrorData(appender);
        string type = NativeMethods.ErrorDataType(error) switch { 30 => "FATAL", 33 => "Out of Memory", _ => "Appender" };
        string? message = NativeMethods.Text(NativeMethods.ErrorDataMessage(error));
        throw instance.Fail($"{type} Error: {message} (appending to table '{table}')", sql: null);
    }
}
