using System.Security.Cryptography;
using LambdaCore.Storage;

namespace LambdaCore.Log;

/// <summary>A file of a damaged store, copied into the scratch folder of another: as far as the damaged disk gives it.</summary>
/// <param name="ScratchPath">Where the copy is; whoever does not adopt it discards it.</param>
/// <param name="Problem">Why it cannot be read to its end; null if it could.</param>
/// <param name="Sha256">The hash of what was read.</param>
/// <param name="Length">The number of bytes read.</param>
internal sealed record SalvageCopy(string ScratchPath, string? Problem, string Sha256, long Length)
{
    private const int BufferBytes = 1 << 20;

    /// <summary>Copies a file.</summary>
    /// <param name="from">The disk of the damaged store.</param>
    /// <param name="path">The file there.</param>
    /// <param name="to">The disk of the other one.</param>
    /// <param name="extension">How the copy's name ends.</param>
    /// <exception cref="StorageException">The other disk refuses. That says nothing of the file.</exception>
    public static SalvageCopy Of(IStorage from, string path, IStorage to, string extension)
    {
        string scratch = to.NewScratchPath(extension);
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using ScratchFile copy = new(scratch);
        string? problem = from.Exists(path) ? null : "the file is missing";
        bool isReading = problem is null;
        try
        {
            if (isReading)
            {
                using IStorageFile source = from.Open(path, FileAccess.Read);
                byte[] buffer = new byte[Math.Clamp(source.Length, 1, BufferBytes)];
                for (int read; (read = source.Read(copy.Length, buffer)) > 0; isReading = true)
                {
                    hash.AppendData(buffer, 0, read);
                    isReading = false;
                    copy.Append(buffer.AsSpan(0, read));
                }
            }
        }
        catch (StorageException error) when (isReading)
        {
            problem = error.Message;
        }

        return new SalvageCopy(scratch, problem, Convert.ToHexStringLower(hash.GetHashAndReset()), copy.Length);
    }
}
