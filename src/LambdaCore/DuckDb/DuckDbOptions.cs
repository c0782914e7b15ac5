namespace LambdaCore.DuckDb;

/// <summary>What one DuckDB instance may touch and use.</summary>
internal sealed record DuckDbOptions
{
    /// <summary>
    /// The only folders (full paths), with all below them, whose files SQL may read or write; symbolic links that lead
    /// out of them are not followed. None: no file at all.
    /// </summary>
    public IReadOnlyList<string> AllowedDirectories { get; init; } = [];

    /// <summary>Where large sorts and joins spill; null: they fail when memory is used up.</summary>
    public string? TempDirectory { get; init; }

    /// <summary>Bytes that DuckDB may allocate; null: DuckDB's default, 80 % of the machine's memory.</summary>
    public long? MemoryLimitBytes { get; init; }

    /// <summary>Threads that run queries, at least 1; null: one per processor.</summary>
    public int? Threads { get; init; }
}
