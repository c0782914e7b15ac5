namespace LambdaCore.Log;

/// <summary>Events of a producer that are on their way into the log, and whoever waits for them because he has repeated them.</summary>
/// <param name="order">The producer's order.</param>
/// <param name="sequences">The sequences of the events; at least one.</param>
internal sealed class ProducerAppend(ProducerOrder order, ProducerSequences sequences)
{
    private TaskCompletionSource<LogPosition>? _repeats;

    /// <summary>The producer's name.</summary>
    public string Name => order.Name;

    /// <summary>The sequences of the events; at least one.</summary>
    public ProducerSequences Sequences => sequences;

    /// <summary>Learns that the events are durable and visible.</summary>
    public void Complete(LogRange range)
    {
        order.Complete(this);
        _repeats?.TrySetResult(range.End);
    }

    /// <summary>Learns that the events are not in the log, or that nobody knows.</summary>
    public void Fail(Exception error)
    {
        order.Fail(this);
        _repeats?.TrySetException(error);
    }

    /// <summary>The outcome, for one who repeats the events: a position before which they all stand. The caller holds the order's lock, so the outcome is not known yet.</summary>
    public Task<LogPosition> Repeat() => (_repeats ??= new TaskCompletionSource<LogPosition>(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
}
