namespace LambdaCore.Storage;

/// <summary>An open file of an <see cref="IStorage"/>.</summary>
/// <remarks>One thread may write while others read ranges that were written before.</remarks>
internal interface IStorageFile : IDisposable
{
    /// <summary>The path in the store, for messages.</summary>
    string Path { get; }

    /// <summary>The length in bytes.</summary>
    long Length { get; }

    /// <summary>Hands bytes to the operating system; the file grows as needed. Durable only after
    /// <see cref="Flush"/>.</summary>
    void Write(long offset, ReadOnlySpan<byte> bytes);

    /// <summary>Reads until the buffer is full or the file ends.</summary>
    /// <returns>The number of bytes read; less than asked for only at the end of the file.</returns>
    int Read(long offset, Span<byte> buffer);

    /// <summary>Makes the content and the length durable, on the medium and not in a cache of it.</summary>
    /// <remarks>After a failure nothing is known about what was written since the last success: the operating system
    /// may have dropped it, and a second call may succeed all the same. So never call again; write it anew.</remarks>
    void Flush();
}
