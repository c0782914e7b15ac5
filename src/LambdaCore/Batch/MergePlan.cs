namespace LambdaCore.Batch;

/// <summary>
/// Decides which layers of a view become one: the last ones, as long as an older one has at most <see cref="SizeRatio"/> times the keys of
/// what follows it.
/// </summary>
/// <remarks>
/// <para>
/// Afterwards each layer has more than <see cref="SizeRatio"/> times the keys of the next, where a layer without keys counts as one of
/// one key. So a view has at most <c>1 + log4(keys of its largest layer)</c> layers: 11 for a million keys, and in practice two to
/// four. Whenever a key is written again, it is in a layer at least a quarter larger than before, so that over all runs a
/// key is written at most <c>1 + log1.25(keys of the view / keys of a run)</c> times.
/// </para>
/// <para>
/// A smaller ratio would write less and keep more layers, and every point read asks all of them, at a few hundred nanoseconds each; a larger
/// one would write the whole view anew more often. At four the largest layer is written again when what is new has come
/// to a quarter of it.
/// </para>
/// </remarks>
internal static class MergePlan
{
    /// <summary>How many times as many keys as the next a layer must have in order to stay apart.</summary>
    public const int SizeRatio = 4;

    /// <summary>How many of the last layers are to become one; 0 if all may stay as they are.</summary>
    /// <param name="keys">The number of keys of each layer, oldest first.</param>
    public static int LayersToMerge(IReadOnlyList<long> keys)
    {
        // A merge that did not come to its end in an earlier run leaves a pair out of proportion anywhere.
        int first = Enumerable.Range(0, Math.Max(0, keys.Count - 1)).FirstOrDefault(i => IsOutOfProportion(keys[i], keys[i + 1]), -1);
        if (first < 0)
        {
            return 0;
        }

        // The sum is the most that the merged layer can have; with less of them it stands to the one before in better proportion still.
        long merged = keys.Skip(first).Sum(AtLeastOne);
        while (first > 0 && IsOutOfProportion(keys[first - 1], merged))
        {
            first--;
            merged += AtLeastOne(keys[first]);
        }

        return keys.Count - first;
    }

    /// <summary>The most layers that a view has after a run.</summary>
    /// <param name="largest">The keys of its largest layer.</param>
    public static int MostLayers(long largest)
    {
        int layers = 1;
        for (long keys = AtLeastOne(largest); keys > SizeRatio; keys = (keys - 1) / SizeRatio)
        {
            layers++;
        }

        return layers;
    }

    private static bool IsOutOfProportion(long older, long newer) => AtLeastOne(older) <= SizeRatio * AtLeastOne(newer);

    private static long AtLeastOne(long keys) => Math.Max(1, keys);
}
