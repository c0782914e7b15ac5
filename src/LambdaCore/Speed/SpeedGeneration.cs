using LambdaCore.Log;

namespace LambdaCore.Speed;

/// <summary>One view's states of the events from a position on, up to where the view's next generation starts.</summary>
/// <remarks>
/// <para>
/// A state may be in four places: the active table, which folds go into; frozen tables, which are being moved out; the
/// spill store; and a table of those that are too large for it. A key may be in several of them, each holding the states of different events: what a
/// frozen table moved, in the order of its rows, counts in the spill store, or in the table of the large ones, and no longer in the frozen table.
/// </para>
/// <para>Everything that changes it happens on one thread and under the layer's write lock, except where said otherwise.</para>
/// </remarks>
internal abstract class SpeedGeneration
{
    /// <summary>Creates an empty generation.</summary>
    /// <param name="number">Its number, which no other generation of any view in the layer has.</param>
    /// <param name="start">The first position it covers.</param>
    protected SpeedGeneration(uint number, LogPosition start)
    {
        Number = number;
        Start = start;
    }

    /// <summary>Its number, which no other generation of any view in the layer has.</summary>
    public uint Number { get; }

    /// <summary>The first position it covers.</summary>
    public LogPosition Start { get; }

    /// <summary>An address in the spill store at or before its first record; null if nothing was moved out yet.</summary>
    public long? SpillStart { get; protected set; }

    /// <summary>How many keys are in the tables and in the spill store; a key in several places counts several times.</summary>
    public abstract long Keys { get; }

    /// <summary>The bytes of its tables.</summary>
    public abstract long TableBytes { get; }

    /// <summary>Whether there are frozen tables.</summary>
    public abstract bool HasFrozen { get; }

    /// <summary>Makes the active table a frozen one.</summary>
    /// <returns>Whether there was anything in it.</returns>
    public abstract bool Freeze();

    /// <summary>Forgets all tables.</summary>
    public abstract void Drop();

    /// <summary>
    /// Merges the next rows of the oldest frozen table with what the spill store has, without changing anything. Needs
    /// no write lock, only the gate, because nobody else changes the spill store or a frozen table.
    /// </summary>
    /// <param name="spill">The spill store.</param>
    /// <param name="batch">Emptied, and filled with what is to be written.</param>
    /// <param name="keys">How many keys should be moved at most.</param>
    public abstract void PrepareFlush(SpillStore spill, FlushBatch batch, int keys);

    /// <summary>Writes what was prepared to the spill store, where it counts from now on.</summary>
    /// <returns>Whether that was the last of the oldest frozen table, which is gone now.</returns>
    public abstract bool CommitFlush(SpillStore spill, FlushBatch batch);
}
