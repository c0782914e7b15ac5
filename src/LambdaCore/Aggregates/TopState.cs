using System.Numerics;
using System.Runtime.InteropServices;
using LambdaCore.Values;

namespace LambdaCore.Aggregates;

/// <summary>
/// What is kept of values in order to tell the most frequent ones. Up to a capacity of distinct values, each with its exact count. Beyond it, a
/// <see cref="CountMin"/> sketch of all counts, and as many values as the capacity, sampled in proportion to their counts: those with the least
/// ranks, where an event's rank is a random number that its log position determines, and a value's the least of its events' (bottom-k sampling: Cohen
/// and Kaplan, "Summarizing data using bottom-k sketches", PODC 2007).
/// </summary>
/// <remarks>
/// <para>Content and bytes are a function of the set of events alone, whatever the order and grouping in which they came: counts add up, least ranks
/// are least whoever compares first, and the change of form depends on the number of distinct values. Summaries of Misra-Gries or SpaceSaving type
/// are smaller for the same error, but what merging leaves in them depends on the tree of merges.</para>
/// <para>A value that makes up a share p of the events is missed with probability below <c>exp(-p * capacity)</c>: it stands behind
/// as many other values only if none of the events of as many least ranks are its own.</para>
/// <para>Bytes: the capacity as a varint, 0 for no values; the number of values as a varint, 0 before the sketch's cells;
/// then the number of sampled values as a varint; then the values in ascending order, each with its count as a varint if exact, and its rank.</para>
/// <para>A copy of the struct shares its memory with the original: treat it as moved.</para>
/// </remarks>
/// <typeparam name="T">The values' representation.</typeparam>
internal struct TopState<T> : IState<TopState<T>>
    where T : notnull
{
    /// <summary>The least capacity.</summary>
    public const int LeastCapacity = 16;

    /// <summary>
    /// The capacity that serves most: counts are exact up to 1024 distinct values, and beyond that too high by at most 0.133 % of all events; a value
    /// that makes up 1 % of the events is missed once in 29,000 times.
    /// </summary>
    public const int DefaultCapacity = 1024;

    /// <summary>The greatest capacity: with values of up to a hundred bytes, states fit into the four megabytes that the speed layer can move to disk in one piece.</summary>
    public const int GreatestCapacity = 16_384;

    private Dictionary<T, Tally>? _tallies;
    private long[]? _cells;
    private ulong _limit;
    private int _capacity;

    /// <summary>The number of distinct values, up to the capacity.</summary>
    public readonly int Count => Math.Min(_tallies?.Count ?? 0, _capacity);

    /// <summary>Whether all values are there with their exact counts.</summary>
    public readonly bool IsExact => _cells is null;

    /// <inheritdoc/>
    public static TopState<T> Read(ref ByteReader reader)
    {
        TopState<T> state = default;
        uint capacity = reader.ReadVarint();
        if (capacity == 0)
        {
            return state;
        }

        if (capacity is < LeastCapacity or > GreatestCapacity)
        {
            throw new InvalidDataException($"A summary of frequent values has capacity {capacity}.");
        }

        state._capacity = (int)capacity;
        state._limit = ulong.MaxValue;
        uint count = reader.ReadVarint();
        if (count == 0)
        {
            state._cells = CountMin.Read(ref reader, Width((int)capacity));
            count = reader.ReadVarint();
        }

        if (count == 0 || count > capacity || (count != capacity && !state.IsExact))
        {
            throw new InvalidDataException($"A summary of frequent values of capacity {capacity} has {count} values.");
        }

        state.ReadTallies(ref reader, (int)count);
        return state;
    }

    /// <summary>The number of cells per row: at least twice the capacity, so that the error is at most 1.36 / capacity of all events.</summary>
    public static int Width(int capacity) => (int)BitOperations.RoundUpToPowerOf2((uint)capacity * 2);

    /// <summary>Adds a value.</summary>
    /// <param name="capacity">How many values are kept; the same for all of a state's values.</param>
    /// <param name="value">The value.</param>
    /// <param name="position">The event's log position.</param>
    public void Add(int capacity, T value, long position)
    {
        Check(capacity);
        ulong rank = Mixed.Of((ulong)position);
        if (_cells is not null)
        {
            CountMin.Add(_cells, ValueHash.OfAny(value), 1);
        }

        Take(value, new Tally(1, rank));
    }

    /// <inheritdoc/>
    public void Merge(in TopState<T> other)
    {
        if (other._tallies is null)
        {
            return;
        }

        Check(other._capacity);
        if (other._cells is not null)
        {
            MakeApproximate();
            for (int i = 0; i < other._cells.Length; i++)
            {
                _cells![i] = checked(_cells[i] + other._cells[i]);
            }
        }

        foreach ((T value, Tally tally) in other._tallies)
        {
            if (_cells is not null && other._cells is null)
            {
                CountMin.Add(_cells, ValueHash.OfAny(value), tally.Count);
            }

            Take(value, tally);
        }
    }

    /// <inheritdoc/>
    public readonly void Write(ByteWriter writer)
    {
        writer.WriteVarint((uint)_capacity);
        if (_tallies is null)
        {
            return;
        }

        KeyValuePair<T, Tally>[] kept = Kept();
        if (_cells is not null)
        {
            writer.WriteVarint(0);
            CountMin.Write(writer, _cells);
        }

        writer.WriteVarint((uint)kept.Length);
        Array.Sort(kept, (a, b) => ValueOrder.Compare(a.Key, b.Key));
        foreach ((T value, Tally tally) in kept)
        {
            ValueCodec.Write(writer, value);
            if (_cells is null)
            {
                writer.WriteVarint64((ulong)tally.Count);
            }

            writer.WriteInt64((long)tally.Rank);
        }
    }

    /// <summary>The most frequent values, most frequent first, equally frequent ones in ascending order.</summary>
    public readonly TopItem<T>[] Top(int number)
    {
        if (_tallies is null)
        {
            return [];
        }

        long[]? cells = _cells;
        long error = cells is null ? 0 : CountMin.Error(CountMin.Total(cells), cells.Length / CountMin.Depth);
        TopItem<T>[] items = [.. Kept().Select(entry =>
        {
            long count = cells is null ? entry.Value.Count : CountMin.Estimate(cells, ValueHash.OfAny(entry.Key));
            return new TopItem<T>(entry.Key, count, Math.Min(error, count - 1));
        })];
        Array.Sort(items, (a, b) => a.Count != b.Count ? b.Count.CompareTo(a.Count) : ValueOrder.Compare(a.Value, b.Value));
        return items[..Math.Min(number, items.Length)];
    }

    private void Check(int capacity)
    {
        if (_tallies is null)
        {
            _tallies = new Dictionary<T, Tally>(ValueEquality<T>.Comparer);
            _capacity = capacity;
            _limit = ulong.MaxValue;
        }
        else if (_capacity != capacity)
        {
            throw new InvalidOperationException($"A summary of {_capacity} frequent values cannot take in one of {capacity}.");
        }
    }

    /// <summary>Takes in occurrences of a value whose cells, if there are any, know of them.</summary>
    private void Take(T value, Tally tally)
    {
        // Whatever is kept has a rank up to the limit, so one above it changes nothing.
        if (tally.Rank > _limit)
        {
            return;
        }

        ref Tally kept = ref CollectionsMarshal.GetValueRefOrNullRef(_tallies!, value);
        if (!System.Runtime.CompilerServices.Unsafe.IsNullRef(ref kept))
        {
            kept = new Tally(checked(kept.Count + tally.Count), Math.Min(kept.Rank, tally.Rank));
            return;
        }

        _tallies!.Add(Owned.Of(value), tally);
        if (_cells is null ? _tallies.Count > _capacity : _tallies.Count >= 2 * _capacity)
        {
            MakeApproximate();
            Prune();
        }
    }

    private void MakeApproximate()
    {
        if (_cells is not null)
        {
            return;
        }

        _cells = new long[Width(_capacity) * CountMin.Depth];
        foreach ((T value, Tally tally) in _tallies!)
        {
            CountMin.Add(_cells, ValueHash.OfAny(value), tally.Count);
        }
    }

    /// <summary>Forgets the values that are not among the sample; done once in a while, since each may go on to be.</summary>
    private void Prune()
    {
        ulong[] ranks = [.. _tallies!.Values.Select(t => t.Rank)];
        Array.Sort(ranks);
        _limit = ranks[Math.Min(_capacity, ranks.Length) - 1];
        foreach ((T value, Tally tally) in _tallies)
        {
            if (tally.Rank > _limit)
            {
                _ = _tallies.Remove(value);
            }
        }
    }

    private readonly KeyValuePair<T, Tally>[] Kept()
    {
        KeyValuePair<T, Tally>[] kept = [.. _tallies!];
        if (kept.Length <= _capacity)
        {
            return kept;
        }

        Array.Sort(kept, (a, b) => a.Value.Rank.CompareTo(b.Value.Rank));
        return kept[.._capacity];
    }

    private void ReadTallies(ref ByteReader reader, int count)
    {
        _tallies = new Dictionary<T, Tally>(Math.Min(count, (int)Math.Min(reader.Remaining, int.MaxValue)), ValueEquality<T>.Comparer);
        T? before = default;
        long total = 0;
        for (int i = 0; i < count; i++)
        {
            T value = ValueCodec.Read<T>(ref reader);
            long occurrences = _cells is null ? reader.ReadPositive() : 1;
            if ((i > 0 && ValueOrder.Compare(before, value) >= 0) || occurrences > long.MaxValue - total)
            {
                throw new InvalidDataException($"The values of a summary of frequent values do not ascend, or occur too often: {value} follows {before}.");
            }

            total += occurrences;
            before = value;
            _tallies.Add(value, new Tally(occurrences, (ulong)reader.ReadInt64()));
        }
    }

    /// <summary>What is known of a value.</summary>
    /// <param name="Count">How often it occurred; means nothing once there are cells.</param>
    /// <param name="Rank">The least rank of its events.</param>
    private readonly record struct Tally(long Count, ulong Rank);
}
