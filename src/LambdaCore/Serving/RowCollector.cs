using LambdaCore.Aggregates;
using LambdaCore.Values;
using LambdaCore.Views;

namespace LambdaCore.Serving;

/// <summary>Turns states into rows, and keeps those that a question asks for.</summary>
internal sealed class RowCollector<TEvent, TKey, TResult, TRow>(
    ViewProgram<TEvent, TKey, TResult, TRow> program, RowFilter<TKey> filter, Func<TResult, bool>? having)
    where TRow : struct, IState<TRow>
{
    /// <summary>The rows kept, in the order in which they came.</summary>
    public List<(TKey Key, TResult Result)> Rows { get; } = [];

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
            key = program.ReadKey(ref reader);
        }

        if (!filter.Accepts(key))
        {
            return AnswerSource.None;
        }

        TRow row = states.Merged();
        TResult result = program.Project(key, in row);
        if (having is not null && !having(result))
        {
            return AnswerSource.None;
        }

        Rows.Add((key, result));
        return states.Sources;
    }
}
