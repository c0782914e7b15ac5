using System.Runtime.CompilerServices;

namespace LambdaCore.DuckDb;

/// <summary>The states that the rows of a chunk belong to: one per row, several rows may share one.</summary>
internal readonly unsafe ref struct AggregateStates<TState>
    where TState : struct
{
    private readonly StateSlab<TState> _slab;
    private readonly StateSlot** _slots;

    internal AggregateStates(StateSlab<TState> slab, StateSlot** slots)
    {
        _slab = slab;
        _slots = slots;
    }

    /// <summary>The state of a row, <c>default</c> if the row is its first.</summary>
    public ref TState this[int row]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            StateSlot* slot = _slots[row];
            return ref slot->Place != 0 ? ref _slab.At(*slot) : ref _slab.Add(slot);
        }
    }

    internal bool IsEmpty(int row) => _slots[row]->Place == 0;
}
