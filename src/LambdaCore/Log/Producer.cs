using LambdaCore.Log;

namespace LambdaCore;

/// <summary>
/// A source of events that numbers them, so that each is in the log exactly once, however often it is appended: after a call that failed, after a crash of the source or of the
/// store. The last sequence of each producer is written in the same frame as the events, so what the store recovers is always both or neither.
/// </summary>
/// <remarks>
/// <para>
/// A source that can be read again from an offset, such as a partition of Kafka or a file, uses its offsets as sequences, begins after <see cref="LastSequence"/> when it starts, and
/// needs to remember nothing itself. A sequence not after the last one is taken for a repetition and not appended; sequences may leave gaps, as compacted topics do.
/// So the same sequence must always mean the same event, and the name must be that of the source, in all its lives.
/// </para>
/// <para>
/// Begin the calls in the order of their sequences: one after the other, or without waiting for each other, but from one thread at a time. A call with sequences below those that are on their way,
/// and not among them, is an error. A repetition of events that are on their way is acknowledged with them, or fails with them. Where a call does not get into the queue, since it was cancelled while it waited for
/// room, or the queue was full and <see cref="Backpressure.Fail"/> was chosen, later calls fail until it is repeated, so that no event is passed over. An event that cannot be stored at all
/// (<see cref="ArgumentException"/>) may be passed over.
/// </para>
/// <para>
/// Thread-safe. A producer is one life of its source: when one of the same name is created again, this one appends nothing any more, and its calls fail. So an instance of the source that was given up and wakes up late
/// does no harm to the one that took over. Its calls that are on their way go on, and the new one's repetitions of them are acknowledged with them.
/// </para>
/// </remarks>
/// <typeparam name="TEvent">The event type.</typeparam>
public sealed class Producer<TEvent>
{
    private readonly ProducerLane<TEvent> _lane;
    private readonly int _life;

    internal Producer(ProducerLane<TEvent> lane)
    {
        _lane = lane;
        _life = lane.BeginLife();
    }

    /// <summary>The name.</summary>
    public string Name => _lane.Order.Name;

    /// <summary>The last sequence that was acknowledged, or recovered when the store was opened; null if the producer has appended nothing yet. All events up to it are in the log, none after it is
    /// unless it is on its way.</summary>
    public long? LastSequence => _lane.Order.LastSequence;

    /// <summary>Appends one event, unless it was appended before.</summary>
    /// <param name="e">The event. It may not change before the call returns.</param>
    /// <param name="sequence">Its sequence: not negative.</param>
    /// <param name="cancellationToken">Stops waiting for room in the queue, or for the event that this one repeats. An event that is on its way is appended all the same.</param>
    /// <returns>Where the event stands, or that it was appended before. It is durable to the level of <see cref="LambdaStoreOptions{TEvent}.Durability"/> then, and visible to every query.</returns>
    /// <exception cref="ArgumentException">The sequence is negative, or a value cannot be stored; the message names it. Nothing was appended.</exception>
    /// <exception cref="InvalidOperationException">The call comes too late, or would pass over an event that did not get in, or the producer was forgotten, or created again. Nothing was appended.</exception>
    /// <exception cref="LogOverloadedException">The queue is full, and <see cref="Backpressure.Fail"/> was chosen. Nothing was appended.</exception>
    /// <exception cref="LogPoisonedException">The store has stopped after an error; open it again and repeat the call. Whether the event is there, only then shows.</exception>
    /// <exception cref="LambdaCoreException">An earlier call that was begun before did not get in. Nothing was appended.</exception>
    /// <exception cref="ObjectDisposedException">The store is closed.</exception>
    public ValueTask<ProducerReceipt> AppendAsync(TEvent e, long sequence, CancellationToken cancellationToken = default) =>
        _lane.AppendAsync(_life, e, sequence, cancellationToken);

    /// <summary>Appends several events with consecutive sequences: those that were not appended before, as one. So a retry may be cut into other batches than the first attempt.</summary>
    /// <inheritdoc cref="AppendAsync(TEvent, long, CancellationToken)"/>
    /// <param name="events">The events. Neither they nor the memory may change before the call returns.</param>
    /// <param name="firstSequence">The sequence of the first; each next one's is larger by 1.</param>
    /// <param name="cancellationToken">Stops waiting for room in the queue, or for the events that these repeat. Events that are on their way are appended all the same.</param>
    /// <returns>Where the events stand that were new, and how many were not.</returns>
    public ValueTask<ProducerReceipt> AppendAsync(ReadOnlyMemory<TEvent> events, long firstSequence, CancellationToken cancellationToken = default) =>
        _lane.AppendAsync(_life, events, ProducerSequences.Consecutive(firstSequence, events.Length), cancellationToken);

    /// <summary>Appends several events whose sequences leave gaps, such as the records of a compacted topic, or the lines of a file at their offsets: those that were not appended before, as one.</summary>
    /// <inheritdoc cref="AppendAsync(ReadOnlyMemory{TEvent}, long, CancellationToken)"/>
    /// <param name="events">The events. Neither they nor the memory may change before the call returns.</param>
    /// <param name="sequences">The sequence of each event: ascending. The memory may not change before the call returns.</param>
    /// <param name="cancellationToken">Stops waiting for room in the queue, or for the events that these repeat. Events that are on their way are appended all the same.</param>
    public ValueTask<ProducerReceipt> AppendAsync(ReadOnlyMemory<TEvent> events, ReadOnlyMemory<long> sequences, CancellationToken cancellationToken = default) =>
        _lane.AppendAsync(_life, events, ProducerSequences.Listed(sequences, events.Length), cancellationToken);

    /// <summary>Appends a batch that has one sequence as a whole, unless it was appended before: all of its events or none. A retry has to have the same events.</summary>
    /// <inheritdoc cref="AppendAsync(ReadOnlyMemory{TEvent}, long, CancellationToken)"/>
    /// <param name="events">The events. Neither they nor the memory may change before the call returns. A batch without events leaves no trace: its sequence is not remembered.</param>
    /// <param name="sequence">The sequence of the batch: not negative.</param>
    /// <param name="cancellationToken">Stops waiting for room in the queue, or for the batch that this one repeats. A batch that is on its way is appended all the same.</param>
    public ValueTask<ProducerReceipt> AppendBatchAsync(ReadOnlyMemory<TEvent> events, long sequence, CancellationToken cancellationToken = default) =>
        _lane.AppendAsync(_life, events, ProducerSequences.Shared(sequence, events.Length), cancellationToken);

    /// <inheritdoc/>
    public override string ToString() => $"{Name} {(LastSequence is { } last ? $"up to {last}" : "from its beginning")}";
}
