namespace LambdaCore.DuckDb;

/// <summary>The rows of a query, streamed in chunks of up to 2048.</summary>
/// <remarks>
/// Call <see cref="NextChunk"/> before reading; readers of a chunk end with it. For one thread at a time. Dispose it
/// before the next statement on its connection.
/// </remarks>
internal sealed unsafe class DuckDbResult : IDisposable
{
    private readonly DuckDbInstance instance;
    private readonly DuckDbConnection connection;
    private readonly ResultHandle result;
    private readonly string sql;
    private readonly DuckDbLogicalType[] types;
    private DataChunkHandle? chunk;
    private bool ended;

    internal DuckDbResult(DuckDbInstance instance, DuckDbConnection connection, ResultHandle result, string sql)
    {
        this.instance = instance;
        this.connection = connection;
        this.result = result;
        this.sql = sql;
        types = new DuckDbLogicalType[NativeMethods.ColumnCount(result.Pointer)];
        for (int i = 0; i < types.Length; i++)
        {
            using LogicalTypeHandle type = NativeMethods.ColumnLogicalType(result.Pointer, (ulong)i);
            types[i] = DuckDbLogicalType.FromHandle(type);
        }
    }

    public int ColumnCount => types.Length;

    /// <summary>How many rows the current chunk has.</summary>
    public int RowCount { get; private set; }

    public string ColumnName(int column) => NativeMethods.Text(NativeMethods.ColumnName(result.Pointer, (ulong)column)) ?? "";

    public DuckDbLogicalType ColumnType(int column) => types[column];

    /// <summary>Moves to the next rows; false at the end.</summary>
    /// <exception cref="DuckDbException">The query failed or was interrupted on the way.</exception>
    public bool NextChunk()
    {
        ObjectDisposedException.ThrowIf(result.IsClosed, this);
        RowCount = 0;
        do
        {
            chunk?.Dispose();
            chunk = NativeMethods.FetchChunk(*result.Pointer);
            if (chunk.IsInvalid)
            {
                ended = true;
                string? report = NativeMethods.Text(NativeMethods.ResultError(result.Pointer));
                return string.IsNullOrEmpty(report) ? false : throw instance.Fail(report, sql);
            }

            RowCount = (int)NativeMethods.DataChunkSize(chunk.DangerousGetHandle());
        }
        while (RowCount == 0);

        return true;
    }

    /// <summary>A column of the current chunk.</summary>
    public VectorReader Column(int column)
    {
        if (RowCount == 0)
        {
            throw new InvalidOperationException("There is no current chunk: call NextChunk, and read only while it returns true.");
        }

        return new VectorReader(
            NativeMethods.DataChunkVector(chunk!.DangerousGetHandle(), (ulong)column), types[column], RowCount);
    }

    public void Dispose()
    {
        if (result.IsClosed)
        {
            return;
        }

        RowCount = 0;
        chunk?.Dispose();
        result.Dispose();
        if (!ended)
        {
            connection.Abandon(this);
        }

        instance.StatementEnded();
    }
}
