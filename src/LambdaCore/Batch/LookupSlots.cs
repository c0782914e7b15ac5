using System.Runtime.InteropServices;
using LambdaCore.Storage;

namespace LambdaCore.Batch;

/// <summary>Collects the hash and the offset of each row of a lookup file, and gives them back in the order of the
/// hashes. Beyond <see cref="MemoryLimit"/> rows they go to a scratch file, so memory stays at 64 MiB.</summary>
/// <remarks>A run of rows is written to the scratch file parted into bands by the upper bits of the hash; in the end a
/// band is read from all runs and sorted. Not thread-safe.</remarks>
internal sealed class LookupSlots : IDisposable
{
    /// <summary>How many rows are held in memory: 16 bytes each, and twice that while a run is written.</summary>
    public const int MemoryLimit = 1 << 21;

    private const int BandBits = 10;
    private const int Bands = 1 << BandBits;

    private readonly string _scratchPath;
    private readonly int _memoryLimit;
    private readonly List<Run> _runs = [];
    private ScratchFile? _scratch;
    private Entry[] _entries;
    private Entry[] _parted = [];
    private int _count;

    /// <summary>Begins with no rows.</summary>
    /// <param name="scratchPath">A physical path that no file has.</param>
    /// <param name="expectedRows">How many rows will come, to have room for.</param>
    /// <param name="memoryLimit">How many rows to hold in memory.</param>
    public LookupSlots(string scratchPath, long expectedRows, int memoryLimit = MemoryLimit)
    {
        _scratchPath = scratchPath;
        _memoryLimit = memoryLimit;
        _entries = new Entry[Math.Clamp(expectedRows, 16, memoryLimit)];
    }

    /// <summary>Takes a row.</summary>
    public void Add(ulong hash, long offset)
    {
        if (_count == _entries.Length)
        {
            MakeRoom();
        }

        _entries[_count++] = new Entry(hash, offset);
    }

    /// <summary>Calls back with all rows in the order of their hashes, in pieces.</summary>
    public void Visit(Action<ReadOnlySpan<Entry>> visit)
    {
        if (_scratch is null)
        {
            Span<Entry> all = _entries.AsSpan(0, _count);
            all.Sort();
            visit(all);
            return;
        }

        Spill();
        for (int band = 0; band < Bands; band++)
        {
            int count = _runs.Sum(run => run.CountOf(band));
            if (_entries.Length < count)
            {
                _entries = new Entry[count];
            }

            int filled = 0;
            foreach (Run run in _runs)
            {
                Span<Entry> part = _entries.AsSpan(filled, run.CountOf(band));
                _scratch.Read(run.OffsetOf(band), MemoryMarshal.AsBytes(part));
                filled += part.Length;
            }

            Span<Entry> entries = _entries.AsSpan(0, count);
            entries.Sort();
            visit(entries);
        }
    }

    /// <summary>Gives the scratch file up.</summary>
    public void Dispose() => _scratch?.Dispose();

    private void MakeRoom()
    {
        if (_entries.Length < _memoryLimit)
        {
            Array.Resize(ref _entries, (int)Math.Min(_memoryLimit, 2L * _entries.Length));
            return;
        }

        _scratch ??= new ScratchFile(_scratchPath, isTemporary: true);
        Spill();
    }

    private void Spill()
    {
        Span<Entry> entries = _entries.AsSpan(0, _count);
        int[] ends = new int[Bands + 1];
        foreach (ref readonly Entry entry in entries)
        {
            ends[BandOf(entry) + 1]++;
        }

        for (int band = 0; band < Bands; band++)
        {
            ends[band + 1] += ends[band];
        }

        _runs.Add(new Run(_scratch!.Length, [.. ends]));
        _parted = _parted.Length < _count ? new Entry[_count] : _parted;
        foreach (ref readonly Entry entry in entries)
        {
            _parted[ends[BandOf(entry)]++] = entry;
        }

        _scratch.Append(MemoryMarshal.AsBytes(_parted.AsSpan(0, _count)));
        _count = 0;
    }

    private static int BandOf(in Entry entry) => (int)(entry.Hash >> (64 - BandBits));

    /// <summary>A row.</summary>
    public readonly record struct Entry(ulong Hash, long Offset) : IComparable<Entry>
    {
        /// <summary>By hash; equal hashes keep no order among each other.</summary>
        public int CompareTo(Entry other) => Hash.CompareTo(other.Hash);
    }

    private sealed record Run(long Start, int[] Starts)
    {
        private static readonly int EntryLength = System.Runtime.CompilerServices.Unsafe.SizeOf<Entry>();

        public int CountOf(int band) => Starts[band + 1] - Starts[band];

        public long OffsetOf(int band) => Start + ((long)Starts[band] * EntryLength);
    }
}
