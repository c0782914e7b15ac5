using LambdaCore.Values;

namespace LambdaCore.Aggregates;

/// <summary>
/// The earliest or latest value by event time, and by log position among values of the same time; missing if there are
/// none. Events without a value are passed over: it is the latest value that there is, not the value of the latest event.
/// </summary>
/// <typeparam name="T">The values' representation.</typeparam>
/// <typeparam name="TEnd">Earliest or latest.</typeparam>
internal readonly struct ByTime<T, TEnd> : IAggregator<T, ByTimeState<T, TEnd>, T?>
    where T : struct
    where TEnd : IEnd
{
    /// <inheritdoc/>
    public void Add(ref ByTimeState<T, TEnd> state, T input, in EventStamp stamp) => state.Add(input, stamp.Order);

    /// <inheritdoc/>
    public T? Result(in ByTimeState<T, TEnd> state) => state.HasValue ? ValueOrder.Canonical(state.Value) : null;
}

/// <summary>As <see cref="ByTime{T, TEnd}"/>, for values that are objects, whose missing form is a null reference.</summary>
/// <typeparam name="T">The values' representation.</typeparam>
/// <typeparam name="TEnd">Earliest or latest.</typeparam>
internal readonly struct ByTimeObject<T, TEnd> : IAggregator<T, ByTimeState<T, TEnd>, T?>
    where T : class
    where TEnd : IEnd
{
    /// <inheritdoc/>
    public void Add(ref ByTimeState<T, TEnd> state, T input, in EventStamp stamp) => state.Add(input, stamp.Order);

    /// <inheritdoc/>
    public T? Result(in ByTimeState<T, TEnd> state) => state.HasValue ? state.Value : null;
}

/// <summary>The state of <see cref="ByTime{T, TEnd}"/>: the value so far, if there is one, and where its event stands.</summary>
/// <remarks>No two events share a position, so the order decides alone and merging is commutative.</remarks>
/// <typeparam name="T">The values' representation.</typeparam>
/// <typeparam name="TEnd">Earliest or latest.</typeparam>
internal struct ByTimeState<T, TEnd> : IState<ByTimeState<T, TEnd>>
    where T : notnull
    where TEnd : IEnd
{
    private Int128 _order;
    private T _value;
    private bool _hasValue;

    /// <summary>Whether any value came.</summary>
    public readonly bool HasValue => _hasValue;

    /// <summary>The value, as it came; meaningful only if there is one.</summary>
    public readonly T Value => _value;

    /// <inheritdoc/>
    public static ByTimeState<T, TEnd> Read(ref ByteReader reader)
    {
        ByTimeState<T, TEnd> state = default;
        state._hasValue = reader.ReadBoolean();
        if (state._hasValue)
        {
            state._order = reader.ReadInt128();
        }

        if (reader.ReadBoolean() != state._hasValue)
        {
            throw new InvalidDataException("A value by time has an order without a value, or a value without an order.");
        }

        if (state._hasValue)
        {
            state._value = ValueCodec.Read<T>(ref reader);
        }

        return state;
    }

    /// <summary>The aggregate over a kind, as data.</summary>
    public static AggregateFunction Describe(string name, object aggregator, ValueKind kind) => new(
        name, aggregator, [new ScalarType(kind, false)],
        [
            new StateColumn("order", new ScalarType(ValueKind.Int128, true), (in of) => $"CAST({TEnd.Sql}({of.Order}){of.FilterPresent} AS DECIMAL(38,0))"),
            new StateColumn("value", new ScalarType(kind, true),
                (in of) => StateOperands.Canonical(kind, $"arg_{TEnd.Sql}({of.Input}, {of.Order}){of.FilterPresent}")),
        ]);

    /// <summary>Takes a value in.</summary>
    /// <param name="value">The value.</param>
    /// <param name="order"><see cref="EventStamp.Order"/> of its event.</param>
    public void Add(T value, Int128 order)
    {
        if (!_hasValue || TEnd.Wins(order.CompareTo(_order)))
        {
            _order = order;
            _value = Owned.Of(value);
            _hasValue = true;
        }
    }

    /// <inheritdoc/>
    public void Merge(in ByTimeState<T, TEnd> other)
    {
        if (other._hasValue)
        {
            Add(other._value, other._order);
        }
    }

    /// <inheritdoc/>
    public readonly void Write(ByteWriter writer)
    {
        writer.WriteBoolean(_hasValue);
        if (_hasValue)
        {
            writer.WriteInt128(_order);
        }

        writer.WriteBoolean(_hasValue);
        if (_hasValue)
        {
            ValueCodec.Write(writer, _value);
        }
    }
}
