using LambdaCore.Values;

namespace LambdaCore.Aggregates;

/// <summary>Which end of an order an aggregate looks for.</summary>
internal interface IEnd
{
    /// <summary>The prefix or name of SQL's functions for this end: <c>min</c> or <c>max</c>.</summary>
    static abstract string Sql { get; }

    /// <summary>Whether a value that compares so with another one is nearer to this end.</summary>
    static abstract bool Wins(int comparison);
}

/// <summary>The lower end.</summary>
internal readonly struct Lowest : IEnd
{
    /// <inheritdoc/>
    public static string Sql => "min";

    /// <inheritdoc/>
    public static bool Wins(int comparison) => comparison < 0;
}

/// <summary>The upper end.</summary>
internal readonly struct Highest : IEnd
{
    /// <inheritdoc/>
    public static string Sql => "max";

    /// <inheritdoc/>
    public static bool Wins(int comparison) => comparison > 0;
}

/// <summary>
/// The least or greatest value in <see cref="ValueOrder"/>; missing if there are none. So NaN is greater than infinity.
/// What comes out is canonical: no negative zero, decimals in their shortest form.
/// </summary>
/// <typeparam name="T">The values' representation.</typeparam>
/// <typeparam name="TEnd">Least or greatest.</typeparam>
internal readonly struct Extreme<T, TEnd> : IAggregator<T, ExtremeState<T, TEnd>, T?>
    where T : struct
    where TEnd : IEnd
{
    /// <inheritdoc/>
    public void Add(ref ExtremeState<T, TEnd> state, T input, in EventStamp stamp) => state.Add(input);

    /// <inheritdoc/>
    public T? Result(in ExtremeState<T, TEnd> state) => state.HasValue ? ValueOrder.Canonical(state.Value) : null;
}

/// <summary>As <see cref="Extreme{T, TEnd}"/>, for values that are objects, whose missing form is a null reference.</summary>
/// <typeparam name="T">The values' representation.</typeparam>
/// <typeparam name="TEnd">Least or greatest.</typeparam>
internal readonly struct ExtremeObject<T, TEnd> : IAggregator<T, ExtremeState<T, TEnd>, T?>
    where T : class
    where TEnd : IEnd
{
    /// <inheritdoc/>
    public void Add(ref ExtremeState<T, TEnd> state, T input, in EventStamp stamp) => state.Add(input);

    /// <inheritdoc/>
    public T? Result(in ExtremeState<T, TEnd> state) => state.HasValue ? state.Value : null;
}

/// <summary>The state of <see cref="Extreme{T, TEnd}"/>: the value so far, if there is one.</summary>
/// <typeparam name="T">The values' representation.</typeparam>
/// <typeparam name="TEnd">Least or greatest.</typeparam>
internal struct ExtremeState<T, TEnd> : IState<ExtremeState<T, TEnd>>
    where T : notnull
    where TEnd : IEnd
{
    private T _value;
    private bool _hasValue;

    /// <summary>Whether any value came.</summary>
    public readonly bool HasValue => _hasValue;

    /// <summary>The value, as it came; meaningful only if there is one.</summary>
    public readonly T Value => _value;

    /// <inheritdoc/>
    public static ExtremeState<T, TEnd> Read(ref ByteReader reader)
    {
        ExtremeState<T, TEnd> state = default;
        if (reader.ReadBoolean())
        {
            state._value = ValueCodec.Read<T>(ref reader);
            state._hasValue = true;
        }

        return state;
    }

    /// <summary>The aggregate over a kind, as data.</summary>
    public static AggregateFunction Describe(string name, object aggregator, ValueKind kind) => new(
        name, aggregator, [new ScalarType(kind, false)],
        [new StateColumn("", new ScalarType(kind, true), (in of) => StateOperands.Canonical(kind, $"{TEnd.Sql}({of.Input}){of.Filter}"))]);

    /// <summary>Takes a value in.</summary>
    public void Add(T value)
    {
        if (!_hasValue || TEnd.Wins(ValueOrder.Compare(value, _value)))
        {
            _value = Owned.Of(value);
            _hasValue = true;
        }
    }

    /// <inheritdoc/>
    public void Merge(in ExtremeState<T, TEnd> other)
    {
        if (other._hasValue)
        {
            Add(other._value);
        }
    }

    /// <inheritdoc/>
    public readonly void Write(ByteWriter writer)
    {
        writer.WriteBoolean(_hasValue);
        if (_hasValue)
        {
            ValueCodec.Write(writer, _value);
        }
    }
}
