using System.Runtime.InteropServices;
using LambdaCore.Storage;
using NUnit.Framework;

namespace LambdaCore.Tests.Damage;

/// <summary>Memory behind whose end lies a page that nobody may touch: who reads beyond it ends the process, rather than going on with what he finds there.</summary>
internal sealed unsafe partial class GuardedMemory : IDisposable
{
    private const int PageLength = 64 * 1024;
    private const int ReadWrite = 3;
    private const int PrivateAnonymous = 0x22;

    private readonly byte* _start;
    private readonly nuint _length;

    public GuardedMemory(int capacity)
    {
        Assert.That(OperatingSystem.IsLinux(), Is.True);
        _length = (nuint)((capacity + PageLength - 1) / PageLength * PageLength);
        _start = Map(0, _length + PageLength, ReadWrite, PrivateAnonymous, -1, 0);
        Assert.That(Protect(_start + _length, PageLength, 0), Is.Zero);
    }

    /// <summary>A file whose last byte is the last that may be read. The one before is of no use any more.</summary>
    public IMappedFile File(ReadOnlySpan<byte> content)
    {
        byte* at = _start + _length - content.Length;
        content.CopyTo(new Span<byte>(at, content.Length));
        return new Guarded(at, content.Length);
    }

    public void Dispose() => _ = Unmap(_start, _length + PageLength);

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial byte* Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(byte* address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(byte* address, nuint length);

    private sealed class Guarded(byte* pointer, long length) : IMappedFile
    {
        public byte* Pointer => pointer;

        public long Length => length;

        public void Dispose()
        {
        }
    }
}
