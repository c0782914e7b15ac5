namespace LambdaCore.Aggregates;

/// <summary>
/// How values enter a state, and what a state means. A struct whose fields are the parameters of the aggregate, so that code
/// that is generic over it is compiled for it, and states need not know more than they keep.
/// </summary>
/// <typeparam name="TInput">
/// The representation of one input value, or its CLR type; a missing one gets this far only where the input is nullable
/// (<see cref="AggregateFunction.Inputs"/>). A <see cref="ValueTuple{T1, T2}"/> of two inputs; <see cref="ValueTuple"/> if events are counted
/// without a value; <see cref="ulong"/> for hashes (<see cref="AggregateFunction.TakesHashes"/>).
/// </typeparam>
/// <typeparam name="TState">The mergeable state.</typeparam>
/// <typeparam name="TResult">The representation of the result, or any type that a definition can use as it is.</typeparam>
internal interface IAggregator<TInput, TState, TResult>
    where TState : struct, IState<TState>
{
    /// <summary>Adds one value. Must not throw: what an event may hold was checked when it was appended.</summary>
    void Add(ref TState state, TInput input, in EventStamp stamp);

    /// <summary>The result for the values that were added. Shares no memory with the state.</summary>
    /// <exception cref="OverflowException">The result does not fit its type.</exception>
    TResult Result(in TState state);
}
