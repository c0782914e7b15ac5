using LambdaCore.Aggregates;
using LambdaCore.Values;

namespace LambdaCore.Speed;

/// <summary>
/// The states of a view over a range of events to which nothing is added any more, held where they are: events are appended and
/// answered meanwhile. Ends with <see cref="Dispose"/>, on the same thread, once.
/// </summary>
/// <typeparam name="TRow">The states of one key.</typeparam>
internal readonly ref struct FrozenStates<TRow>
    where TRow : struct, IState<TRow>
{
    private readonly ReaderWriterLockSlim _gate;
    private readonly SpillStore? _spill;
    private readonly SpeedSnapshot<TRow>[] _generations;

    /// <summary>Takes over a gate that was entered for reading.</summary>
    public FrozenStates(ReaderWriterLockSlim gate, SpillStore? spill, SpeedSnapshot<TRow>[] generations)
    {
        _gate = gate;
        _spill = spill;
        _generations = generations;
    }

    /// <summary>The number of keys, if that is known at no cost; null otherwise.</summary>
    public int? Count => _generations is [SpeedSnapshot<TRow> only] ? only.Count : null;

    /// <summary>Merges the states of a key into a row.</summary>
    /// <param name="key">The encoded key.</param>
    /// <param name="hash">Its <see cref="XxHash64"/>.</param>
    /// <param name="row">The row; unchanged if there are none.</param>
    /// <returns>Whether there were any.</returns>
    public bool TryMerge(ReadOnlySpan<byte> key, ulong hash, ref TRow row)
    {
        bool found = false;
        foreach (SpeedSnapshot<TRow> generation in _generations)
        {
            found |= generation.TryMerge(key, hash, _spill, ref row);
        }

        return found;
    }

    /// <summary>Visits all keys, each at least once, with a part of its states.</summary>
    public void Scan(SpeedVisitor<TRow> visit)
    {
        foreach (SpeedSnapshot<TRow> generation in _generations)
        {
            generation.Scan(KeyRange.All, _spill, visit);
        }
    }

    /// <summary>Lets the states go.</summary>
    public void Dispose() => _gate.ExitReadLock();
}
