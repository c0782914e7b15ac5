using LambdaCore.Values;

namespace LambdaCore.Aggregates;

/// <summary>
/// What is kept of values in order to tell the first or last few by event time: the values with their <see cref="EventStamp.Order"/>, nearest to the end first.
/// </summary>
/// <remarks>
/// <para>No two events share a position, so which values are kept, and in which order, depends on the set of events alone.</para>
/// <para>Bytes: the capacity as a varint, 0 for no values; then the number of values as a varint, and each order and value.</para>
/// <para>A copy of the struct shares its memory with the original: treat it as moved.</para>
/// </remarks>
/// <typeparam name="T">The values' representation.</typeparam>
/// <typeparam name="TEnd">First or last.</typeparam>
internal struct HistoryState<T, TEnd> : IState<HistoryState<T, TEnd>>
    where T : notnull
    where TEnd : IEnd
{
    /// <summary>The greatest capacity.</summary>
    public const int GreatestCapacity = 10_000;

    private List<Entry>? _entries;
    private int _capacity;

    /// <summary>The number of values kept.</summary>
    public readonly int Count => _entries?.Count ?? 0;

    /// <summary>A value, from 0, the nearest to the end.</summary>
    public readonly T this[int index] => _entries![index].Value;

    /// <inheritdoc/>
    public static HistoryState<T, TEnd> Read(ref ByteReader reader)
    {
        HistoryState<T, TEnd> state = default;
        uint capacity = reader.ReadVarint();
        if (capacity == 0)
        {
            return state;
        }

        uint count = reader.ReadVarint();
        if (capacity > GreatestCapacity || count == 0 || count > capacity || count > reader.Remaining / 16)
        {
            throw new InvalidDataException($"A history of up to {capacity} values has {count} in {reader.Remaining} bytes.");
        }

        state._capacity = (int)capacity;
        state._entries = new List<Entry>((int)count);
        for (int i = 0; i < count; i++)
        {
            Entry entry = new(reader.ReadInt128(), ValueCodec.Read<T>(ref reader));
            if (i > 0 && !TEnd.Wins(state._entries[i - 1].Order.CompareTo(entry.Order)))
            {
                throw new InvalidDataException($"Value {i} of a history is out of order.");
            }

            state._entries.Add(entry);
        }

        return state;
    }

    /// <summary>Takes a value in.</summary>
    /// <param name="capacity">How many values are kept; the same for all of a state's values.</param>
    /// <param name="value">The value.</param>
    /// <param name="order"><see cref="EventStamp.Order"/> of its event.</param>
    /// <exception cref="InvalidDataException">The event is there already.</exception>
    public void Add(int capacity, T value, Int128 order)
    {
        Check(capacity);
        List<Entry> entries = _entries!;
        int at = 0;
        for (int end = entries.Count; at < end;)
        {
            int middle = (at + end) / 2;
            int comparison = order.CompareTo(entries[middle].Order);
            if (comparison == 0)
            {
                throw new InvalidDataException($"A history has a value of the event at {order} already.");
            }

            if (TEnd.Wins(comparison))
            {
                end = middle;
            }
            else
            {
                at = middle + 1;
            }
        }

        if (at == capacity)
        {
            return;
        }

        if (entries.Count == capacity)
        {
            entries.RemoveAt(capacity - 1);
        }

        entries.Insert(at, new Entry(order, Owned.Of(value)));
    }

    /// <inheritdoc/>
    public void Merge(in HistoryState<T, TEnd> other)
    {
        foreach (Entry entry in other._entries ?? [])
        {
            Add(other._capacity, entry.Value, entry.Order);
        }
    }

    /// <inheritdoc/>
    public readonly void Write(ByteWriter writer)
    {
        writer.WriteVarint((uint)_capacity);
        if (_entries is null)
        {
            return;
        }

        writer.WriteVarint((uint)_entries.Count);
        foreach (Entry entry in _entries)
        {
            writer.WriteInt128(entry.Order);
            ValueCodec.Write(writer, entry.Value);
        }
    }

    private void Check(int capacity)
    {
        if (_entries is null)
        {
            _entries = [];
            _capacity = capacity;
        }
        else if (_capacity != capacity)
        {
            throw new InvalidOperationException($"A history of up to {_capacity} values cannot take in one of up to {capacity}.");
        }
    }

    private readonly record struct Entry(Int128 Order, T Value);
}
