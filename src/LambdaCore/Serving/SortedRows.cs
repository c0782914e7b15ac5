using LambdaCore.Aggregates;
using LambdaCore.Speed;

namespace LambdaCore.Serving;

/// <summary>Goes through a table's rows in the order of their keys. The table may not grow meanwhile. Not thread-safe.</summary>
/// <typeparam name="TRow">The states of one key.</typeparam>
internal sealed class SortedRows<TRow>
    where TRow : struct, IState<TRow>
{
    private readonly KeyTable<TRow> _table;
    private readonly int[] _order;
    private int _next;

    /// <summary>Begins with the first row.</summary>
    public SortedRows(KeyTable<TRow> table)
    {
        _table = table;
        _order = new int[table.Count];
        for (int i = 0; i < _order.Length; i++)
        {
            _order[i] = i;
        }

        Array.Sort(_order, (a, b) => table.Key(a).SequenceCompareTo(table.Key(b)));
    }

    /// <summary>Whether there is a row left.</summary>
    public bool HasRow => _next < _order.Length;

    /// <summary>The key of the row that is next.</summary>
    public ReadOnlySpan<byte> Key => _table.Key(_order[_next]);

    /// <summary>Takes the next row if it is of a key.</summary>
    public bool TryTake(ReadOnlySpan<byte> key, out TRow row)
    {
        bool isOfKey = HasRow && Key.SequenceEqual(key);
        row = isOfKey ? _table.Row(_order[_next++]) : default;
        return isOfKey;
    }
}
