namespace LambdaCore.Batch;

/// <summary>How the Parquet files of batch views are written.</summary>
internal static class BatchFormat
{
    /// <summary>
    /// The options of DuckDB's COPY. Data pages of version 1: those of version 2 have an open heap overflow in DuckDB's reader.
    /// </summary>
    public const string Parquet = "(FORMAT parquet, COMPRESSION snappy, PARQUET_VERSION v1)";
}
