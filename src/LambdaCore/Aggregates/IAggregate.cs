using System.Buffers;

namespace LambdaCore;

/// <summary>
/// An aggregate of your own: a struct that holds what is kept of some events in order to answer for them later. Used in a view as
/// <c>g.Aggregate(default(GeometricMean), e => e.Value)</c>; both layers run the same code, and keep what <see cref="Write"/> writes.
/// <see cref="AggregateLaws"/> checks, in a test of yours, that it keeps the laws stated here.
/// </summary>
/// <remarks>
/// <para>The default value stands for no events. Merging must be associative and commutative, and it must not matter to the result
/// how events are divided into states that are merged: any division happens, and events come in any order. An aggregate
/// for which the order matters looks at <see cref="EventStamp"/>.</para>
/// <para>A state is used by one thread at a time, and different states by several at once. What static fields hold must not change the
/// result: the same events must give the same bytes again, tomorrow and on another machine. It must also be done with an event when
/// <see cref="Add"/> returns: copy arrays that you keep.</para>
/// <para>An exception does not stop the store. Whichever event <see cref="Add"/> throws for, the state of its key is kept as failed from then on,
/// and reading that key throws <see cref="AggregateFailedException"/>, which names the event; other keys and views are not affected. The same holds
/// for <see cref="Merge"/>, <see cref="Write"/> and <see cref="Read"/>. When the code has been mended, raise <see cref="Version"/>.</para>
/// </remarks>
/// <typeparam name="TSelf">The struct itself.</typeparam>
/// <typeparam name="TInput">
/// The value that it takes from each event: a type that an event's property may have, or a <see cref="ValueTuple{T1, T2}"/> of two such types. Events whose value is missing are
/// left out, unless the type is a <see cref="Nullable{T}"/>.
/// </typeparam>
/// <typeparam name="TResult">Its result, of any type.</typeparam>
public interface IAggregate<TSelf, TInput, TResult>
    where TSelf : struct, IAggregate<TSelf, TInput, TResult>
{
    /// <summary>
    /// The version of the code; 1 unless stated. Raise it when the code changes what is computed or written: views that use the
    /// aggregate are then computed anew. Their definition is otherwise told from others by the full name of the type.
    /// </summary>
    static virtual int Version => 1;

    /// <summary>
    /// Whether the bytes of a state depend on the order in which events and states came together, as sums of floating-point numbers do in
    /// their last digits; false unless stated. The results may then differ as little as you accept.
    /// </summary>
    static virtual bool DependsOnOrder => false;

    /// <summary>Takes in the value of one event.</summary>
    /// <param name="value">The value.</param>
    /// <param name="at">When the event happened, and where it stands in the log.</param>
    void Add(TInput value, EventStamp at);

    /// <summary>Takes in what another state stands for. The other is not changed, and no memory is shared with it afterwards.</summary>
    void Merge(in TSelf other);

    /// <summary>The result for the events that were added. Changes nothing.</summary>
    TResult Result();

    /// <summary>Writes the state. Equal sets of events give equal bytes, unless <see cref="DependsOnOrder"/>. Changes nothing.</summary>
    void Write(IBufferWriter<byte> output);

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <param name="bytes">All of the bytes and no more; valid during the call.</param>
    static abstract TSelf Read(ReadOnlySpan<byte> bytes);
}
