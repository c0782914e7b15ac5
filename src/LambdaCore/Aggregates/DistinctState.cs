using LambdaCore.Values;

namespace LambdaCore.Aggregates;

/// <summary>
/// What is kept of values in order to count the distinct ones exactly, up to a limit: the set of them. Beyond the limit nothing is kept but that it
/// was exceeded, or a HyperLogLog sketch of all of them, the very one that an approximate count would have.
/// </summary>
/// <remarks>
/// <para>Whether the limit is exceeded depends on the set alone, and a sketch is a function of the set; so are content and bytes, then, whatever
/// the order and grouping in which the values came.</para>
/// <para>Bytes: 0 for no values; else the form (1 exact, 2 exceeded, 3 approximate), the limit as a varint and the precision (0 if there
/// shall be no sketch); then, if exact, the number of values as a varint and the values in ascending order; if approximate, the sketch.</para>
/// <para>A copy of the struct shares its memory with the original: treat it as moved.</para>
/// </remarks>
/// <typeparam name="T">The values' representation.</typeparam>
internal struct DistinctState<T> : IState<DistinctState<T>>
    where T : notnull
{
    /// <summary>The greatest limit. Larger sets would not fit into the four megabytes that the speed layer can move to disk in one piece.</summary>
    public const int GreatestLimit = 100_000;

    private HashSet<T>? _values;
    private HyperLogLogState _sketch;
    private int _limit;
    private byte _precision;
    private Form _form;

    private enum Form : byte
    {
        Empty,
        Exact,
        Exceeded,
        Approximate,
    }

    /// <summary>Whether there are more distinct values than the limit, and no sketch of them.</summary>
    public readonly bool IsExceeded => _form == Form.Exceeded;

    /// <summary>The number of distinct values: exact up to the limit, an estimate beyond, and 0 if it was exceeded.</summary>
    public readonly double Count => _form switch
    {
        Form.Exact => _values!.Count,
        Form.Approximate => _sketch.Estimate(),
        _ => 0,
    };

    /// <inheritdoc/>
    public static DistinctState<T> Read(ref ByteReader reader)
    {
        DistinctState<T> state = default;
        state._form = (Form)reader.ReadByte();
        if (state._form == Form.Empty)
        {
            return state;
        }

        uint limit = reader.ReadVarint();
        state._limit = (int)limit;
        state._precision = reader.ReadByte();
        bool hasPrecision = state._precision is >= HyperLogLogState.LeastPrecision and <= HyperLogLogState.GreatestPrecision;
        if (state._form > Form.Approximate || limit is 0 or > GreatestLimit || !(hasPrecision || state._precision == 0) || (hasPrecision ? Form.Exceeded : Form.Approximate) == state._form)
        {
            throw new InvalidDataException($"A set of distinct values has form {state._form}, limit {limit} and precision {state._precision}.");
        }

        if (state._form == Form.Approximate)
        {
            state._sketch = HyperLogLogState.Read(ref reader);
            if (state._sketch.Precision != state._precision)
            {
                throw new InvalidDataException($"The sketch of a set of distinct values of precision {state._precision} has precision {state._sketch.Precision}.");
            }
        }
        else if (state._form == Form.Exact)
        {
            state.ReadValues(ref reader);
        }

        return state;
    }

    /// <summary>Adds a value.</summary>
    /// <param name="limit">How many distinct values are kept; the same for all of a state's values.</param>
    /// <param name="precision">The precision of the sketch beyond the limit; 0 if there shall be none. The same for all of a state's values.</param>
    /// <param name="value">The value.</param>
    public void Add(int limit, int precision, T value)
    {
        Check(limit, (byte)precision);
        if (_form == Form.Approximate)
        {
            _sketch.Add(precision, ValueHash.OfAny(value));
        }
        else if (_form == Form.Exact && !_values!.Contains(value))
        {
            _ = _values.Add(Owned.Of(value));
            if (_values.Count > limit)
            {
                LeaveExact();
            }
        }
    }

    /// <inheritdoc/>
    public void Merge(in DistinctState<T> other)
    {
        if (other._form == Form.Empty)
        {
            return;
        }

        Check(other._limit, other._precision);
        if (other._form == Form.Exact)
        {
            foreach (T value in other._values!)
            {
                Add(_limit, _precision, value);
            }

            return;
        }

        if (_form == Form.Exact)
        {
            LeaveExact();
        }

        _sketch.Merge(in other._sketch);
    }

    /// <inheritdoc/>
    public readonly void Write(ByteWriter writer)
    {
        writer.WriteByte((byte)_form);
        if (_form == Form.Empty)
        {
            return;
        }

        writer.WriteVarint((uint)_limit);
        writer.WriteByte(_precision);
        if (_form == Form.Approximate)
        {
            _sketch.Write(writer);
        }
        else if (_form == Form.Exact)
        {
            T[] values = [.. _values!];
            Array.Sort(values, ValueOrder.Compare);
            writer.WriteVarint((uint)values.Length);
            foreach (T value in values)
            {
                ValueCodec.Write(writer, value);
            }
        }
    }

    private void Check(int limit, byte precision)
    {
        if (_form == Form.Empty)
        {
            (_limit, _precision, _form) = (limit, precision, Form.Exact);
            _values = new HashSet<T>(ValueEquality<T>.Comparer);
        }
        else if (_limit != limit || _precision != precision)
        {
            throw new InvalidOperationException($"A set of up to {_limit} distinct values, precision {_precision}, cannot take in one of {limit}, precision {precision}.");
        }
    }

    private void LeaveExact()
    {
        _form = _precision == 0 ? Form.Exceeded : Form.Approximate;
        foreach (T value in _precision == 0 ? [] : _values!)
        {
            _sketch.Add(_precision, ValueHash.OfAny(value));
        }

        _values = null;
    }

    private void ReadValues(ref ByteReader reader)
    {
        uint count = reader.ReadVarint();
        if (count == 0 || count > _limit || count > reader.Remaining)
        {
            throw new InvalidDataException($"A set of up to {_limit} distinct values has {count} in {reader.Remaining} bytes.");
        }

        _values = new HashSet<T>((int)count, ValueEquality<T>.Comparer);
        T? before = default;
        for (int i = 0; i < count; i++)
        {
            T value = ValueCodec.Read<T>(ref reader);
            if (i > 0 && ValueOrder.Compare(before, value) >= 0)
            {
                throw new InvalidDataException($"The values of a set of distinct values do not ascend: {value} follows {before}.");
            }

            before = value;
            _ = _values.Add(value);
        }
    }
}
