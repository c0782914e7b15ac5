using System.Runtime.CompilerServices;

namespace LambdaCore.DuckDb;

/// <summary>The states that the rows of a chunk belong to: one per row, several rows may share one.</summary>
internal readonly unsafe ref struct AggregateStates<TState>
    where TState : struct
{
    private readonly StateSlab<TState> slab;
    private readonly StateSlot** slots;

    internal AggregateStates(StateSlab<TState> slab, StateSlot** slots)
    {
        this.slab = slab;
        this.slots = slots;
    }

    /// <summary>The state of a row, <c>default</c> if the row is its first.</summary>
    public ref TState this[int row]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            StateSlot* slot = slots[row];
            return ref slot->Place != 0 ? ref slab.At(*slot) : ref slab.Add(slot);
        }
    }

    internal bool IsEmpty(int row) => slots[row]->Place == 0;
}
