namespace LambdaCore.Storage;

/// <summary>The bytes of one file of an <see cref="InMemoryStorage"/>: as its readers see them, as the medium has them,
/// and the writes that lie between the two.</summary>
/// <remarks>Not thread-safe; the storage locks. Zeros behind the last written byte take no memory.</remarks>
internal sealed class InMemoryContent
{
    public const int SectorLength = 512;

    private readonly List<(long Offset, byte[] Bytes)> _unflushed = [];
    private byte[] _seen = [];
    private byte[] _durable = [];
    private long _durableLength;

    public InMemoryContent(long length) => Length = length;

    private InMemoryContent(byte[] bytes, long length)
    {
        _seen = bytes;
        _durable = (byte[])bytes.Clone();
        Length = _durableLength = length;
    }

    /// <summary>The length that readers see.</summary>
    public long Length { get; private set; }

    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        Apply(ref _seen, offset, bytes);
        _unflushed.Add((offset, bytes.ToArray()));
        Length = Math.Max(Length, offset + bytes.Length);
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
            Apply(ref _durable, offset, bytes);
        }

        _durableLength = Length;
        _unflushed.Clear();
    }

    /// <summary>What a failing flush does: the operating system takes the pages for written, and they never reach the
    /// medium unless somebody writes them anew.</summary>
    public void LoseUnflushed() => _unflushed.Clear();

    /// <summary>What is on the medium after a power cut.</summary>
    /// <param name="random">Decides which sectors of the unflushed writes got there, and whether the length did.</param>
    public InMemoryContent AfterPowerCut(Random random)
    {
        byte[] bytes = (byte[])_durable.Clone();
        long length = random.Next(2) == 0 ? _durableLength : Length;
        double luck = random.Next(4) switch { 0 => 0.0, 1 => 1.0, 2 => 0.9, _ => 0.5 };
        foreach ((long offset, byte[] written) in _unflushed)
        {
            int start = 0;
            while (start < written.Length)
            {
                int end = (int)Math.Min(written.Length, start + SectorLength - ((offset + start) % SectorLength));
                if (random.NextDouble() < luck)
                {
                    Apply(ref bytes, offset + start, written.AsSpan(start..end));
                    length = Math.Max(length, offset + end);
                }

                start = end;
            }
        }

        return new InMemoryContent(bytes, length);
    }

    /// <summary>The content as its readers see it: what the next process finds when only this one dies.</summary>
    public byte[] ToArray()
    {
        byte[] bytes = new byte[Length];
        Read(0, bytes);
        return bytes;
    }

    private static void Apply(ref byte[] target, long offset, ReadOnlySpan<byte> bytes)
    {
        long end = offset + bytes.Length;
        if (end > target.Length)
        {
            Array.Resize(ref target, (int)Math.Min(Array.MaxLength, Math.Max(end, target.Length * 2L)));
        }

        bytes.CopyTo(target.AsSpan((int)offset));
    }
}
