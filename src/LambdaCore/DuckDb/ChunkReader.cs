namespace LambdaCore.DuckDb;

/// <summary>Up to 2048 rows of several columns, as DuckDB hands them to a callback. Valid during the callback.</summary>
internal readonly ref struct ChunkReader
{
    private readonly nint chunk;
    private readonly ReadOnlySpan<DuckDbLogicalType> types;

    internal ChunkReader(nint chunk, ReadOnlySpan<DuckDbLogicalType> types)
    {
        this.chunk = chunk;
        this.types = types;
        RowCount = (int)NativeMethods.DataChunkSize(chunk);
    }

    public int RowCount { get; }

    public int ColumnCount => types.Length;

    public VectorReader Column(int column)
        => new(NativeMethods.DataChunkVector(chunk, (ulong)column), types[column], RowCount);
}
