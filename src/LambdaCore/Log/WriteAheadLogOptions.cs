namespace LambdaCore.Log;

/// <summary>How the write-ahead log uses the disk.</summary>
internal sealed record WriteAheadLogOptions
{
    /// <summary>The length in bytes to which each file is preallocated; a group that needs more makes a file longer.
    /// At least 4 KiB; 64 MiB by default.</summary>
    public long FileLength { get; init; } = 64L << 20;
}
