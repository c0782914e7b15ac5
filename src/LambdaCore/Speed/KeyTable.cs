using System.Runtime.CompilerServices;
using LambdaCore.Values;

namespace LambdaCore.Speed;

/// <summary>
/// A hash table from encoded keys to rows that makes no object per key: linear probing over slots of eight bytes
/// (Knuth, The Art of Computer Programming, volume 3, section 6.4, algorithm L), keys one after another in one buffer, rows in one array.
/// Rows are numbered from 0 in the order in which their keys came, and keep their numbers.
/// </summary>
/// <remarks>Any number of threads may read while none writes.</remarks>
/// <typeparam name="TRow">The row; a new key has its default value.</typeparam>
internal sealed class KeyTable<TRow>
    where TRow : struct
{
    private const int SmallestCapacity = 16;

    private readonly ByteWriter _keys = new();
    private Slot[] _slots = new Slot[2 * SmallestCapacity];
    private Entry[] _entries = new Entry[SmallestCapacity];
    private TRow[] _rows = new TRow[SmallestCapacity];
    private int _count;

    /// <summary>The number of keys.</summary>
    public int Count => _count;

    /// <summary>The number of keys that there is room for before the table grows.</summary>
    public int Capacity => _rows.Length;

    /// <summary>The bytes in use for keys and rows, without what rows refer to.</summary>
    public long Bytes => _keys.Length + ((long)_count * ((2 * Unsafe.SizeOf<Slot>()) + Unsafe.SizeOf<Entry>() + Unsafe.SizeOf<TRow>()));

    /// <summary>The row of a key, which is added if it is new. The reference is valid until the next key is added.</summary>
    /// <param name="key">The encoded key.</param>
    /// <param name="hash">Its <see cref="XxHash64"/>.</param>
    public ref TRow GetOrAdd(ReadOnlySpan<byte> key, ulong hash)
    {
        int number = Find(key, hash);
        if (number < 0)
        {
            number = Add(key, hash); // May replace the array of rows.
        }

        return ref _rows[number];
    }

    /// <summary>The number of a key's row, or -1 if the key is not there.</summary>
    /// <param name="key">The encoded key.</param>
    /// <param name="hash">Its <see cref="XxHash64"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Find(ReadOnlySpan<byte> key, ulong hash)
    {
        Slot[] slots = _slots;
        uint tag = (uint)(hash >> 32);
        for (uint at = (uint)hash; ; at++)
        {
            Slot slot = slots[at & (uint)(slots.Length - 1)];
            if (slot.Number == 0)
            {
                return -1;
            }

            if (slot.Tag == tag && Key(slot.Number - 1).SequenceEqual(key))
            {
                return slot.Number - 1;
            }
        }
    }

    /// <summary>The key with a number; valid until the next key is added.</summary>
    public ReadOnlySpan<byte> Key(int number)
    {
        Entry entry = _entries[number];
        return _keys.Written.Slice(entry.KeyStart, entry.KeyLength);
    }

    /// <summary>The hash of the key with a number.</summary>
    public ulong Hash(int number) => _entries[number].Hash;

    /// <summary>The row with a number; the reference is valid until the next key is added.</summary>
    public ref TRow Row(int number)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)number, (uint)_count, nameof(number));
        return ref _rows[number];
    }

    /// <summary>Forgets all keys and keeps the memory.</summary>
    public void Clear()
    {
        Array.Clear(_slots);
        Array.Clear(_rows, 0, _count);
        _keys.Clear();
        _count = 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private int Add(ReadOnlySpan<byte> key, ulong hash)
    {
        if (_count == _rows.Length)
        {
            Grow();
        }

        int number = _count;
        _entries[number] = new Entry(hash, _keys.Length, key.Length);
        _keys.WriteRaw(key);
        _count = number + 1;
        Place(number);
        return number;
    }

    private void Grow()
    {
        // At most half of the slots are taken, so that a search for a missing key ends soon.
        int capacity = checked(2 * _rows.Length);
        Array.Resize(ref _rows, capacity);
        Array.Resize(ref _entries, capacity);
        _slots = new Slot[checked(2 * capacity)];
        for (int number = 0; number < _count; number++)
        {
            Place(number);
        }
    }

    private void Place(int number)
    {
        ulong hash = _entries[number].Hash;
        uint mask = (uint)(_slots.Length - 1);
        uint at = (uint)hash & mask;
        while (_slots[at].Number != 0)
        {
            at = (at + 1) & mask;
        }

        _slots[at] = new Slot((uint)(hash >> 32), number + 1);
    }

    /// <param name="Tag">The upper half of the hash, so that most other keys are told apart without looking at them.</param>
    /// <param name="Number">The row's number plus one; 0 for an empty slot.</param>
    private readonly record struct Slot(uint Tag, int Number);

    private readonly record struct Entry(ulong Hash, int KeyStart, int KeyLength);
}
