using Microsoft.Win32.SafeHandles;

namespace LambdaCore.Storage;

/// <summary>A new file in the scratch folder (<see cref="IStorage.NewScratchPath"/>) that is written from its start to its end,
/// and can be read back meanwhile. Nothing is durable until <see cref="IStorage.Adopt"/>.</summary>
/// <remarks>Not thread-safe. Every failure is a <see cref="StorageException"/>.</remarks>
internal sealed class ScratchFile : IDisposable
{
    private readonly string _physicalPath;
    private readonly SafeFileHandle _handle;

    /// <summary>Creates the file.</summary>
    /// <param name="physicalPath">A path that no file has.</param>
    /// <param name="isTemporary">Whether the file goes when it is closed.</param>
    public ScratchFile(string physicalPath, bool isTemporary = false)
    {
        _physicalPath = physicalPath;
        try
        {
            _handle = File.OpenHandle(
                physicalPath, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read, isTemporary ? FileOptions.DeleteOnClose : FileOptions.None);
        }
        catch (Exception error) when (SystemError.IsOfFiles(error))
        {
            throw SystemError.Of("create", physicalPath, error);
        }
    }

    /// <summary>
    /// Deletes a file of the scratch folder that is not wanted any more, whoever wrote it; does nothing when there is none. What cannot be
    /// deleted goes when the store is opened next.
    /// </summary>
    public static void Discard(string physicalPath)
    {
        try
        {
            File.Delete(physicalPath);
        }
        catch (Exception error) when (SystemError.IsOfFiles(error))
        {
            // It takes room, but harms nothing.
        }
    }

    /// <summary>Maps a finished file of the scratch folder into memory for reading.</summary>
    public static IMappedFile Map(string physicalPath)
    {
        try
        {
            return new PhysicalMappedFile(physicalPath);
        }
        catch (Exception error) when (SystemError.IsOfFiles(error))
        {
            throw SystemError.Of("mapping", physicalPath, error);
        }
    }

    /// <summary>The number of bytes written.</summary>
    public long Length { get; private set; }

    /// <summary>Writes behind what was written before.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        try
        {
            RandomAccess.Write(_handle, bytes, Length);
        }
        catch (Exception error) when (SystemError.IsOfFiles(error))
        {
            throw SystemError.Of("write", _physicalPath, error);
        }

        Length += bytes.Length;
    }

    /// <summary>Reads bytes that were written.</summary>
    public void Read(long offset, Span<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Length - bytes.Length);
        try
        {
            while (bytes.Length > 0)
            {
                int read = RandomAccess.Read(_handle, bytes, offset);
                offset += read;
                bytes = read > 0 ? bytes[read..] : throw new EndOfStreamException($"The file ends at byte {offset}, although {Length} were written.");
            }
        }
        catch (Exception error) when (SystemError.IsOfFiles(error))
        {
            throw SystemError.Of("read", _physicalPath, error);
        }
    }

    /// <summary>Closes the file and deletes it.</summary>
    public void Delete()
    {
        Dispose();
        try
        {
            File.Delete(_physicalPath);
        }
        catch (Exception error) when (SystemError.IsOfFiles(error))
        {
            throw SystemError.Of("delete", _physicalPath, error);
        }
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _handle.Dispose();
}
