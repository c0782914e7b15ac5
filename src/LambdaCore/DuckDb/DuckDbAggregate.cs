namespace LambdaCore.DuckDb;

/// <summary>An aggregate function of SQL that is written in C#; see <see cref="DuckDbAggregate{TState}"/>.</summary>
internal abstract unsafe class DuckDbAggregate(
    string name, IReadOnlyList<DuckDbLogicalType> parameters, DuckDbLogicalType returnType)
{
    private readonly DuckDbLogicalType[] parameters = [.. parameters];

    public string Name { get; } = name;

    public ReadOnlySpan<DuckDbLogicalType> Parameters => parameters;

    public DuckDbLogicalType ReturnType { get; } = returnType;

    internal abstract void Update(nint chunk, nint** states);

    internal abstract void Combine(nint** sources, nint** targets, int count);

    internal abstract void Finish(nint** states, nint vector, int count, int offset);
}

/// <summary>An aggregate function of SQL whose state is a managed object.</summary>
/// <remarks>
/// <para>DuckDB calls it from its own threads: each state is touched by one thread at a time, the aggregate itself by
/// several at once, so it holds nothing that changes. A state is created when its first row or partner arrives; an empty
/// group is finished from a fresh one. States are released when DuckDB drops the group, also after an error.</para>
/// <para>An exception fails the query with a <see cref="DuckDbException"/> that carries its type and message.</para>
/// <para>Rows whose argument is NULL do arrive: the loop in Update skips them, if that is what it means. The memory of
/// states is managed, so DuckDB's memory limit neither counts nor spills it.</para>
/// <para>Not for use in a window (OVER): DuckDB then hands over state vectors in a form that its C API cannot tell.</para>
/// </remarks>
internal abstract unsafe class DuckDbAggregate<TState>(
    string name, IReadOnlyList<DuckDbLogicalType> parameters, DuckDbLogicalType returnType)
    : DuckDbAggregate(name, parameters, returnType)
    where TState : class
{
    /// <summary>A state of no rows.</summary>
    protected internal abstract TState Create();

    /// <summary>Adds each row of the chunk to its state: <c>states[row]</c>.</summary>
    protected abstract void Update(AggregateStates<TState> states, ChunkReader rows);

    /// <summary>Adds what source has seen to target; source stays as it is.</summary>
    protected abstract void Combine(TState source, TState target);

    /// <summary>Writes the result of a state; the state stays as it is.</summary>
    protected abstract void Finish(TState state, ref VectorWriter output, int row);

    internal sealed override void Update(nint chunk, nint** states)
        => Update(new AggregateStates<TState>(this, states), new ChunkReader(chunk, Parameters));

    internal sealed override void Combine(nint** sources, nint** targets, int count)
    {
        AggregateStates<TState> from = new(this, sources);
        AggregateStates<TState> to = new(this, targets);
        for (int i = 0; i < count; i++)
        {
            if (from.TryGet(i, out TState? source))
            {
                Combine(source, to[i]);
            }
        }
    }

    internal sealed override void Finish(nint** states, nint vector, int count, int offset)
    {
        AggregateStates<TState> from = new(this, states);
        VectorWriter output = new(vector, ReturnType, offset + count);
        for (int i = 0; i < count; i++)
        {
            Finish(from.TryGet(i, out TState? state) ? state : Create(), ref output, offset + i);
        }
    }
}
