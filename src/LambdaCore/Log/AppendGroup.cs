using System.Buffers;

namespace LambdaCore.Log;

/// <summary>The requests that one write-ahead frame holds: written, made durable, applied and acknowledged together.</summary>
/// <typeparam name="TEvent">The event type.</typeparam>
internal sealed class AppendGroup<TEvent>
{
    private readonly List<AppendRequest<TEvent>> _requests = [];

    /// <summary>The number of events.</summary>
    public int Count { get; private set; }

    /// <summary>The length of all payloads, in bytes.</summary>
    public int PayloadBytes { get; private set; }

    /// <summary>Where the events stand in the log.</summary>
    public LogRange Range { get; private set; }

    /// <summary>When the group was appended, in microseconds since the Unix epoch.</summary>
    public long IngestedAt { get; private set; }

    /// <summary>The requests, in order.</summary>
    public IReadOnlyList<AppendRequest<TEvent>> Requests => _requests;

    /// <summary>Adds a request.</summary>
    public void Add(AppendRequest<TEvent> request)
    {
        _requests.Add(request);
        Count += request.Events.Length;
        PayloadBytes += request.Payload.Length;
    }

    /// <summary>Gives every event its position.</summary>
    public void Place(LogPosition first, long ingestedAt)
    {
        Range = new LogRange(first, first.Plus(Count));
        IngestedAt = ingestedAt;
        foreach (AppendRequest<TEvent> request in _requests)
        {
            request.Range = new LogRange(first, first.Plus(request.Events.Length));
            first = request.Range.End;
        }
    }

    /// <summary>Hands all events to a consumer as one group.</summary>
    public void ApplyTo(IGroupConsumer<TEvent> consumer, Func<TEvent, long> eventTime)
    {
        TEvent[]? gathered = _requests.Count == 1 ? null : ArrayPool<TEvent>.Shared.Rent(Count);
        long[] times = ArrayPool<long>.Shared.Rent(Count);
        try
        {
            ReadOnlySpan<TEvent> events = gathered is null ? _requests[0].Events.Span : Gather(gathered);
            for (int i = 0; i < events.Length; i++)
            {
                times[i] = eventTime(events[i]);
            }

            consumer.Apply(events, times.AsSpan(0, Count), Range.Start, IngestedAt);
        }
        finally
        {
            ArrayPool<long>.Shared.Return(times);
            if (gathered is not null)
            {
                ArrayPool<TEvent>.Shared.Return(gathered, clearArray: true);
            }
        }
    }

    /// <summary>Acknowledges every request.</summary>
    public void Complete()
    {
        foreach (AppendRequest<TEvent> request in _requests)
        {
            request.Complete();
        }
    }

    /// <summary>Refuses every request.</summary>
    public void Fail(Exception error)
    {
        foreach (AppendRequest<TEvent> request in _requests)
        {
            request.Fail(error);
        }
    }

    private ReadOnlySpan<TEvent> Gather(TEvent[] into)
    {
        int at = 0;
        foreach (AppendRequest<TEvent> request in _requests)
        {
            request.Events.Span.CopyTo(into.AsSpan(at));
            at += request.Events.Length;
        }

        return into.AsSpan(0, at);
    }
}
