using System.Buffers;
using System.Runtime.InteropServices;
using LambdaCore.Values;

namespace LambdaCore.Log;

/// <summary>The requests that one write-ahead frame holds: written, made durable, applied and acknowledged together.</summary>
/// <typeparam name="TEvent">The event type.</typeparam>
internal sealed class AppendGroup<TEvent>
{
    private readonly List<AppendRequest<TEvent>> _requests = [];
    private long[] _times = [];
    private EventTimeTally _tally;
    private Dictionary<string, long>? _producers;
    private GroupTimes? _judgedTimes;

    /// <summary>The number of events.</summary>
    public int Count { get; private set; }

    /// <summary>The length of all payloads, in bytes.</summary>
    public int PayloadBytes { get; private set; }

    /// <summary>Where the events stand in the log.</summary>
    public LogRange Range { get; private set; }

    /// <summary>When the group was appended, in microseconds since the Unix epoch.</summary>
    public long IngestedAt { get; private set; }

    /// <summary>What is written beside the events; known once the group was placed.</summary>
    public GroupNotes Notes => new(_judgedTimes!, _producers is null ? [] : [.. _producers.Select(p => new ProducerMark(p.Key, p.Value))]);

    /// <summary>The requests, in order.</summary>
    public IReadOnlyList<AppendRequest<TEvent>> Requests => _requests;

    /// <summary>Adds a request.</summary>
    public void Add(AppendRequest<TEvent> request)
    {
        _requests.Add(request);
        Count += request.Events.Length;
        PayloadBytes += request.Payload.Length;
        if (request.Append is { } append)
        {
            // A later request of the same producer has later events.
            (_producers ??= new Dictionary<string, long>(StringComparer.Ordinal))[append.Name] = append.Sequences.Last;
        }
    }

    /// <summary>Gives every event its position, and has its time judged.</summary>
    public void Place(LogPosition first, long ingestedAt, EventCodec<TEvent> codec, EventTimeJudge judge)
    {
        _times = ArrayPool<long>.Shared.Rent(Count);
        int next = 0;
        List<int>? amending = null;
        foreach (AppendRequest<TEvent> request in _requests)
        {
            foreach (TEvent e in request.Events.Span)
            {
                if (codec.IsAmending is { } isAmending && isAmending(e))
                {
                    (amending ??= []).Add(next);
                }

                _times[next++] = codec.EventTime(e);
            }
        }

        _judgedTimes = judge.Judge(_times.AsSpan(0, Count), ingestedAt, CollectionsMarshal.AsSpan(amending));
        _tally = judge.Tally;
        Range = new LogRange(first, first.Plus(Count));
        IngestedAt = ingestedAt;
        foreach (AppendRequest<TEvent> request in _requests)
        {
            request.Range = new LogRange(first, first.Plus(request.Events.Length));
            first = request.Range.End;
        }
    }

    /// <summary>Hands all events to a consumer as one group, once.</summary>
    public void ApplyTo(IGroupConsumer<TEvent> consumer)
    {
        TEvent[]? gathered = _requests.Count == 1 ? null : ArrayPool<TEvent>.Shared.Rent(Count);
        try
        {
            consumer.Apply(new DurableGroup<TEvent>
            {
                Events = gathered is null ? _requests[0].Events.Span : Gather(gathered),
                Times = _times.AsSpan(0, Count),
                Skipped = _judgedTimes!.Skipped,
                First = Range.Start,
                IngestedAt = IngestedAt,
                Tally = _tally,
            });
        }
        finally
        {
            ArrayPool<long>.Shared.Return(_times);
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
