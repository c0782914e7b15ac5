namespace LambdaCore.Log;

/// <summary>What the header of a write-ahead file says.</summary>
/// <param name="Version">The format's version.</param>
/// <param name="StoreId">The store that the file belongs to.</param>
/// <param name="First">The position of its first event.</param>
/// <param name="FileLength">The length in bytes to which it was preallocated.</param>
/// <param name="Checksum">The header's own checksum, which seeds those of the frames.</param>
internal readonly record struct WriteAheadFileHeader(
    int Version, Guid StoreId, LogPosition First, long FileLength, uint Checksum);
