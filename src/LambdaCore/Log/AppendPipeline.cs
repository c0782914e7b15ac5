using System.Threading.Channels;
using LambdaCore.Values;

namespace LambdaCore.Log;

/// <summary>
/// The way of events from callers into the log: a bounded channel, one writer that makes groups durable, and one consumer
/// that applies and acknowledges them while the writer is at the next group. An acknowledged event is durable, to the
/// chosen level, and visible to readers.
/// </summary>
/// <remarks>
/// Group commit is on demand, without a timer: while one group is flushed, the next gathers. Any error stops the pipeline:
/// all who wait get it, and so does every later call, until the store is opened again.
/// </remarks>
/// <typeparam name="TEvent">The event type.</typeparam>
internal sealed class AppendPipeline<TEvent> : IAsyncDisposable
{
    /// <summary>Groups that may be durable and wait for the consumer; more would only cost memory and delay.</summary>
    private const int GroupsInFlight = 4;

    private readonly EventCodec<TEvent> _codec;
    private readonly WriteAheadLog _wal;
    private readonly EventLogOptions _options;
    private readonly TimeProvider _clock;
    private readonly IGroupConsumer<TEvent> _consumer;
    private readonly EventTimeJudge _judge;
    private readonly Action _applied;
    private readonly AppendRequestPool<TEvent> _pool = new();
    private readonly Channel<AppendRequest<TEvent>> _requests;
    private readonly Channel<AppendGroup<TEvent>> _groups;
    private readonly ByteWriter _frame = new(1 << 16);
    private readonly Task _writing;
    private readonly Task _applying;
    private LogPosition _next;
    private Exception? _applyFault;
    private Exception? _fault;
    private long _acknowledged;
    private long _lastIngestedAt;
    private long _appendedBytes;
    private volatile bool _closing;
    private TaskCompletionSource? _writeAwaited;

    /// <summary>Starts the pipeline.</summary>
    /// <param name="codec">Encodes the events, on the caller's thread.</param>
    /// <param name="wal">Where groups become durable; it goes on at its end.</param>
    /// <param name="options">How far an acknowledgement goes, and how much may wait.</param>
    /// <param name="tally">What the times of the events in the log came to.</param>
    /// <param name="lastIngestedAt">When the newest of them was appended, in microseconds since the Unix epoch; <see cref="long.MinValue"/> for none.</param>
    /// <param name="clock">Tells when a group is appended; where it was set back, the time of the group before counts, so that these times never decrease along the log.</param>
    /// <param name="consumer">Takes in each group once it is durable.</param>
    /// <param name="applied">Called after each group that was applied.</param>
    public AppendPipeline(
        EventCodec<TEvent> codec, WriteAheadLog wal, EventLogOptions options, EventTimeTally tally, long lastIngestedAt, TimeProvider clock, IGroupConsumer<TEvent> consumer, Action applied)
    {
        _codec = codec;
        _wal = wal;
        _options = options;
        _lastIngestedAt = lastIngestedAt;
        _clock = clock;
        _consumer = consumer;
        _judge = new EventTimeJudge(options.Times, tally);
        _applied = applied;
        _next = wal.End;
        _acknowledged = _next.Value;
        _requests = Channel.CreateBounded<AppendRequest<TEvent>>(new BoundedChannelOptions(options.QueueCapacity) { SingleReader = true });
        _groups = Channel.CreateBounded<AppendGroup<TEvent>>(new BoundedChannelOptions(GroupsInFlight) { SingleReader = true, SingleWriter = true });
        _writing = Task.Run(WriteGroupsAsync);
        _applying = Task.Run(ApplyGroupsAsync);
    }

    /// <summary>The end of what was acknowledged.</summary>
    public LogPosition Acknowledged => new(Volatile.Read(ref _acknowledged));

    /// <summary>The size, in the write-ahead log, of all events that were taken in; not less than that of those acknowledged.</summary>
    public long AppendedBytes => Volatile.Read(ref _appendedBytes);

    /// <summary>The error that stopped the pipeline, if one did.</summary>
    public Exception? Fault => Volatile.Read(ref _fault);

    /// <summary>Appends one event.</summary>
    public ValueTask<LogPosition> AppendAsync(TEvent e, CancellationToken cancellationToken)
    {
        AppendRequest<TEvent> request = _pool.Rent();
        request.Set(e);
        ValueTask queued = EnqueueAsync(request, cancellationToken);
        return queued.IsCompletedSuccessfully ? request.FirstPosition : Await(queued, request);

        static async ValueTask<LogPosition> Await(ValueTask queued, AppendRequest<TEvent> request)
        {
            await queued.ConfigureAwait(false);
            return await request.FirstPosition.ConfigureAwait(false);
        }
    }

