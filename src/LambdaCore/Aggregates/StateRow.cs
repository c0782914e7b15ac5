using LambdaCore.Values;

namespace LambdaCore.Aggregates;

/// <summary>
/// The states of one key of one view as one value: a list of structs, nested, so that the JIT sees every state's
/// type and a row is one piece of memory. <c>StateRow&lt;A, StateRow&lt;B, EmptyRow&gt;&gt;</c> holds states A and B.
/// </summary>
/// <typeparam name="THead">The first state.</typeparam>
/// <typeparam name="TTail">The row of the others.</typeparam>
internal struct StateRow<THead, TTail> : IState<StateRow<THead, TTail>>
    where THead : struct, IState<THead>
    where TTail : struct, IState<TTail>
{
    /// <summary>The first state. A field, so that folds can pass it by reference.</summary>
    public THead Head;

    /// <summary>The other states.</summary>
    public TTail Tail;

    /// <inheritdoc/>
    public static StateRow<THead, TTail> Read(ref ByteReader reader)
    {
        StateRow<THead, TTail> row;
        row.Head = THead.Read(ref reader);
        row.Tail = TTail.Read(ref reader);
        return row;
    }

    /// <inheritdoc/>
    public void Merge(in StateRow<THead, TTail> other)
    {
        Head.Merge(in other.Head);
        Tail.Merge(in other.Tail);
    }

    /// <inheritdoc/>
    public readonly void Write(ByteWriter writer)
    {
        Head.Write(writer);
        Tail.Write(writer);
    }
}

/// <summary>The end of a <see cref="StateRow{THead, TTail}"/>.</summary>
internal struct EmptyRow : IState<EmptyRow>
{
    /// <inheritdoc/>
    public static EmptyRow Read(ref ByteReader reader) => default;

    /// <inheritdoc/>
    public readonly void Merge(in EmptyRow other)
    {
    }

    /// <inheritdoc/>
    public readonly void Write(ByteWriter writer)
    {
    }
}
