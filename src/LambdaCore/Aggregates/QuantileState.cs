using LambdaCore.Values;

namespace LambdaCore.Aggregates;

/// <summary>
/// What is kept of numbers in order to tell their quantiles: how many fell into each bucket of <see cref="LogBuckets"/>, for the buckets into which
/// any did. This is DDSketch (Masson, Rim, Lee, VLDB 2019) without its collapsing of buckets, so merging is adding.
/// </summary>
/// <remarks>
/// <para>Content and bytes are a function of the multiset of numbers alone. At an accuracy of 1 % there are 117 buckets per power of ten, so numbers
/// of one sign between a microsecond and a day fill at most 1,280; over all doubles there are 143,220 (and 1,432,204 at 0.1 %, the finest).
/// A number costs memory only where it opens a bucket: 12 bytes, and 2 to 4 once written.</para>
/// <para>Bytes: a varint number of buckets; if it is not 0, the accuracy as a float64, and for each bucket in ascending order the
/// distance of its key from the one before (for the first its zigzag) as a varint, and its count as a varint.</para>
/// <para>A copy of the struct shares its memory with the original: treat it as moved.</para>
/// </remarks>
internal struct QuantileState : IState<QuantileState>
{
    private const int LeastCapacity = 4;
    private const int GreatestKey = 1 << 24;

    private int[]? _keys;
    private long[]? _counts;
    private int _used;
    private double _accuracy;

    /// <summary>The number of buckets into which any number fell.</summary>
    public readonly int Buckets => _used;

    /// <inheritdoc/>
    public static QuantileState Read(ref ByteReader reader)
    {
        QuantileState state = default;
        uint used = reader.ReadVarint();
        if (used == 0)
        {
            return state;
        }

        // Each bucket has two bytes or more, so what is left bounds what damaged bytes can make us allocate.
        state._accuracy = reader.ReadFloat64();
        if (!LogBuckets.IsAccuracy(state._accuracy) || used > reader.Remaining / 2)
        {
            throw new InvalidDataException($"A sketch of quantiles has {used} buckets in {reader.Remaining} bytes, of accuracy {state._accuracy}.");
        }

        state._keys = new int[used];
        state._counts = new long[used];
        state._used = (int)used;
        uint first = reader.ReadVarint();
        long key = (int)(first >> 1) ^ -(int)(first & 1);
        long total = 0;
        for (int i = 0; i < used; i++)
        {
            key += i == 0 ? 0 : reader.ReadVarint();
            long count = reader.ReadPositive();
            if (Math.Abs(key) > GreatestKey || (i > 0 && key <= state._keys[i - 1]) || count > long.MaxValue - total)
            {
                throw new InvalidDataException($"Bucket {key} of a sketch of quantiles does not ascend, or its count {count} is too large.");
            }

            state._keys[i] = (int)key;
            state._counts[i] = count;
            total += count;
        }

        return state;
    }

    /// <summary>Adds a number.</summary>
    /// <param name="buckets">The buckets; the same for all numbers of a state.</param>
    /// <param name="value">Any number; NaN is above all others.</param>
    public void Add(LogBuckets buckets, double value)
    {
        Check(buckets.Accuracy);
        int key = buckets.KeyOf(value);
        int at = _keys.AsSpan(0, _used).BinarySearch(key);
        if (at >= 0)
        {
            _counts![at]++;
            return;
        }

        Insert(~at, key);
    }

    /// <inheritdoc/>
    public void Merge(in QuantileState other)
    {
        if (other._used == 0)
        {
            return;
        }

        Check(other._accuracy);
        int[] keys = new int[_used + other._used];
        long[] counts = new long[_used + other._used];
        int used = 0;
        for (int i = 0, j = 0; i < _used || j < other._used; used++)
        {
            int left = i < _used ? _keys![i] : int.MaxValue;
            int right = j < other._used ? other._keys![j] : int.MaxValue;
            keys[used] = Math.Min(left, right);
            counts[used] = checked((left <= right ? _counts![i++] : 0) + (right <= left ? other._counts![j++] : 0));
        }

        (_keys, _counts, _used) = (keys, counts, used);
    }

    /// <inheritdoc/>
    public readonly void Write(ByteWriter writer)
    {
        writer.WriteVarint((uint)_used);
        if (_used == 0)
        {
            return;
        }

        writer.WriteFloat64(_accuracy);
        int first = _keys![0];
        writer.WriteVarint((uint)((first << 1) ^ (first >> 31)));
        for (int i = 0; i < _used; i++)
        {
            if (i > 0)
            {
                writer.WriteVarint((uint)(_keys[i] - _keys[i - 1]));
            }

            writer.WriteVarint64((ulong)_counts![i]);
        }
    }

    /// <summary>The quantile of a share, within the accuracy; null if there are no numbers.</summary>
    /// <param name="buckets">The buckets that the numbers were added with.</param>
    /// <param name="share">From 0, the least number, to 1, the greatest.</param>
    public readonly double? Quantile(LogBuckets buckets, double share)
    {
        long total = 0;
        for (int i = 0; i < _used; i++)
        {
            total += _counts![i];
        }

        if (total == 0)
        {
            return null;
        }

        long rank = Rank(share, total);
        int at = 0;
        for (long before = _counts![0]; before <= rank; before += _counts[at])
        {
            at++;
        }

        return ValueOrder.Canonical(buckets.ValueOf(_keys![at]));
    }

    /// <summary>The place of a quantile in the sorted list, from 0: <c>floor(share * (count - 1))</c>.</summary>
    public static long Rank(double share, long count) => Math.Min((long)(share * (count - 1)), count - 1);

    private void Check(double accuracy)
    {
        if (_accuracy == 0)
        {
            _accuracy = accuracy;
        }
        else if (_accuracy != accuracy)
        {
            throw new InvalidOperationException($"Quantiles of accuracy {_accuracy} cannot take in those of accuracy {accuracy}.");
        }
    }

    private void Insert(int at, int key)
    {
        if (_keys is null || _used == _keys.Length)
        {
            int capacity = Math.Max(LeastCapacity, _used + (_used / 2));
            Array.Resize(ref _keys, capacity);
            Array.Resize(ref _counts, capacity);
        }

        Array.Copy(_keys, at, _keys, at + 1, _used - at);
        Array.Copy(_counts!, at, _counts!, at + 1, _used - at);
        _keys[at] = key;
        _counts![at] = 1;
        _used++;
    }
}
