using System.Globalization;
using LambdaCore.Values;

namespace LambdaCore.Aggregates;

/// <summary>
/// The first or last few values by event time, and by log position among values of the same time, nearest to the end first. Events without a value are passed over.
/// </summary>
/// <param name="capacity">How many at most.</param>
/// <param name="present">Turns a value into the type that the definition wants.</param>
/// <typeparam name="T">The values' representation.</typeparam>
/// <typeparam name="TEnd">First or last.</typeparam>
/// <typeparam name="TValue">The type that the definition wants.</typeparam>
internal readonly struct History<T, TEnd, TValue>(int capacity, Func<T, TValue> present) : IAggregator<T, HistoryState<T, TEnd>, IReadOnlyList<TValue>>
    where T : notnull
    where TEnd : IEnd
{
    /// <summary>The aggregate over a kind, as data.</summary>
    public static AggregateFunction Describe(string name, ValueKind kind, int capacity, Delegate present) => AggregateFunction.ByCode(
        name, new History<T, TEnd, TValue>(capacity, (Func<T, TValue>)present), [new ScalarType(kind, false)], string.Create(CultureInfo.InvariantCulture, $"at most {capacity}"), takesStamp: true);

    /// <inheritdoc/>
    public void Add(ref HistoryState<T, TEnd> state, T input, in EventStamp stamp) => state.Add(capacity, input, stamp.Order);

    /// <inheritdoc/>
    public IReadOnlyList<TValue> Result(in HistoryState<T, TEnd> state)
    {
        TValue[] values = new TValue[state.Count];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = present(Owned.Of(ValueOrder.Canonical(state[i])));
        }

        return values;
    }
}
