using System.Numerics;
using System.Runtime.CompilerServices;
using FASTER.core;

namespace LambdaCore.Speed;

/// <summary>A growing buffer that the collector does not move, so that FASTER and readers of states may hold its address. Not thread-safe.</summary>
internal sealed unsafe class PinnedBytes
{
    private byte[] _buffer = GC.AllocateUninitializedArray<byte>(256, pinned: true);

    /// <summary>The number of bytes in use.</summary>
    public int Length { get; private set; }

    /// <summary>The address in the spill store from which the bytes were read.</summary>
    public long Address { get; set; }

    /// <summary>The address in memory of the first byte; valid until the next <see cref="Resize"/>.</summary>
    public byte* Pointer => (byte*)Unsafe.AsPointer(ref _buffer[0]);

    /// <summary>The bytes in use, as FASTER takes them; valid until the next <see cref="Resize"/>.</summary>
    public SpanByte SpanByte => new(Length, (IntPtr)Pointer);

    /// <summary>Makes room for bytes, whose content is undefined, and puts them in use.</summary>
    public Span<byte> Resize(int length)
    {
        if (length > _buffer.Length)
        {
            _buffer = GC.AllocateUninitializedArray<byte>((int)BitOperations.RoundUpToPowerOf2((uint)length), pinned: true);
        }

        Length = length;
        return _buffer.AsSpan(0, length);
    }
}
