using LambdaCore.Storage;

namespace LambdaCore.Log;

/// <summary>One file of the write-ahead log and what its header says.</summary>
/// <param name="Path">Its path in the store.</param>
/// <param name="First">The position of its first event.</param>
/// <param name="Length">The length in bytes to which it was preallocated.</param>
/// <param name="Seed">What seeds the checksums of its frames.</param>
internal sealed record WriteAheadFile(string Path, LogPosition First, long Length, uint Seed)
{
    /// <summary>Creates a file and makes it durable before anything is written to it.</summary>
    /// <returns>The file, and a handle to write to it.</returns>
    public static (WriteAheadFile File, IStorageFile Handle) Create(
        IStorage storage, Guid storeId, LogPosition first, long length)
    {
        string path = WriteAheadFormat.PathOf(first);
        IStorageFile handle = storage.Create(path, length);
        try
        {
            // The length is durable before the header is, so a sound header on a short file means damage and not a
            // crash while the file was made.
            handle.Flush();
            Span<byte> header = stackalloc byte[WriteAheadFormat.FileHeaderLength];
            uint seed = WriteAheadFormat.WriteFileHeader(header, storeId, first, length);
            handle.Write(0, header);
            handle.Flush();
            storage.FlushFolder(WriteAheadFormat.Folder);
            return (new WriteAheadFile(path, first, length, seed), handle);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }
}
