using System.Globalization;
using LambdaCore.Values;

namespace LambdaCore.Aggregates;

/// <summary>The most frequent values, each with its count and the error of that; none if there are no values.</summary>
/// <param name="number">How many.</param>
/// <param name="capacity">How many distinct values are counted exactly.</param>
/// <param name="present">Turns a value into the type that the definition wants.</param>
/// <typeparam name="T">The values' representation.</typeparam>
/// <typeparam name="TValue">The type that the definition wants.</typeparam>
internal readonly struct TopK<T, TValue>(int number, int capacity, Func<T, TValue> present) : IAggregator<T, TopState<T>, IReadOnlyList<TopItem<TValue>>>
    where T : notnull
{
    /// <summary>The aggregate over a kind, as data.</summary>
    public static AggregateFunction Describe(ValueKind kind, int number, int capacity, Delegate present) => AggregateFunction.ByCode(
        "TopK", new TopK<T, TValue>(number, capacity, (Func<T, TValue>)present), [new ScalarType(kind, false)], string.Create(CultureInfo.InvariantCulture, $"capacity {capacity}"), takesStamp: true) with
    {
        ResultParameters = string.Create(CultureInfo.InvariantCulture, $"first {number}"),
        Error = new ErrorBound(ErrorKind.ShareOfEvents, Math.E / TopState<T>.Width(capacity)),
    };

    /// <inheritdoc/>
    public void Add(ref TopState<T> state, T input, in EventStamp stamp) => state.Add(capacity, input, stamp.Position.Value);

    /// <inheritdoc/>
    public IReadOnlyList<TopItem<TValue>> Result(in TopState<T> state)
    {
        TopItem<T>[] items = state.Top(number);
        TopItem<TValue>[] results = new TopItem<TValue>[items.Length];
        for (int i = 0; i < items.Length; i++)
        {
            results[i] = new TopItem<TValue>(present(Owned.Of(ValueOrder.Canonical(items[i].Value))), items[i].Count, items[i].Error);
        }

        return results;
    }
}
