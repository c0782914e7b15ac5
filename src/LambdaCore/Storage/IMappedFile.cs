namespace LambdaCore.Storage;

/// <summary>The bytes of a published file, mapped for reading. They never change.</summary>
/// <remarks>Safe to read from any thread; after <see cref="IDisposable.Dispose"/> the memory is gone, and reading
/// through a pointer or a span taken before ends the process. The owner must outlive the readers.</remarks>
internal unsafe interface IMappedFile : IDisposable
{
    /// <summary>The first byte; null when the file is empty.</summary>
    byte* Pointer { get; }

    /// <summary>The length in bytes; may exceed 2 GiB.</summary>
    long Length { get; }

    /// <summary>A window of the file.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The window is not within the file.</exception>
    ReadOnlySpan<byte> Slice(long offset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Length - length);
        return new ReadOnlySpan<byte>(Pointer + offset, length);
    }
}
