using System.Security.Cryptography;

namespace LambdaCore.Storage;

/// <summary>The content of a physical file in one number that no damage leaves unchanged.</summary>
internal static class FileHash
{
    private const int BufferBytes = 1 << 20;

    /// <summary>Reads a file from start to end.</summary>
    /// <param name="physicalPath">A path from <see cref="IStorage.NewScratchPath"/> or <see cref="IStorage.Materialise"/>.</param>
    /// <returns>SHA-256 in lower-case hexadecimal digits, and the length in bytes.</returns>
    /// <exception cref="StorageException">The file cannot be read.</exception>
    public static (string Sha256, long Length) Of(string physicalPath)
    {
        try
        {
            using FileStream file = new(physicalPath, FileMode.Open, FileAccess.Read, FileShare.Read, BufferBytes, FileOptions.SequentialScan);
            return (Convert.ToHexStringLower(SHA256.HashData(file)), file.Length);
        }
        catch (Exception error) when (SystemError.IsOfFiles(error))
        {
            throw SystemError.Of("hashing", physicalPath, error);
        }
    }
}
