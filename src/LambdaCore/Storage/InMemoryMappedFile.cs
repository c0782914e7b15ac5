using System.Runtime.InteropServices;

namespace LambdaCore.Storage;

/// <summary>A copy of a file's bytes that stands still in memory, as a mapped file does.</summary>
internal sealed unsafe class InMemoryMappedFile : IMappedFile
{
    public InMemoryMappedFile(ReadOnlySpan<byte> content)
    {
        Length = content.Length;
        if (Length > 0)
        {
            Pointer = (byte*)NativeMemory.Alloc((nuint)content.Length);
            content.CopyTo(new Span<byte>(Pointer, content.Length));
        }
    }

    ~InMemoryMappedFile() => Free();

    public byte* Pointer { get; private set; }

    public long Length { get; }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        NativeMemory.Free(Pointer);
        Pointer = null;
    }
}
