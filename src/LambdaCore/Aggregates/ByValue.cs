using LambdaCore.Values;

namespace LambdaCore.Aggregates;

/// <summary>
/// The value of the event for which another value is least or greatest in <see cref="ValueOrder"/>, and by event time and log position among equals, towards
/// the same end; missing if there is no event that has both.
/// </summary>
/// <typeparam name="T">The values' representation.</typeparam>
/// <typeparam name="TBy">The representation of what decides.</typeparam>
/// <typeparam name="TEnd">Least or greatest.</typeparam>
internal readonly struct ByValue<T, TBy, TEnd> : IAggregator<(T Value, TBy By), ByValueState<T, TBy, TEnd>, T?>
    where T : struct
    where TBy : notnull
    where TEnd : IEnd
{
    /// <inheritdoc/>
    public void Add(ref ByValueState<T, TBy, TEnd> state, (T Value, TBy By) input, in EventStamp stamp) => state.Add(input.Value, input.By, stamp.Order);

    /// <inheritdoc/>
    public T? Result(in ByValueState<T, TBy, TEnd> state) => state.HasValue ? ValueOrder.Canonical(state.Value) : null;
}

/// <summary>As <see cref="ByValue{T, TBy, TEnd}"/>, for values that are objects, whose missing form is a null reference.</summary>
/// <typeparam name="T">The values' representation.</typeparam>
/// <typeparam name="TBy">The representation of what decides.</typeparam>
/// <typeparam name="TEnd">Least or greatest.</typeparam>
internal readonly struct ByValueObject<T, TBy, TEnd> : IAggregator<(T Value, TBy By), ByValueState<T, TBy, TEnd>, T?>
    where T : class
    where TBy : notnull
    where TEnd : IEnd
{
    /// <inheritdoc/>
    public void Add(ref ByValueState<T, TBy, TEnd> state, (T Value, TBy By) input, in EventStamp stamp) => state.Add(input.Value, input.By, stamp.Order);

    /// <inheritdoc/>
    public T? Result(in ByValueState<T, TBy, TEnd> state) => state.HasValue ? state.Value : null;
}

/// <summary>The state of <see cref="ByValue{T, TBy, TEnd}"/>: what decides, where its event stands, and the value, if there is one.</summary>
/// <remarks>No two events share a position, so that merging is commutative.</remarks>
/// <typeparam name="T">The values' representation.</typeparam>
/// <typeparam name="TBy">The representation of what decides.</typeparam>
/// <typeparam name="TEnd">Least or greatest.</typeparam>
internal struct ByValueState<T, TBy, TEnd> : IState<ByValueState<T, TBy, TEnd>>
    where T : notnull
    where TBy : notnull
    where TEnd : IEnd
{
    private TBy _by;
    private Int128 _order;
    private T _value;
    private bool _hasValue;

    /// <summary>Whether any event came.</summary>
    public readonly bool HasValue => _hasValue;

    /// <summary>The value, as it came; meaningful only if there is one.</summary>
    public readonly T Value => _value;

    /// <inheritdoc/>
    public static ByValueState<T, TBy, TEnd> Read(ref ByteReader reader)
    {
        ByValueState<T, TBy, TEnd> state = default;
        state._hasValue = reader.ReadBoolean();
        if (state._hasValue)
        {
            state._by = ValueCodec.Read<TBy>(ref reader);
        }

        Expect(reader.ReadBoolean(), in state);
        if (state._hasValue)
        {
            state._order = reader.ReadInt128();
        }

        Expect(reader.ReadBoolean(), in state);
        if (state._hasValue)
        {
            state._value = ValueCodec.Read<T>(ref reader);
        }

        return state;
    }

    /// <summary>The aggregate over two kinds, as data.</summary>
    public static AggregateFunction Describe(string name, object aggregator, ValueKind kind, ValueKind by) => new(
        name, aggregator, [new ScalarType(kind, false), new ScalarType(by, false)],
        [
            new StateColumn("by", new ScalarType(by, true), (in of) => StateOperands.Canonical(by, $"{TEnd.Sql}({of.Inputs[1]}){of.FilterPresent}")),
            new StateColumn("order", new ScalarType(ValueKind.Int128, true), (in of) => $"CAST({Winner(of.Order, in of)} AS DECIMAL(38,0))"),
            new StateColumn("value", new ScalarType(kind, true), (in of) => StateOperands.Canonical(kind, Winner(of.Inputs[0], in of))),
        ]);

    /// <summary>Takes an event in.</summary>
    /// <param name="value">Its value.</param>
    /// <param name="by">What decides.</param>
    /// <param name="order"><see cref="EventStamp.Order"/> of the event.</param>
    public void Add(T value, TBy by, Int128 order)
    {
        if (_hasValue)
        {
            int comparison = ValueOrder.Compare(by, _by);
            if (!TEnd.Wins(comparison != 0 ? comparison : order.CompareTo(_order)))
            {
                return;
            }
        }

        _by = Owned.Of(by);
        _order = order;
        _value = Owned.Of(value);
        _hasValue = true;
    }

    /// <inheritdoc/>
    public void Merge(in ByValueState<T, TBy, TEnd> other)
    {
        if (other._hasValue)
        {
            Add(other._value, other._by, other._order);
        }
    }

    /// <inheritdoc/>
    public readonly void Write(ByteWriter writer)
    {
        writer.WriteBoolean(_hasValue);
        if (!_hasValue)
        {
            writer.WriteBoolean(false);
            writer.WriteBoolean(false);
            return;
        }

        ValueCodec.Write(writer, _by);
        writer.WriteBoolean(true);
        writer.WriteInt128(_order);
        writer.WriteBoolean(true);
        ValueCodec.Write(writer, _value);
    }

    private static string Winner(string value, in StateOperands of) =>
        $"arg_{TEnd.Sql}({value}, ROW({of.Inputs[1]}, {of.Time}, {of.Position})){of.FilterPresent}";

    private static void Expect(bool isThere, in ByValueState<T, TBy, TEnd> state)
    {
        if (isThere != state._hasValue)
        {
            throw new InvalidDataException("A value by another has some of its three parts, and not all.");
        }
    }
}
