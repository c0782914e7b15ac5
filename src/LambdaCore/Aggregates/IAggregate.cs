namespace LambdaCore.Aggregates;

/// <summary>An aggregate: how values enter a state, and what a state means.</summary>
/// <typeparam name="TInput">
/// The representation of one input value that is there; missing ones never get this far. <see cref="ValueTuple"/> if events
/// are counted without a value, and <see cref="ulong"/> hashes for sketches.
/// </typeparam>
/// <typeparam name="TState">The mergeable state.</typeparam>
/// <typeparam name="TResult">The representation of the result.</typeparam>
internal interface IAggregate<TInput, TState, TResult>
    where TState : struct, IState<TState>
{
    /// <summary>Adds one value.</summary>
    static abstract void Add(ref TState state, TInput input, in EventStamp stamp);

    /// <summary>The result for the values that were added.</summary>
    /// <exception cref="OverflowException">The result does not fit its type.</exception>
    static abstract TResult Result(in TState state);
}
