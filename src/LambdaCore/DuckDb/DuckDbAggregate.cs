namespace LambdaCore.DuckDb;

/// <summary>An aggregate function of SQL that is written in C#; see <see cref="DuckDbAggregate{TState}"/>.</summary>
internal abstract class DuckDbAggregate(
    string name, IReadOnlyList<DuckDbLogicalType> parameters, DuckDbLogicalType returnType)
{
    private readonly DuckDbLogicalType[] parameters = [.. parameters];

    public string Name { get; } = name;

    public ReadOnlySpan<DuckDbLogicalType> Parameters => parameters;

    public DuckDbLogicalType ReturnType { get; } = returnType;

    internal abstract AggregateBinding Bind();
}

/// <summary>An aggregate function of SQL over states of C#. <c>default(TState)</c> is the state of no rows.</summary>
/// <remarks>
/// <para>DuckDB calls it from its own threads: each state is touched by one thread at a time, the aggregate itself by
/// several at once, so it holds nothing that changes.</para>
/// <para>An exception fails the query with a <see cref="DuckDbException"/> that carries its type and message. States are
/// released when DuckDB drops their group, and those that it forgets (after errors and in results that were not read to
/// the end) when no statement runs on the instance.</para>
/// <para>Rows whose argument is NULL do arrive: the loop in Update skips them, if that is what it means. States live in
/// managed memory, which DuckDB's memory limit neither counts nor spills.</para>
/// <para>Not for use in a window (OVER): DuckDB then hands over its state vectors in a form that the C API cannot tell
/// from the usual one.</para>
/// </remarks>
internal abstract class DuckDbAggregate<TState>(
    string name, IReadOnlyList<DuckDbLogicalType> parameters, DuckDbLogicalType returnType)
    : DuckDbAggregate(name, parameters, returnType)
    where TState : struct
{
    /// <summary>Adds each row of the chunk to its state: <c>states[row]</c>.</summary>
    protected internal abstract void Update(AggregateStates<TState> states, ChunkReader rows);

    /// <summary>Adds what source has seen to target, without sharing memory between the two.</summary>
    protected internal abstract void Combine(in TState source, ref TState target);

    /// <summary>Writes the result of a state.</summary>
    protected internal abstract void Finish(in TState state, ref VectorWriter output, int row);

    internal sealed override AggregateBinding Bind() => new AggregateBinding<TState>(this);
}
