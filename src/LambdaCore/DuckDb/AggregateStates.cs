using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace LambdaCore.DuckDb;

/// <summary>The states that the rows of a chunk belong to: one per row, several rows may share one.</summary>
/// <remarks>
/// DuckDB's memory holds, per state, one GC handle or zero for "not created yet"; it moves and drops those eight bytes
/// as it likes, so they must say everything by themselves.
/// </remarks>
internal readonly unsafe ref struct AggregateStates<TState>
    where TState : class
{
    private readonly DuckDbAggregate<TState> aggregate;
    private readonly nint** states;

    internal AggregateStates(DuckDbAggregate<TState> aggregate, nint** states)
    {
        this.aggregate = aggregate;
        this.states = states;
    }

    /// <summary>The state of a row, created if the row is its first.</summary>
    public TState this[int row]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            nint handle = *states[row];
            return handle != 0 ? GCHandle<TState>.FromIntPtr(handle).Target : Add(row);
        }
    }

    internal bool TryGet(int row, [NotNullWhen(true)] out TState? state)
    {
        nint handle = *states[row];
        state = handle != 0 ? GCHandle<TState>.FromIntPtr(handle).Target : null;
        return state is not null;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private TState Add(int row)
    {
        TState state = aggregate.Create();
        *states[row] = GCHandle<TState>.ToIntPtr(new GCHandle<TState>(state));
        AggregateCallbacks.CountCreated();
        return state;
    }
}
