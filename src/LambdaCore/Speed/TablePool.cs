namespace LambdaCore.Speed;

/// <summary>Keeps one empty table for the next use, since its arrays are large and would be garbage of the oldest kind. Not thread-safe.</summary>
/// <param name="largestCapacity">The capacity of the largest table that is worth keeping.</param>
internal sealed class TablePool<TRow>(int largestCapacity)
    where TRow : struct
{
    private KeyTable<TRow>? _spare;

    /// <summary>An empty table.</summary>
    public KeyTable<TRow> Take()
    {
        KeyTable<TRow> table = _spare ?? new KeyTable<TRow>();
        _spare = null;
        return table;
    }

    /// <summary>Gives back a table that nobody uses any more.</summary>
    public void Return(KeyTable<TRow> table)
    {
        if (table.Capacity <= largestCapacity)
        {
            table.Clear();
            _spare = table;
        }
    }
}
