namespace LambdaCore.DuckDb;

/// <summary>Up to 2048 rows of several columns, as DuckDB hands them to a callback. Valid during the callback.</summary>
internal readonly ref struct ChunkReader
{
    private readonly nint _chunk;
    private readonly ReadOnlySpan<DuckDbLogicalType> _types;

    internal ChunkReader(nint chunk, ReadOnlySpan<DuckDbLogicalType> types)
    {
        _chunk = chunk;
        _types = types;
        RowCount = (int)NativeMethods.DataChunkSize(chunk);
    }

    public int RowCount { get; }

    public int ColumnCount => _types.Length;

    public VectorReader Column(int column)
        => new(NativeMethods.DataChunkVector(_chunk, (ulong)column), _types[column], RowCount);
}
