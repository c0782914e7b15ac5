namespace LambdaCore.Batch;

/// <summary>Puts other states in the place of those of some keys of a layer: a merge of three sorted runs.</summary>
internal static class LayerPatch
{
    /// <summary>Goes through a layer as it is to be.</summary>
    /// <param name="layer">The layer as it was.</param>
    /// <param name="replaced">The keys whose states are not taken from it.</param>
    /// <param name="visitStates">Gives those of these keys that have a state now, ascending.</param>
    /// <param name="emit">Takes in each row, ascending by key.</param>
    /// <exception cref="LookupDamagedException">The layer is damaged.</exception>
    public static void Merge(LookupFile layer, LookupFile replaced, Action<VisitStates> visitStates, VisitStates emit)
    {
        LookupFile.Enumerator old = layer.Scan(null, null);
        LookupFile.Enumerator gone = replaced.Scan(null, null);
        bool hasOld = old.MoveNext();
        bool hasGone = gone.MoveNext();
        visitStates((key, state) =>
        {
            EmitBefore(key, isEnd: false);
            Check(key);
            emit(key, state);
        });
        EmitBefore(default, isEnd: true);

        void EmitBefore(ReadOnlySpan<byte> end, bool isEnd)
        {
            for (; hasOld && (isEnd || old.Key.SequenceCompareTo(end) <= 0); hasOld = old.MoveNext())
            {
                if (!IsReplaced(old.Key))
                {
                    emit(old.Key, old.State);
                }
            }
        }

        bool IsReplaced(ReadOnlySpan<byte> key)
        {
            while (hasGone && gone.Key.SequenceCompareTo(key) < 0)
            {
                hasGone = gone.MoveNext();
            }

            return hasGone && gone.Key.SequenceEqual(key);
        }

        void Check(ReadOnlySpan<byte> key)
        {
            if (!IsReplaced(key))
            {
                throw new InvalidOperationException($"The key {Convert.ToHexString(key)} was computed, though its states were to stay. The query that computes states is restricted wrongly.");
            }
        }
    }
}
