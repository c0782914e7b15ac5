using LambdaCore.Values;

namespace LambdaCore.Aggregates;

/// <summary>
/// A mergeable state: what is kept of a set of values in order to answer for it later. The default value is the
/// identity, the state of no values. Merging is associative, and commutative: the order of events matters only as far as
/// <see cref="EventStamp"/> carries it inside the state.
/// </summary>
/// <typeparam name="TSelf">The state itself.</typeparam>
internal interface IState<TSelf>
    where TSelf : struct, IState<TSelf>
{
    /// <summary>Takes in the values that another state stands for. The other is not changed, and no memory is shared with it afterwards.</summary>
    void Merge(in TSelf other);

    /// <summary>
    /// Writes the state. Equal sets of values give equal bytes. The bytes are those of the state's columns
    /// (<see cref="StateColumn"/>) in their order, so that a row of a batch view becomes a state without knowing which.
    /// </summary>
    void Write(ByteWriter writer);

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="InvalidDataException">The bytes are no state.</exception>
    static abstract TSelf Read(ref ByteReader reader);
}
