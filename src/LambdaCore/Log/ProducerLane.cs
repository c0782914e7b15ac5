namespace LambdaCore.Log;

/// <summary>
/// The way of one producer's events to the pipeline, in the order of their sequences and each once. While events wait for room in the queue, later ones of the same
/// producer wait behind them; and when they do not get in, neither do those.
/// </summary>
/// <remarks>
/// Thread-safe: all <see cref="Producer{TEvent}"/>s of a name share it, each a life of the source. Only the latest may append, so that an instance of the source that was given up, and wakes up late, passes over nothing
/// that the next one still has to append.
/// </remarks>
/// <typeparam name="TEvent">The event type.</typeparam>
/// <param name="order">How far the producer has come.</param>
/// <param name="pipeline">Takes the events.</param>
internal sealed class ProducerLane<TEvent>(ProducerOrder order, AppendPipeline<TEvent> pipeline)
{
    private readonly Lock _turn = new();
    private readonly Queue<(AppendRequest<TEvent> Request, CancellationToken CancellationToken)> _waiting = [];
    private int _lives;

    /// <summary>How far the producer has come.</summary>
    public ProducerOrder Order => order;

    /// <summary>Begins another life of the source: no call of an earlier one begins any more. Those that are on their way go on.</summary>
    /// <returns>Its number.</returns>
    public int BeginLife()
    {
        lock (_turn)
        {
            return ++_lives;
        }
    }

    /// <summary>Appends one event of a life, unless it is repeated.</summary>
    public ValueTask<ProducerReceipt> AppendAsync(int life, TEvent e, long sequence, CancellationToken cancellationToken) =>
        AppendAsync(life, e, ReadOnlyMemory<TEvent>.Empty, ProducerSequences.Shared(sequence, 1), cancellationToken);

    /// <summary>Appends those of several events of a life as one that are not repeated.</summary>
    public ValueTask<ProducerReceipt> AppendAsync(int life, ReadOnlyMemory<TEvent> events, in ProducerSequences sequences, CancellationToken cancellationToken) =>
        AppendAsync(life, default, events, sequences, cancellationToken);

    private ValueTask<ProducerReceipt> AppendAsync(int life, TEvent? single, ReadOnlyMemory<TEvent> events, in ProducerSequences sequences, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        pipeline.ThrowIfStoppedOrClosed();
        if (sequences.Count == 0)
        {
            return new ValueTask<ProducerReceipt>(Nothing(pipeline.Acknowledged, repeated: 0));
        }

        lock (_turn)
        {
            ThrowUnlessLatest(life);
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

    private void ThrowUnlessLatest(int life)
    {
        if (life != _lives)
        {
            throw new InvalidOperationException(
                $"The producer '{order.Name}' was created again since, by another instance of its source: what this one would append might pass over events that the other still has to. End this instance; or, if it is the one to go on, create the producer again, and begin after its LastSequence. Nothing was appended.");
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
