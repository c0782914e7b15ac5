namespace LambdaCore.DuckDb;

/// <summary>One aggregate as registered with one instance, with the states it has there.</summary>
internal abstract unsafe class AggregateBinding : IDisposable
{
    public abstract string Name { get; }

    public abstract void Update(nint chunk, StateSlot** slots);

    public abstract void Combine(StateSlot** sources, StateSlot** targets, int count);

    public abstract void Finish(StateSlot** slots, nint vector, int count, int offset);

    /// <summary>Drops states that DuckDB has forgotten. Only while no statement runs on the instance.</summary>
    public abstract void Sweep();

    public abstract void Dispose();
}

/// <inheritdoc/>
internal sealed unsafe class AggregateBinding<TState>(DuckDbAggregate<TState> aggregate) : AggregateBinding
    where TState : struct
{
    private volatile StateSlab<TState> slab = new();

    public override string Name => aggregate.Name;

    public override void Update(nint chunk, StateSlot** slots)
        => aggregate.Update(new AggregateStates<TState>(slab, slots), new ChunkReader(chunk, aggregate.Parameters));

    public override void Combine(StateSlot** sources, StateSlot** targets, int count)
    {
        AggregateStates<TState> from = new(slab, sources);
        AggregateStates<TState> to = new(slab, targets);
        for (int i = 0; i < count; i++)
        {
            if (!from.IsEmpty(i))
            {
                aggregate.Combine(in from[i], ref to[i]);
            }
        }
    }

    public override void Finish(StateSlot** slots, nint vector, int count, int offset)
    {
        AggregateStates<TState> states = new(slab, slots);
        VectorWriter output = new(vector, aggregate.ReturnType, offset + count);
        TState empty = default;
        for (int i = 0; i < count; i++)
        {
            aggregate.Finish(in states.IsEmpty(i) ? ref empty : ref states[i], ref output, offset + i);
        }
    }

    public override void Sweep()
    {
        if (slab.Count != 0)
        {
            slab.Dispose();
            slab = new StateSlab<TState>();
        }
    }

    public override void Dispose() => slab.Dispose();
}
