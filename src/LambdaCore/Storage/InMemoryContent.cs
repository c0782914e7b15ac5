using System.Buffers.Binary;
using System.Numerics;

namespace LambdaCore.Storage;

/// <summary>The bytes of one file of an <see cref="InMemoryStorage"/>: as its readers see them, as the medium has them,
/// and the writes that lie between the two.</summary>
/// <remarks>Not thread-safe; the storage locks. Zeros behind the last written byte take no memory. Copies share bytes until one of them is written to.</remarks>
internal sealed class InMemoryContent
{
    private readonly List<(long Offset, byte[] Bytes)> _unflushed = [];
    private byte[] _seen = [];
    private byte[] _durable = [];
    private bool _sharesSeen;
    private bool _sharesDurable;
    private long _durableLength;
    private bool _hasLost;
    private ulong? _print;
    private ulong? _durablePrint;

    public InMemoryContent(long length) => Length = length;

    private InMemoryContent(byte[] bytes, long length, ulong? print)
    {
        _seen = _durable = bytes;
        _sharesSeen = _sharesDurable = true;
        Length = _durableLength = length;
        _print = _durablePrint = print;
    }

    /// <summary>The length that readers see.</summary>
    public long Length { get; private set; }

    /// <summary>A number that two contents share only if their readers see the same.</summary>
    public ulong Print => _print ??= PrintOf(_seen, Length);

    /// <summary>Whether the medium has what readers see.</summary>
    public bool IsDurable => !_hasLost && _unflushed.Count == 0 && _durableLength == Length;

    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        Apply(ref _seen, ref _sharesSeen, offset, bytes);
        _unflushed.Add((offset, bytes.ToArray()));
        Length = Math.Max(Length, offset + bytes.Length);
        _print = null;
    }

    public int Read(long offset, Span<byte> buffer)
    {
        int count = (int)Math.Clamp(Length - offset, 0, buffer.Length);
        int stored = (int)Math.Clamp(_seen.Length - offset, 0, count);
        if (stored > 0)
        {
            _seen.AsSpan((int)offset, stored).CopyTo(buffer);
        }

        buffer[stored..count].Clear();
        return count;
    }

    public void Flush()
    {
        foreach ((long offset, byte[] bytes) in _unflushed)
        {
            Apply(ref _durable, ref _sharesDurable, offset, bytes);
        }

        _durableLength = Length;
        _unflushed.Clear();
        _durablePrint = null;
    }

    /// <summary>What a failing flush does: the operating system takes the pages for written, and they never reach the
    /// medium unless somebody writes them anew.</summary>
    public void LoseUnflushed()
    {
        _hasLost |= _unflushed.Count > 0;
        _unflushed.Clear();
    }

    /// <summary>What is on the medium after a power cut.</summary>
    /// <param name="cut">Decides which units of the unflushed writes got there, and whether the length did.</param>
    public InMemoryContent AfterPowerCut(PowerCut cut)
    {
        if (_unflushed.Count == 0)
        {
            long kept = _durableLength == Length || cut.Happens() ? Length : _durableLength;
            _sharesDurable = true;
            return new InMemoryContent(_durable, kept, kept == _durableLength ? _durablePrint ??= PrintOf(_durable, _durableLength) : null);
        }

        byte[] bytes = _durable;
        bool shares = _sharesDurable = true;
        long length = cut.Happens() ? _durableLength : Length;
        Func<bool> reaches = cut.ChanceOfUnits(_unflushed.Sum(w => PowerCut.UnitsOf(w.Offset, w.Bytes.Length, cut.UnitLength)));
        foreach ((long offset, byte[] written) in _unflushed)
        {
            for (int start = 0; start < written.Length;)
            {
                int end = (int)Math.Min(written.Length, start + cut.UnitLength - ((offset + start) % cut.UnitLength));
                if (reaches())
                {
                    Apply(ref bytes, ref shares, offset + start, written.AsSpan(start..end));
                    length = Math.Max(length, offset + end);
                }

                start = end;
            }
        }

        return new InMemoryContent(bytes, length, print: null);
    }

    /// <summary>The same content, of which the same is on the medium.</summary>
    public InMemoryContent Copy()
    {
        _sharesSeen = _sharesDurable = true;
        InMemoryContent copy = new(_seen, Length, _print) { _durable = _durable, _durableLength = _durableLength, _hasLost = _hasLost, _durablePrint = _durablePrint };
        copy._unflushed.AddRange(_unflushed);
        return copy;
    }

    /// <summary>The content as its readers see it: what the next process finds when only this one dies.</summary>
    public byte[] ToArray()
    {
        byte[] bytes = new byte[Length];
        Read(0, bytes);
        return bytes;
    }

    /// <summary>A number that differs with the bytes, as far as chance goes.</summary>
    internal static ulong HashOf(ReadOnlySpan<byte> bytes)
    {
        ulong hash = (ulong)bytes.Length;
        while (bytes.Length >= sizeof(ulong))
        {
            Mix(BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }

        foreach (byte one in bytes)
        {
            Mix(one);
        }

        return hash ^ (hash >> 32);

        void Mix(ulong word) => hash = BitOperations.RotateLeft((hash ^ word) * 0x9E3779B97F4A7C15, 29);
    }

    private static ulong PrintOf(byte[] bytes, long length)
    {
        // How many zeros behind the last other byte are kept in memory says nothing.
        int end = bytes.AsSpan().LastIndexOfAnyExcept((byte)0) + 1;
        return HashOf(bytes.AsSpan(0, end)) ^ ((ulong)length * 0x9E3779B97F4A7C15);
    }

    private static void Apply(ref byte[] target, ref bool isShared, long offset, ReadOnlySpan<byte> bytes)
    {
        long end = offset + bytes.Length;
        if (end > target.Length)
        {
            byte[] longer = new byte[(int)Math.Min(Array.MaxLength, Math.Max(end, target.Length * 2L))];
            target.CopyTo(longer.AsSpan());
            target = longer;
        }
        else if (isShared)
        {
            target = (byte[])target.Clone();
        }

        isShared = false;
        bytes.CopyTo(target.AsSpan((int)offset));
    }
}
