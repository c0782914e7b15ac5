using System.Collections.Concurrent;
using LambdaCore.Storage;
using LambdaCore.Tables;

namespace LambdaCore.Log;

/// <summary>
/// Checks the length and the hash of each segment before DuckDB sees it, since DuckDB reads most damage in a Parquet file as
/// wrong data. Each file is checked once per open of the store, when it is first needed, so that opening stays fast. Thread-safe.
/// </summary>
internal sealed class SegmentVerifier(IStorage storage, string folder)
{
    private readonly ConcurrentDictionary<string, bool> _verified = new(StringComparer.Ordinal);

    /// <summary>Counts a file as checked that this process has just hashed and published.</summary>
    public void Trust(DeltaFile file) => _verified[file.Path] = true;

    /// <summary>Forgets a file that is deleted.</summary>
    public void Forget(string path) => _verified.TryRemove(path, out _);

    /// <summary>The physical path of a segment that is sound.</summary>
    /// <exception cref="LogCorruptException">The segment is damaged or missing.</exception>
    public string Materialise(SegmentFile segment)
    {
        string path = $"{folder}/{segment.File.Path}";
        if (!storage.Exists(path))
        {
            throw Damaged(segment, "the file is missing");
        }

        string physical = storage.Materialise(path);
        if (_verified.ContainsKey(segment.File.Path))
        {
            return physical;
        }

        (string sha256, long length) = FileHash.Of(physical);
        if (length != segment.File.Size)
        {
            throw Damaged(segment, $"the file has {length} bytes instead of {segment.File.Size}");
        }

        if (!HasItsHash(segment, sha256))
        {
            throw Damaged(segment, $"its SHA-256 is {sha256} instead of {segment.File.Sha256}");
        }

        Trust(segment.File);
        return physical;
    }

    // On its own, so that tests can take it away and see that it is missed.
    private static bool HasItsHash(SegmentFile segment, string sha256) => sha256 == segment.File.Sha256;

    private LogCorruptException Damaged(SegmentFile segment, string what) => new(
        $"The segment '{folder}/{segment.File.Path}' with the events {segment.Range} is damaged: {what}. Restore it from a copy, or {LogCorruptException.Salvage}; nothing was changed on disk.");
}
