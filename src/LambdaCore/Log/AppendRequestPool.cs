using System.Collections.Concurrent;

namespace LambdaCore.Log;

/// <summary>Keeps a bounded number of <see cref="AppendRequest{TEvent}"/>s, so that a steady stream of appends allocates nothing. Thread-safe.</summary>
/// <typeparam name="TEvent">The event type.</typeparam>
internal sealed class AppendRequestPool<TEvent>
{
    private const long MaxKeptBytes = 64L << 20;

    private readonly ConcurrentQueue<AppendRequest<TEvent>> _free = new();
    private long _keptBytes;

    /// <summary>A request that nobody else holds.</summary>
    public AppendRequest<TEvent> Rent()
    {
        if (_free.TryDequeue(out AppendRequest<TEvent>? request))
        {
            Interlocked.Add(ref _keptBytes, -request.Payload.Capacity);
            return request;
        }

        return new AppendRequest<TEvent>(this);
    }

    /// <summary>Takes a request back, or leaves it to the garbage collector when enough memory is kept.</summary>
    public void Return(AppendRequest<TEvent> request)
    {
        if (Interlocked.Add(ref _keptBytes, request.Payload.Capacity) <= MaxKeptBytes)
        {
            _free.Enqueue(request);
        }
        else
        {
            Interlocked.Add(ref _keptBytes, -request.Payload.Capacity);
        }
    }
}
