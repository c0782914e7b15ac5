namespace LambdaCore.DuckDb;

/// <summary>The rows of a query, streamed in chunks of up to 2048.</summary>
/// <remarks>
/// Call <see cref="NextChunk"/> before reading; readers of a chunk end with it. For one thread at a time. Dispose it
/// before the next statement on its connection.
/// </remarks>
internal sealed unsafe class DuckDbResult : IDisposable
{
    private readonly DuckDbInstance _instance;
    private readonly DuckDbConnection _connection;
    private readonly ResultHandle _result;
    private readonly string _sql;
    private readonly DuckDbLogicalType[] _types;
    private DataChunkHandle? _chunk;
    private bool _ended;

    internal DuckDbResult(DuckDbInstance instance, DuckDbConnection connection, ResultHandle result, string sql)
    {
        _instance = instance;
        _connection = connection;
        _result = result;
        _sql = sql;
        _types = new DuckDbLogicalType[NativeMethods.ColumnCount(result.Pointer)];
        for (int i = 0; i < _types.Length; i++)
        {
            using LogicalTypeHandle type = NativeMethods.ColumnLogicalType(result.Pointer, (ulong)i);
            _types[i] = DuckDbLogicalType.FromHandle(type);
        }
    }

    public int ColumnCount => _types.Length;

    /// <summary>How many rows the current chunk has.</summary>
    public int RowCount { get; private set; }

    public string ColumnName(int column) => NativeMethods.Text(NativeMethods.ColumnName(_result.Pointer, (ulong)column)) ?? "";

    public DuckDbLogicalType ColumnType(int column) => _types[column];

    /// <summary>Moves to the next rows; false at the end.</summary>
    /// <exception cref="DuckDbException">The query failed or was interrupted on the way.</exception>
    public bool NextChunk()
    {
        ObjectDisposedException.ThrowIf(_result.IsClosed, this);
        RowCount = 0;
        do
        {
            _chunk?.Dispose();
            _chunk = NativeMethods.FetchChunk(*_result.Pointer);
            if (_chunk.IsInvalid)
            {
                _ended = true;
                string? report = NativeMethods.Text(NativeMethods.ResultError(_result.Pointer));
                return string.IsNullOrEmpty(report) ? false : throw _instance.Fail(report, _sql);
            }

            RowCount = (int)NativeMethods.DataChunkSize(_chunk.DangerousGetHandle());
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
            NativeMethods.DataChunkVector(_chunk!.DangerousGetHandle(), (ulong)column), _types[column], RowCount);
    }

    public void Dispose()
    {
        if (_result.IsClosed)
        {
            return;
        }

        RowCount = 0;
        _chunk?.Dispose();
        _result.Dispose();
        if (!_ended)
        {
            _connection.Abandon(this);
        }

        _instance.StatementEnded();
    }
}
