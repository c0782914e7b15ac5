using LambdaCore.Aggregates;
using LambdaCore.Values;
using LambdaCore.Views;

namespace LambdaCore.Serving;

/// <summary>Turns merged states into rows, and keeps those that a question asks for.</summary>
internal sealed class RowCollector<TEvent, TKey, TResult, TRow>(
    ViewProgram<TEvent, TKey, TResult, TRow> program, RowFilter<TKey> filter, Func<TResult, bool>? having)
    where TRow : struct, IState<TRow>
{
    /// <summary>The rows kept, in the order in which they came.</summary>
    public List<(TKey Key, TResult Result)> Rows { get; } = [];

    /// <summary>Takes a row.</summary>
    /// <param name="bytes">The encoded key.</param>
    /// <param name="row">The states.</param>
    /// <returns>Whether it was kept.</returns>
    /// <exception cref="OverflowException">A sum does not fit the type of the result.</exception>
    public unsafe bool Add(ReadOnlySpan<byte> bytes, in TRow row)
    {
        TKey key;
        fixed (byte* start = bytes)
        {
            ByteReader reader = new(start, bytes.Length);
            key = program.ReadKey(ref reader);
        }

        if (!filter.Accepts(key))
        {
            return false;
        }

        TResult result = program.Project(key, in row);
        if (having is not null && !having(result))
        {
            return false;
        }

        Rows.Add((key, result));
        return true;
    }
}
