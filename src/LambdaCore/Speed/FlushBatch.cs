using LambdaCore.Values;

namespace LambdaCore.Speed;

/// <summary>Merged states on their way to the spill store. Meant to be kept and emptied. Not thread-safe.</summary>
internal sealed class FlushBatch
{
    /// <summary>The most states at once, and about the most bytes: writing them is what readers may have to wait for.</summary>
    private const int LargestCount = 256;
    private const int LargestBytes = 256 << 10;

    private readonly ByteWriter _bytes = new();
    private readonly List<Item> _items = new(LargestCount);
    private int _capacity = LargestCount;

    /// <summary>How many states there are.</summary>
    public int Count => _items.Count;

    /// <summary>Whether no more should be added.</summary>
    public bool IsFull => _items.Count >= _capacity || _bytes.Length >= LargestBytes;

    /// <summary>How many of the states are of keys that the spill store does not have.</summary>
    public int NewKeys => _items.Count(item => item.Replaced == 0 && !item.IsWithheld);

    /// <summary>The states, by their numbers in the order in which they were added, that are not to be written.</summary>
    public IEnumerable<int> Withheld => Enumerable.Range(0, _items.Count).Where(number => _items[number].IsWithheld);

    /// <summary>Forgets everything.</summary>
    /// <param name="capacity">How many states should be added at most.</param>
    public void Clear(int capacity)
    {
        _capacity = Math.Min(capacity, LargestCount);
        _bytes.Clear();
        _items.Clear();
    }

    /// <summary>Adds a state, to be written by the caller between this call and <see cref="End"/>.</summary>
    /// <param name="key">The encoded key.</param>
    /// <returns>Where to write the state.</returns>
    public ByteWriter Begin(ReadOnlySpan<byte> key)
    {
        _items.Add(new Item(_bytes.Length, key.Length, 0, 0, false));
        _bytes.WriteRaw(key);
        return _bytes;
    }

    /// <summary>Ends the state that was begun.</summary>
    /// <param name="replaced">The address at which the key was read; 0 if it was not there.</param>
    /// <param name="room">The length of the value there.</param>
    /// <param name="largestRecord">The most bytes that a key and its state may take; a larger one is withheld.</param>
    public void End(long replaced, int room, long largestRecord)
    {
        Item item = _items[^1];
        int length = _bytes.Length - item.Start - item.KeyLength;
        if (replaced != 0 && length != room)
        {
            // A state that has grown will grow again, so leave a quarter of room: only a value of the same length
            // is written in place.
            int padded = length <= room ? room : (int)Math.Max(length, Math.Min(length + (length / 4), largestRecord - item.KeyLength));
            _bytes.Advance(padded - length).Clear();
            length = padded;
        }

        _items[^1] = item with { ValueLength = length, Replaced = replaced };
        if (item.KeyLength + length > largestRecord)
        {
            Withhold();
        }
    }

    /// <summary>Leaves out the state that was begun last, but counts it.</summary>
    public void Withhold()
    {
        _bytes.Truncate(_items[^1].Start);
        _items[^1] = _items[^1] with { IsWithheld = true };
    }

    /// <summary>Writes all states.</summary>
    public void WriteTo(SpillStore spill, uint generation)
    {
        ReadOnlySpan<byte> bytes = _bytes.Written;
        foreach (Item item in _items.Where(item => !item.IsWithheld))
        {
            ReadOnlySpan<byte> key = bytes.Slice(item.Start, item.KeyLength);
            spill.Write(generation, key, bytes.Slice(item.Start + item.KeyLength, item.ValueLength), item.Replaced);
        }
    }

    private readonly record struct Item(int Start, int KeyLength, int ValueLength, long Replaced, bool IsWithheld);
}
