using LambdaCore.Aggregates;
using LambdaCore.Values;
using LambdaCore.Views;

namespace LambdaCore.Serving;

/// <summary>Turns states into rows, and keeps those that a question asks for.</summary>
internal sealed class RowCollector<TEvent, TKey, TResult, TRow>(
    ReadKey<TKey> readKey, RowMaker<TEvent, TKey, TResult, TRow> maker, RowReconciliation how, RowFilter<TKey> filter, Func<TResult, bool>? having)
    where TRow : struct, IState<TRow>
{
    private RowReconciliation _how = how;

    /// <summary>How rows are made, and how many were.</summary>
    public ref RowReconciliation How => ref _how;

    /// <summary>The rows kept, in the order in which they came.</summary>
    public List<(TKey Key, MadeRow<TResult> Row)> Rows { get; } = [];

    /// <summary>Takes a row.</summary>
    /// <param name="bytes">The encoded key.</param>
    /// <param name="states">What the layers hold for it; used up.</param>
    /// <returns>The layers that it was made of; none if it was not kept.</returns>
    /// <exception cref="OverflowException">A sum does not fit the type of the result.</exception>
    public unsafe AnswerSource Add(ReadOnlySpan<byte> bytes, ref KeyStates<TRow> states)
    {
        TKey key;
        fixed (byte* start = bytes)
        {
            ByteReader reader = new(start, bytes.Length);
            key = readKey(ref reader);
        }

        if (!filter.Accepts(key) || !maker.TryMake(ref _how, key, ref states, out MadeRow<TResult> row) || having?.Invoke(row.Result) == false)
        {
            return AnswerSource.None;
        }

        _how.Count(row.Share);
        Rows.Add((key, row));
        return row.Sources;
    }
}
