using System.Buffers;
using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;
using LambdaCore.Values;

namespace LambdaCore.Log;

/// <summary>
/// Some events on their way into the log, already encoded, and the promise of an acknowledgement. Requests are pooled: one
/// is free again when its acknowledgement has been awaited.
/// </summary>
/// <typeparam name="TEvent">The event type.</typeparam>
internal sealed class AppendRequest<TEvent> : IValueTaskSource<LogRange>, IValueTaskSource<LogPosition>
{
    private readonly AppendRequestPool<TEvent> _pool;
    private readonly TEvent[] _single = new TEvent[1];
    private TEvent[]? _several;
    private ManualResetValueTaskSourceCore<LogRange> _acknowledgement = new() { RunContinuationsAsynchronously = true };

    public AppendRequest(AppendRequestPool<TEvent> pool) => _pool = pool;

    /// <summary>The events, in memory of the request's own: what a caller does with his array while they are on their way must not stop the store for all.</summary>
    public ReadOnlyMemory<TEvent> Events { get; private set; }

    /// <summary>The events' encoding.</summary>
    public ByteWriter Payload { get; } = new();

    /// <summary>The producer's part in it; null for events without one.</summary>
    public ProducerAppend? Append { get; set; }

    /// <summary>Where the events stand in the log; known once the writer has seen the request.</summary>
    public LogRange Range { get; set; }

    /// <summary>The acknowledgement, as the range of all events. Await this or <see cref="FirstPosition"/>, once.</summary>
    public ValueTask<LogRange> Acknowledged => new(this, _acknowledgement.Version);

    /// <summary>The acknowledgement, as the position of the first event.</summary>
    public ValueTask<LogPosition> FirstPosition => new(this, _acknowledgement.Version);

    /// <summary>Takes one event.</summary>
    public void Set(TEvent e)
    {
        _single[0] = e;
        Events = _single;
    }

    /// <summary>Takes several events.</summary>
    public void Set(ReadOnlyMemory<TEvent> events)
    {
        _several = ArrayPool<TEvent>.Shared.Rent(events.Length);
        events.CopyTo(_several);
        Events = _several.AsMemory(0, events.Length);
    }

    /// <summary>Acknowledges.</summary>
    public void Complete()
    {
        Append?.Complete(Range);
        try
        {
            _acknowledgement.SetResult(Range);
        }
        catch (Exception)
        {
            // The synchronization context of whoever waits is gone, such as that of a closed window. That is no affair of the others.
        }
    }

    /// <summary>Refuses.</summary>
    public void Fail(Exception error)
    {
        Append?.Fail(error);
        try
        {
            _acknowledgement.SetException(error);
        }
        catch (Exception)
        {
            // As above.
        }
    }

    /// <summary>Gives the request back without an acknowledgement, since it never went on its way.</summary>
    public void Abandon() => Recycle();

    LogRange IValueTaskSource<LogRange>.GetResult(short token) => GetResult(token);

    LogPosition IValueTaskSource<LogPosition>.GetResult(short token) => GetResult(token).Start;

    ValueTaskSourceStatus IValueTaskSource<LogRange>.GetStatus(short token) => _acknowledgement.GetStatus(token);

    ValueTaskSourceStatus IValueTaskSource<LogPosition>.GetStatus(short token) => _acknowledgement.GetStatus(token);

    void IValueTaskSource<LogRange>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _acknowledgement.OnCompleted(continuation, state, token, flags);

    void IValueTaskSource<LogPosition>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _acknowledgement.OnCompleted(continuation, state, token, flags);

    private LogRange GetResult(short token)
    {
        if (_acknowledgement.GetStatus(token) == ValueTaskSourceStatus.Pending)
        {
            // Giving it back now would take the events out of the writer's hands.
            throw new InvalidOperationException("An append was asked for its position before it was acknowledged. Await the call; to block on it, use AsTask() first.");
        }

        try
        {
            return _acknowledgement.GetResult(token);
        }
        finally
        {
            Recycle();
        }
    }

    private void Recycle()
    {
        _single[0] = default!;
        Events = default;
        if (_several is { } rented)
        {
            _several = null;
            ArrayPool<TEvent>.Shared.Return(rented, RuntimeHelpers.IsReferenceOrContainsReferences<TEvent>());
        }

        Append = null;
        Payload.Clear();
        _acknowledgement.Reset();
        _pool.Return(this);
    }
}
