using LambdaCore.Aggregates;
using LambdaCore.Values;

namespace LambdaCore.Batch;

/// <summary>Makes one sorted run of rows of several.</summary>
/// <param name="rows">The rows of all runs, before the first of them.</param>
/// <param name="emit">Takes in each merged row, ascending by key.</param>
internal delegate void MergeLayers(LayerCursor rows, VisitStates emit);

/// <summary>The merge of layers whose rows belong together when their keys are equal.</summary>
internal static class LayerMerge
{
    /// <summary>Merges the states of each key, oldest layer first; what only one layer has is passed on as it is.</summary>
    /// <typeparam name="TRow">The states of one key.</typeparam>
    /// <exception cref="LookupDamagedException">A layer is damaged.</exception>
    public static void ByKey<TRow>(LayerCursor rows, VisitStates emit)
        where TRow : struct, IState<TRow>
    {
        ByteWriter merged = new();
        while (rows.MoveNext())
        {
            if (rows.RowCount == 1)
            {
                emit(rows.Key, rows.State(0));
                continue;
            }

            TRow row = rows.Merged<TRow>();
            merged.Clear();
            row.Write(merged);
            emit(rows.Key, merged.Written);
        }
    }
}
