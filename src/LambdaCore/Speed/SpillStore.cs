using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Numerics;
using FASTER.core;
using LambdaCore.Aggregates;
using LambdaCore.Values;

namespace LambdaCore.Speed;

/// <summary>Receives what a scan of the <see cref="SpillStore"/> finds; both arguments are valid during the call only.</summary>
internal delegate void SpillVisitor(ReadOnlySpan<byte> key, ref ByteReader state);

/// <summary>
/// The states that outgrew the hash tables, of all views and generations, in one FASTER store: memory up to a bound,
/// and disk beyond it. A key is the generation's number (big-endian) and the encoded key; a value is the state's bytes, behind which
/// there may be room for growth.
/// </summary>
/// <remarks>
/// One thread at a time may <see cref="Write"/> or <see cref="DropBefore"/>, and only while no other reads. Reading and scanning is
/// for any number of threads. Therefore FASTER's own record locks are off.
/// </remarks>
internal sealed class SpillStore : IDisposable
{
    /// <summary>The bytes of a generation's number in front of a key.</summary>
    public const int PrefixBytes = sizeof(uint);

    private const int RecordOverheadBytes = 32;
    private const long SmallestPageBytes = 4 << 10;
    private const long LargestPageBytes = 4 << 20;
    private const long SmallestSegmentBytes = 1 << 20;
    private const long LargestSegmentBytes = 64 << 20;
    private const long SmallestMemoryBytes = 64 << 10;

    private readonly SpillDevice _device;
    private readonly FasterKV<SpanByte, SpanByte> _faster;
    private readonly SupersededRecords _superseded = new();
    private readonly ConcurrentBag<SpillSession> _sessions = [];
    private readonly SpillSession _writer;
    private readonly long _pageBytes;
    private readonly string _folder;

    /// <summary>Creates an empty store. Files come only when the memory is full.</summary>
    public SpillStore(SpeedOptions options)
    {
        long memory = (long)BitOperations.RoundUpToPowerOf2((ulong)Math.Max(options.MemoryBytes, SmallestMemoryBytes) + 1) / 2;
        _pageBytes = Math.Clamp(memory / 32, SmallestPageBytes, LargestPageBytes);
        _folder = options.Folder;
        _device = new SpillDevice(options.Storage, options.Folder);
        _faster = new FasterKV<SpanByte, SpanByte>(new FasterKVSettings<SpanByte, SpanByte>
        {
            IndexSize = memory / 8,
            MemorySize = memory,
            PageSize = _pageBytes,
            SegmentSize = Math.Clamp(memory / 4, SmallestSegmentBytes, LargestSegmentBytes),
            LogDevice = _device,
            EqualityComparer = new SpillFunctions.KeyComparer(),
            ConcurrencyControlMode = ConcurrencyControlMode.None,
            ReadCopyOptions = ReadCopyOptions.None,
        });
        _writer = NewSession();
    }

    /// <summary>The most bytes that a key and its state may take together.</summary>
    public long LargestRecord => _pageBytes - RecordOverheadBytes;

    /// <summary>Where the next record goes.</summary>
    public long TailAddress => _faster.Log.TailAddress;

    /// <summary>Bytes of memory in use, without the index.</summary>
    public long MemoryBytes => _faster.Log.MemorySizeBytes;

    /// <summary>Bytes of disk in use.</summary>
    public long DiskBytes => _device.Bytes;

    /// <summary>Raises the first error of the disk, after which nothing that was read can be believed.</summary>
    /// <exception cref="LambdaCoreException">There was one.</exception>
    public void ThrowIfFaulted()
    {
        if (_device.Fault is { } fault)
        {
            throw new LambdaCoreException(
                $"The speed layer could not spill to or read from its folder '{_folder}': {fault.Message} "
                + "Nothing is lost, the log has every event. Give the folder space, or the speed layer more memory, and open the store again.",
                fault)
            {
                LastsUntilReopened = true,
            };
        }
    }

    /// <summary>Takes a session for reading, to be given back by <see cref="Return"/>.</summary>
    public SpillSession Rent() => _sessions.TryTake(out SpillSession? session) ? session : NewSession();

    /// <summary>Gives back a session.</summary>
    public void Return(SpillSession session) => _sessions.Add(session);

    /// <summary>Merges the state of a key into a row.</summary>
    /// <returns>Whether there is one.</returns>
    /// <exception cref="LambdaCoreException">The disk failed.</exception>
    public bool TryMerge<TRow>(uint generation, ReadOnlySpan<byte> key, ref TRow row)
        where TRow : struct, IState<TRow>
    {
        SpillSession session = Rent();
        bool found = session.Read(generation, key, out ByteReader state, out _) != 0;
        ThrowIfFaulted();
        if (found)
        {
            TRow spilled = TRow.Read(ref state);
            row.Merge(in spilled);
        }

        Return(session);
        return found;
    }

    /// <summary>Writes the state of a key.</summary>
    /// <param name="generation">The generation's number.</param>
    /// <param name="key">The encoded key.</param>
    /// <param name="value">The state's bytes.</param>
    /// <param name="replaced">The address at which the key was last read; 0 if it was not there.</param>
    /// <exception cref="LambdaCoreException">The disk failed.</exception>
    public void Write(uint generation, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, long replaced)
    {
        if (key.Length + value.Length > LargestRecord)
        {
            throw new ArgumentException($"The state of one key takes {value.Length} bytes and its key {key.Length}; together they may take {LargestRecord}.", nameof(value));
        }

        long address = _writer.Write(generation, key, value);
        if (replaced != 0 && replaced != address)
        {
            _superseded.Add(replaced);
        }

        ThrowIfFaulted();
    }

    /// <summary>Visits each key of a generation with its latest state, in no particular order.</summary>
    /// <param name="generation">The generation's number.</param>
    /// <param name="start">An address at or before the generation's first record.</param>
    /// <param name="end">The tail address.</param>
    /// <param name="visit">Called for each key.</param>
    public unsafe void Scan(uint generation, long start, long end, SpillVisitor visit)
    {
        Span<byte> prefix = stackalloc byte[PrefixBytes];
        BinaryPrimitives.WriteUInt32BigEndian(prefix, generation);
        using IFasterScanIterator<SpanByte, SpanByte> records = _faster.Log.Scan(start, end);
        while (records.GetNext(out _))
        {
            ReadOnlySpan<byte> key = records.GetKey().AsReadOnlySpan();
            if (key.StartsWith(prefix) && !_superseded.Contains(records.CurrentAddress))
            {
                ref SpanByte value = ref records.GetValue();
                var state = new ByteReader(value.ToPointer(), value.Length);
                visit(key[PrefixBytes..], ref state);
            }
        }

        ThrowIfFaulted();
    }

    /// <summary>Forgets the records before an address, and frees their disk space except for less than a segment.</summary>
    public void DropBefore(long address)
    {
        // FASTER flushes what it drops unless the device knows better.
        _device.DiscardBefore(address);
        _faster.Log.ShiftBeginAddress(address);
        _superseded.DropBefore(address);
        _device.DeleteDiscarded();
        ThrowIfFaulted();
    }

    /// <summary>Frees the memory and deletes the files.</summary>
    public void Dispose()
    {
        _device.DiscardBefore(long.MaxValue);
        _writer.Dispose();
        while (_sessions.TryTake(out SpillSession? session))
        {
            session.Dispose();
        }

        _faster.Dispose();
        _device.Dispose();
    }

    private SpillSession NewSession() => new(_faster);
}
