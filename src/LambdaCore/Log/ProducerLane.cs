namespace LambdaCore.Log;

/// <summary>
/// The way of one producer's events to the pipeline, in the order of their sequences and each once. While events wait for room in the queue, later ones of the same
/// producer wait behind them; and when they do not get in, neither do those.
/// </summary>
/// <remarks>Thread-safe: all <see cref="Producer{TEvent}"/>s of a name share it.</remarks>
/// <typeparam name="TEvent">The event type.</typeparam>
/// <param name="order">How far the producer has come.</param>
/// <param name="pipeline">Takes the events.</param>
internal sealed class ProducerLane<TEvent>(ProducerOrder order, AppendPipeline<TEvent> pipeline)
{
    private readonly Lock _turn = new();
    private readonly Queue<(AppendRequest<TEvent> Request, CancellationToken CancellationToken)> _waiting = [];

    /// <summary>How far the producer has come.</summary>
    public ProducerOrder Order => order;

    /// <summary>Appends one event, unless it is repeated.</summary>
    public ValueTask<ProducerReceipt> AppendAsync(TEvent e, long sequence, CancellationToken cancellationToken) =>
        AppendAsync(e, ReadOnlyMemory<TEvent>.Empty, ProducerSequences.Shared(sequence, 1), cancellationToken);

    /// <summary>Appends those of several events as one that are not repeated.</summary>
    public ValueTask<ProducerReceipt> AppendAsync(ReadOnlyMemory<TEvent> events, in ProducerSequences sequences, CancellationToken cancellationToken) =>
        AppendAsync(default, events, sequences, cancellationToken);

    private ValueTask<ProducerReceipt> AppendAsync(TEvent? single, ReadOnlyMemory<TEvent> events, in ProducerSequences sequences, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        pipeline.ThrowIfStoppedOrClosed();
        if (sequences.Count == 0)
        {
            return new ValueTask<ProducerReceipt>(Nothing(pipeline.Acknowledged, repeated: 0));
        }

        lock (_turn)
        {
            int repeated = CountRepeated(sequences, out Task<LogPosition>? original);
            if (repeated == sequences.Count)
            {
                return original is null
                    ? new ValueTask<ProducerReceipt>(Nothing(pipeline.Acknowledged, repeated))
                    : new ValueTask<ProducerReceipt>(RepeatAsync(original, repeated, cancellationToken));
            }

            AppendRequest<TEvent> request = pipeline.Rent();
            if (events.IsEmpty)
            {
                request.Set(single!);
            }
            else
            {
                request.Set(events[repeated..]);
            }

            Send(request, sequences.From(repeated), cancellationToken);
            return AcknowledgeAsync(request.Acknowledged, repeated);
        }
    }

    private int CountRepeated(in ProducerSequences sequences, out Task<LogPosition>? original)
    {
        try
        {
            return order.CountRepeated(sequences, out original);
        }
        catch (InvalidOperationException)
        {
            // An error that stops the store fails what is on its way one after another; what looks out of order then, is not.
            pipeline.ThrowIfStoppedOrClosed();
            throw;
        }
    }

    private void Send(AppendRequest<TEvent> request, in ProducerSequences sequences, CancellationToken cancellationToken)
    {
        bool isQueued;
        try
        {
            pipeline.Encode(request);
            request.Append = order.Begin(sequences);
            isQueued = _waiting.Count == 0 && pipeline.TryEnqueue(request);
        }
        catch (Exception error)
        {
            request.Append?.Fail(error);
            request.Abandon();
            throw;
        }

        if (!isQueued)
        {
            _waiting.Enqueue((request, cancellationToken));
            if (_waiting.Count == 1)
            {
                _ = SendWaitingAsync();
            }
        }
    }

    /// <summary>Lets what waits for room into the queue, one after the other.</summary>
    private async Task SendWaitingAsync()
    {
        while (true)
        {
            (AppendRequest<TEvent> Request, CancellationToken CancellationToken) next;
            lock (_turn)
            {
                next = _waiting.Peek();
            }

            try
            {
                await pipeline.WaitForRoomAsync(next.Request, next.CancellationToken).ConfigureAwait(false);
            }
            catch (Exception error)
            {
                FailWaiting(error);
                return;
            }

            lock (_turn)
            {
                _waiting.Dequeue();
                if (_waiting.Count == 0)
                {
                    return;
                }
            }
        }
    }

    /// <summary>Refuses what waits: the first with its own error, the others since they must not pass it.</summary>
    private void FailWaiting(Exception error)
    {
        lock (_turn)
        {
            AppendRequest<TEvent> first = _waiting.Dequeue().Request;
            ProducerSequences failed = first.Append!.Sequences;
            Exception followed = error is OperationCanceledException
                ? new LambdaCoreException($"Events of the producer '{order.Name}' from sequence {failed.First} on did not get into the queue, because their call was cancelled; so this later call did not either. Nothing of it was appended. Append again, from sequence {failed.First} on.", error)
                : error;
            first.Append.Fail(followed);
            first.Fail(error);
            while (_waiting.TryDequeue(out (AppendRequest<TEvent> Request, CancellationToken) later))
            {
                later.Request.Fail(followed);
            }
        }
    }

    private static ProducerReceipt Nothing(LogPosition at, int repeated) => new(new LogRange(at, at), repeated);

    private static async Task<ProducerReceipt> RepeatAsync(Task<LogPosition> original, int repeated, CancellationToken cancellationToken) =>
        Nothing(await original.WaitAsync(cancellationToken).ConfigureAwait(false), repeated);

    private static async ValueTask<ProducerReceipt> AcknowledgeAsync(ValueTask<LogRange> acknowledged, int repeated) =>
        new(await acknowledged.ConfigureAwait(false), repeated);
}
