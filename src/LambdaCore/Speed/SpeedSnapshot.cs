using LambdaCore.Aggregates;
using LambdaCore.Values;

namespace LambdaCore.Speed;

/// <summary>Receives what a scan finds.</summary>
/// <remarks>
/// Together the calls give each state once, but a key may come several times, once for every place that holds a
/// part of its state: merge. It must not scan, apply, open or drop, nor wait for somebody who does. Both <paramref name="key"/> and
/// <paramref name="row"/> are valid during the call only.
/// </remarks>
/// <param name="key">The encoded key.</param>
/// <param name="hash">Its <see cref="XxHash64"/>.</param>
/// <param name="row">A part of its states.</param>
internal delegate void SpeedVisitor<TRow>(ReadOnlySpan<byte> key, ulong hash, in TRow row)
    where TRow : struct, IState<TRow>;

/// <summary>One generation as it was at a moment: tables that nobody writes to any more, and a stretch of the spill store.</summary>
/// <param name="Tables">The tables, each with the first row that counts.</param>
/// <param name="Generation">The generation's number in the spill store.</param>
/// <param name="SpillStart">The first address of the stretch.</param>
/// <param name="SpillEnd">The first address after the stretch; not after its start if nothing was spilled.</param>
internal sealed record SpeedSnapshot<TRow>(
    IReadOnlyList<(KeyTable<TRow> Table, int FirstRow)> Tables, uint Generation, long SpillStart, long SpillEnd)
    where TRow : struct, IState<TRow>
{
    /// <summary>The number of keys, if no key can be in two places; null otherwise.</summary>
    public int? Count => SpillEnd > SpillStart || Tables.Count(t => t.Table.Count > t.FirstRow) > 1 ? null : Tables.Sum(t => t.Table.Count - t.FirstRow);

    /// <summary>Merges the states of a key into a row.</summary>
    /// <returns>Whether there were any.</returns>
    public bool TryMerge(ReadOnlySpan<byte> key, ulong hash, SpillStore? spill, ref TRow row)
    {
        bool found = false;
        foreach ((KeyTable<TRow> table, int firstRow) in Tables)
        {
            int number = table.Find(key, hash);
            if (number >= firstRow)
            {
                row.Merge(in table.Row(number));
                found = true;
            }
        }

        return (SpillEnd > SpillStart && spill!.TryMerge(Generation, key, ref row)) || found;
    }

    /// <summary>Visits the states of the keys in a range.</summary>
    public void Scan(KeyRange range, SpillStore? spill, SpeedVisitor<TRow> visit)
    {
        foreach ((KeyTable<TRow> table, int firstRow) in Tables)
        {
            for (int number = firstRow; number < table.Count; number++)
            {
                ReadOnlySpan<byte> key = table.Key(number);
                if (range.Contains(key))
                {
                    visit(key, table.Hash(number), in table.Row(number));
                }
            }
        }

        if (SpillEnd > SpillStart)
        {
            spill!.Scan(Generation, SpillStart, SpillEnd, (ReadOnlySpan<byte> key, ref ByteReader state) =>
            {
                if (range.Contains(key))
                {
                    TRow row = TRow.Read(ref state);
                    visit(key, XxHash64.Hash(key), in row);
                }
            });
        }
    }
}