    /// <summary>Appends several events as one: all or none, side by side.</summary>
    public ValueTask<LogRange> AppendAsync(ReadOnlyMemory<TEvent> events, CancellationToken cancellationToken)
    {
        if (events.IsEmpty)
        {
            LogPosition at = Acknowledged;
            return new ValueTask<LogRange>(new LogRange(at, at));
        }

        AppendRequest<TEvent> request = _pool.Rent();
        request.Set(events);
        ValueTask queued = EnqueueAsync(request, cancellationToken);
        return queued.IsCompletedSuccessfully ? request.Acknowledged : Await(queued, request);

        static async ValueTask<LogRange> Await(ValueTask queued, AppendRequest<TEvent> request)
        {
            await queued.ConfigureAwait(false);
            return await request.Acknowledged.ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Waits until acknowledged events can be read from the write-ahead log: at once, except with <see cref="Durability.None"/>,
    /// where they are acknowledged before they are written.
    /// </summary>
    /// <param name="end">The end of the events, not after <see cref="Acknowledged"/>.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task WaitUntilWrittenAsync(LogPosition end, CancellationToken cancellationToken)
    {
        while (_wal.End < end)
        {
            TaskCompletionSource created = new(TaskCreationOptions.RunContinuationsAsynchronously);
            TaskCompletionSource awaited = Interlocked.CompareExchange(ref _writeAwaited, created, null) ?? created;
            ThrowIfStopped();
            if (_wal.End < end)
            {
                await awaited.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Lets everything that was accepted reach its end, then stops.</summary>
    public async ValueTask DisposeAsync()
    {
        _closing = true;
        _requests.Writer.TryComplete();
        await _writing.ConfigureAwait(false);
        await _applying.ConfigureAwait(false);
    }

    private ValueTask EnqueueAsync(AppendRequest<TEvent> request, CancellationToken cancellationToken)
    {
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            ThrowIfStopped();
            Encode(request);
            return TryEnqueue(request) ? default : WaitAsync(request, cancellationToken);
        }
        catch
        {
            request.Abandon();
            throw;
        }

        async ValueTask WaitAsync(AppendRequest<TEvent> request, CancellationToken cancellationToken)
        {
            try
            {
                await WaitForRoomAsync(request, cancellationToken).ConfigureAwait(false);
            }
            catch
            {
                request.Abandon();
                throw;
            }
        }
    }

    /// <summary>A request that nobody else holds.</summary>
    public AppendRequest<TEvent> Rent() => _pool.Rent();

    /// <summary>Puts an encoded request on its way.</summary>
    /// <returns>False if there is no room, and it may wait for some.</returns>
    /// <exception cref="LogOverloadedException">There is no room, and nobody shall wait.</exception>
    /// <exception cref="LogPoisonedException">The pipeline has stopped.</exception>
    /// <exception cref="ObjectDisposedException">It is closed.</exception>
    public bool TryEnqueue(AppendRequest<TEvent> request)
    {
        if (_requests.Writer.TryWrite(request))
        {
            return true;
        }

        ThrowIfStoppedOrClosed();
        return _options.Backpressure == Backpressure.Fail ? throw new LogOverloadedException() : false;
    }

    /// <summary>Puts an encoded request on its way as soon as there is room.</summary>
    /// <exception cref="LogPoisonedException">The pipeline has stopped.</exception>
    /// <exception cref="ObjectDisposedException">It is closed.</exception>
    public async ValueTask WaitForRoomAsync(AppendRequest<TEvent> request, CancellationToken cancellationToken)
    {
        try
        {
            await _requests.Writer.WriteAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (ChannelClosedException)
        {
            ThrowIfStopped();
            throw Closed();
        }
    }

    /// <summary>Raises the error that stopped the pipeline, or that it is closed.</summary>
    public void ThrowIfStoppedOrClosed()
    {
        ThrowIfStopped();
        if (_closing)
        {
            throw Closed();
        }
    }

    /// <summary>Encodes the events of a request.</summary>
    /// <exception cref="ArgumentException">A value cannot be stored, or there is too much for one frame.</exception>
    public void Encode(AppendRequest<TEvent> request)
    {
        GroupPayload.Begin(request.Payload, _codec.Fingerprint);
        ReadOnlySpan<TEvent> events = request.Events.Span;
        for (int i = 0; i < events.Length && request.Payload.Length <= WriteAheadFormat.MaximumPayloadLength; i++)
        {
            int start = request.Payload.Length;
            _codec.Encode(events[i], request.Payload);
            int length = request.Payload.Length - start;
            if (length > _options.MaxEventBytes)
            {
                throw TooLarge(events[i], length);
            }
        }

        if (request.Payload.Length + GroupPayload.MaximumOverhead(events.Length) > WriteAheadFormat.MaximumPayloadLength)
        {
            throw new ArgumentException(
                $"The {events.Length} events take {request.Payload.Length} bytes or more, but at most {WriteAheadFormat.MaximumPayloadLength} can be appended as one. Append them in smaller batches. Nothing was appended.", nameof(request));
        }
    }

    private ArgumentException TooLarge(TEvent e, int length)
    {
        (string property, int bytes) = _codec.Largest(e);
        return new ArgumentException(
            $"{property} takes {bytes:N0} bytes, and the whole event {length:N0}, but an event may take {_options.MaxEventBytes:N0} at most: a sixteenth of {nameof(LambdaStoreOptions<TEvent>.BatchMemoryBytes)}, and never more than {EventLogOptions.LargestEventBytes:N0}, or no batch could seal it. Keep the content elsewhere and store where, or give batches more memory. Nothing was appended.", nameof(e));
    }

    private void ThrowIfStopped()
    {
        if (Fault is { } fault)
        {
            throw Stopped(fault);
        }
    }

    private static LogPoisonedException Stopped(Exception cause) =>
        cause as LogPoisonedException ?? new LogPoisonedException(
            $"The store has stopped, since an error left it unsure of its state: {cause.Message} Nothing more is appended. Open the store again: everything acknowledged is there.", cause);

    private static ObjectDisposedException Closed() => new("LambdaStore", "The store is closed. Nothing was appended.");

    private async Task WriteGroupsAsync()
    {
        AppendGroup<TEvent>? group = null;
        try
        {
            while (await _requests.Reader.WaitToReadAsync().ConfigureAwait(false))
            {
                group = Gather();
                _lastIngestedAt = Math.Max(_lastIngestedAt, UnixTime.FromDateTimeOffset(_clock.GetUtcNow()));
                group.Place(_next, _lastIngestedAt, _codec, _judge);
                _next = group.Range.End;
                ReadOnlyMemory<byte> payload = Frame(group);
                Volatile.Write(ref _appendedBytes, _appendedBytes + payload.Length);
                LogRange range = group.Range;
                long ingestedAt = group.IngestedAt;
                if (_options.Durability == Durability.None)
                {
                    // Accepted is enough: nobody waits for the operating system.
                    await _groups.Writer.WriteAsync(group).ConfigureAwait(false);
                    group = null;
                    _wal.Append(range.Start, (int)range.Count, ingestedAt, payload.Span);
                    Interlocked.Exchange(ref _writeAwaited, null)?.TrySetResult();
                }
                else
                {
                    _wal.Append(range.Start, (int)range.Count, ingestedAt, payload.Span);
                    if (_options.Durability == Durability.Fsync)
                    {
                        _wal.Flush();
                    }

                    await _groups.Writer.WriteAsync(group).ConfigureAwait(false);
                    group = null;
                }
            }
        }
        catch (Exception error)
        {
            Stop(error);
            group?.Fail(Stopped(error));
        }
        finally
        {
            _groups.Writer.TryComplete();
            while (_requests.Reader.TryRead(out AppendRequest<TEvent>? request))
            {
                request.Fail(Stopped(_fault!));
            }
        }
    }

    private AppendGroup<TEvent> Gather()
    {
        AppendGroup<TEvent> group = new();
        while (_requests.Reader.TryPeek(out AppendRequest<TEvent>? request)
            && (group.Count == 0 || group.PayloadBytes + request.Payload.Length <= _options.MaxGroupBytes)
            && _requests.Reader.TryRead(out request))
        {
            group.Add(request);
        }

        return group;
    }

    /// <summary>The payload of a group's frame.</summary>
    private ReadOnlyMemory<byte> Frame(AppendGroup<TEvent> group)
    {
        if (group.Requests.Count == 1 && _options.Durability != Durability.None)
        {
            GroupPayload.Complete(group.Requests[0].Payload, group.Notes);
            return group.Requests[0].Payload.WrittenMemory;
        }

        _frame.Clear();
        GroupPayload.Begin(_frame, _codec.Fingerprint);
        foreach (AppendRequest<TEvent> request in group.Requests)
        {
            _frame.WriteRaw(request.Payload.Written[GroupPayload.PrefixLength..]);
        }

        GroupPayload.Complete(_frame, group.Notes);
        return _frame.WrittenMemory;
    }

    private async Task ApplyGroupsAsync()
    {
        await foreach (AppendGroup<TEvent> group in _groups.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            try
            {
                if (_applyFault is { } earlier)
                {
                    group.Fail(Stopped(earlier));
                    continue;
                }

                group.ApplyTo(_consumer);
                Volatile.Write(ref _acknowledged, group.Range.End.Value);
                group.Complete();
                _applied();
            }
            catch (Exception error)
            {
                _applyFault = error;
                Stop(error);
                group.Fail(Stopped(error));
            }
        }

        if (Fault is { } fault)
        {
            _consumer.Stop(Stopped(fault));
        }
    }

    private void Stop(Exception error)
    {
        Interlocked.CompareExchange(ref _fault, error, null);
        _requests.Writer.TryComplete();
        Interlocked.Exchange(ref _writeAwaited, null)?.TrySetResult();
    }
}
