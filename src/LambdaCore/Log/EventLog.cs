using System.Globalization;
using LambdaCore.Diagnostics;
using LambdaCore.DuckDb;
using LambdaCore.Storage;
using LambdaCore.Tables;
using LambdaCore.Values;
using Microsoft.Extensions.Logging;

namespace LambdaCore.Log;

/// <summary>
/// The truth of a store: all events in order. The newest stand in the write-ahead log; what is sealed stands in Parquet
/// segments under a Delta transaction log, the master dataset.
/// </summary>
/// <remarks>Thread-safe. <see cref="Replay"/> and <see cref="Start"/> come once, in this order, before the first append.</remarks>
/// <typeparam name="TEvent">The event type.</typeparam>
internal sealed class EventLog<TEvent> : IDisposable, IAsyncDisposable
{
    private const string Folder = "log";
    private const string MaxEventTimeTag = "max_event_time";
    private const string LastIngestedAtTag = "last_ingested_at";

    private readonly IStorage _storage;
    private readonly EventCodec<TEvent> _codec;
    private readonly EventLogOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly DeltaTable _table;
    private readonly WriteAheadLog _wal;
    private readonly SegmentSealer _sealer;
    private readonly SegmentVerifier _verifier;
    private readonly SemaphoreSlim _sealing = new(1);
    private AppendPipeline<TEvent>? _pipeline;
    private volatile SegmentList _segments;
    private Task _backgroundSeal = Task.CompletedTask;
    private int _backgroundSealing;
    private LogPosition _sealTried;
    private long _replayedBytes;
    private long _sealedBytes;

    private EventLog(
        IStorage storage, DuckDbEngine duckDb, EventCodec<TEvent> codec, EventLogOptions options, TimeProvider clock, ILogger logger, DeltaTable table)
    {
        _storage = storage;
        _codec = codec;
        _options = options;
        _clock = clock;
        _logger = logger;
        _table = table;
        _segments = SegmentList.Of(table);
        _verifier = new SegmentVerifier(storage, Folder);
        _sealer = new SegmentSealer(storage, duckDb, codec.Schema, codec.EventTimeProperty, codec.Fingerprint);
        foreach (string orphan in table.UnknownFiles(".parquet"))
        {
            storage.Delete($"{Folder}/{orphan}");
        }

        _wal = WriteAheadLog.Open(storage, table.StoreId, _segments.End, new WriteAheadLogOptions());
    }

    /// <summary>The store's id, given when it was created.</summary>
    public Guid StoreId => _table.StoreId;

    /// <summary>The end of the master dataset.</summary>
    public LogPosition SealedEnd => _segments.End;

    /// <summary>The end of the log.</summary>
    public LogPosition End => _wal.End;

    /// <summary>The end of what was acknowledged.</summary>
    public LogPosition Acknowledged => _pipeline!.Acknowledged;

    /// <summary>
    /// The highest event time in the segments that end at or before a position, in microseconds since the Unix epoch;
    /// <see cref="long.MinValue"/> if there are none.
    /// </summary>
    public long SealedWatermark(LogPosition end) => _segments.Segments
        .TakeWhile(s => s.Range.End <= end)
        .Select(s => long.Parse(s.File.Tags[MaxEventTimeTag], CultureInfo.InvariantCulture))
        .Append(long.MinValue)
        .Max();

    /// <summary>When the newest sealed event was appended, in microseconds since the Unix epoch; <see cref="long.MinValue"/> for none.</summary>
    public long SealedIngestedAt =>
        _segments.Segments.Count == 0 ? long.MinValue : long.Parse(_segments.Segments[^1].File.Tags[LastIngestedAtTag], CultureInfo.InvariantCulture);

    /// <summary>
    /// About the size of the events from a position on, as they are on disk: in the write-ahead log, or in segments. Quick where the position is
    /// near the end.
    /// </summary>
    public long BytesAfter(LogPosition position)
    {
        long bytes = Math.Max(0, _replayedBytes + (_pipeline?.AppendedBytes ?? 0) - Volatile.Read(ref _sealedBytes));
        IReadOnlyList<SegmentFile> segments = _segments.Segments;
        for (int i = segments.Count - 1; i >= 0 && segments[i].Range.End > position; i--)
        {
            LogRange range = segments[i].Range;
            long counted = range.End.Value - LogPosition.Max(range.Start, position).Value;
            bytes += (long)((Int128)segments[i].File.Size * counted / range.Count);
        }

        return bytes;
    }

    /// <summary>Opens the log of a store, or creates it.</summary>
    /// <exception cref="LogCorruptException">Acknowledged events are damaged or missing.</exception>
    /// <exception cref="TableCorruptException">The transaction log of the master dataset is damaged.</exception>
    /// <exception cref="LambdaCoreException">The master dataset has other columns than the event type.</exception>
    public static EventLog<TEvent> Open(
        IStorage storage, DuckDbEngine duckDb, EventCodec<TEvent> codec, EventLogOptions options, TimeProvider clock, ILogger logger)
    {
        storage.CreateFolder(Folder);
        DeltaTable table = DeltaTable.OpenOrCreate(storage, clock, Folder, codec.Schema.EventType.Name, MasterSchema.Of(codec.Schema), storeId: null);
        return new EventLog<TEvent>(storage, duckDb, codec, options, clock, logger, table);
    }

    /// <summary>Hands the events that are not sealed to a consumer, group by group.</summary>
    public unsafe void Replay(IGroupConsumer<TEvent> consumer)
    {
        if (_wal.End == SealedEnd)
        {
            return;
        }

        using WriteAheadReader frames = _wal.Read(new LogRange(SealedEnd, _wal.End));
        TEvent[] events = [];
        long[] times = [];
        while (frames.TryRead(out WriteAheadFrame frame))
        {
            if (events.Length < frame.Count)
            {
                events = new TEvent[frame.Count];
                times = new long[frame.Count];
            }

            ReadOnlySpan<byte> payload = frame.Payload.Span;
            _replayedBytes += payload.Length;
            fixed (byte* start = payload)
            {
                ByteReader reader = new(start, payload.Length);
                if ((ulong)reader.ReadInt64() != _codec.Fingerprint)
                {
                    throw SegmentSealer.OtherColumns(frame.First, frame.End, _codec.Schema.EventType);
                }

                for (int i = 0; i < frame.Count; i++)
                {
                    events[i] = _codec.Decode(ref reader);
                    times[i] = _codec.EventTime(events[i]);
                }
            }

            consumer.Apply(events.AsSpan(0, frame.Count), times.AsSpan(0, frame.Count), frame.First, frame.IngestedAtMicroseconds);
        }
    }

    /// <summary>Begins to take in events.</summary>
    /// <param name="consumer">Takes in each durable group.</param>
    public void Start(IGroupConsumer<TEvent> consumer) =>
        _pipeline = new AppendPipeline<TEvent>(_codec, _wal, _options, _clock, consumer, SealWhenLarge);

    /// <inheritdoc cref="AppendPipeline{TEvent}.AppendAsync(TEvent, CancellationToken)"/>
    public ValueTask<LogPosition> AppendAsync(TEvent e, CancellationToken cancellationToken) => _pipeline!.AppendAsync(e, cancellationToken);

    /// <inheritdoc cref="AppendPipeline{TEvent}.AppendAsync(ReadOnlyMemory{TEvent}, CancellationToken)"/>
    public ValueTask<LogRange> AppendAsync(ReadOnlyMemory<TEvent> events, CancellationToken cancellationToken) => _pipeline!.AppendAsync(events, cancellationToken);

    /// <summary>Moves events from the write-ahead log into the master dataset.</summary>
    /// <param name="end">Seal at least the events before this position, which is the end of a group.</param>
    /// <param name="cancellationToken">Stops between two segments.</param>
    public async Task SealAsync(LogPosition end, CancellationToken cancellationToken)
    {
        await _sealing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await _pipeline!.WaitUntilWrittenAsync(end, cancellationToken).ConfigureAwait(false);
            while (SealedEnd < end)
            {
                cancellationToken.ThrowIfCancellationRequested();
                SealSegment(new LogRange(SealedEnd, end));
            }
        }
        finally
        {
            _sealing.Release();
        }
    }

    /// <summary>The segments that hold a range of sealed events; each was verified since the store was opened.</summary>
    /// <exception cref="LogCorruptException">A segment is damaged or missing.</exception>
    public MaterialisedSegments Segments(LogRange range)
    {
        IReadOnlyList<SegmentFile> segments = _segments.Covering(range);
        return segments.Count == 0
            ? new MaterialisedSegments(range, [])
            : new MaterialisedSegments(
                new LogRange(segments[0].Range.Start, segments[^1].Range.End), [.. segments.Select(_verifier.Materialise)]);
    }

    /// <summary>Stops taking in events, lets those accepted reach their end, and closes the files.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_pipeline is not null)
        {
            await _pipeline.DisposeAsync().ConfigureAwait(false);
        }

        await _backgroundSeal.ConfigureAwait(false);
        try
        {
            if (_pipeline?.Fault is null)
            {
                _wal.Close();
            }
        }
        finally
        {
            Dispose();
        }
    }

    /// <summary>Closes the files of a log that was never started.</summary>
    public void Dispose()
    {
        _wal.Dispose();
        _sealing.Dispose();
    }

    private void SealSegment(LogRange range)
    {
        // A commit that failed may exist all the same, so that its file must stay as it is.
        _table.ThrowIfFailed();
        using WriteAheadReader frames = _wal.Read(range);
        SegmentSealer.SealedFile file = _sealer.Write(frames, range, _options.SegmentEvents);
        string name = SegmentList.PathOf(file.Range);
        try
        {
            // An attempt that failed before it came to its commit may have left a file there.
            _storage.Delete($"{Folder}/{name}");
            _storage.Adopt(file.ScratchPath, $"{Folder}/{name}");
        }
        catch
        {
            ScratchFile.Discard(file.ScratchPath);
            throw;
        }

        string stats = DeltaStats.Json(
            file.Range.Count,
            new DeltaColumnStats(EventSchema.PositionColumn, IsTimestamp: false, file.Range.Start.Value, file.Range.End.Value - 1, 0),
            new DeltaColumnStats(_codec.EventTimeProperty.Name, IsTimestamp: true, file.MinEventTime, file.MaxEventTime, 0));
        IEnumerable<KeyValuePair<string, string>> tags = SegmentList.TagsOf(file.Range)
            .Append(new(MaxEventTimeTag, file.MaxEventTime.ToString(CultureInfo.InvariantCulture)))
            .Append(new(LastIngestedAtTag, file.LastIngestedAt.ToString(CultureInfo.InvariantCulture)));
        DeltaFile added = new(name, file.Size, file.Sha256, _clock.GetUtcNow(), stats, tags);
        _table.Commit([added], [], file.Range.End.Value, "SEAL");
        _verifier.Trust(added);
        _segments = SegmentList.Of(_table);
        Volatile.Write(ref _sealedBytes, _sealedBytes + file.EncodedBytes);
        _wal.TruncateBefore(file.Range.End);
        LogMessages.SegmentSealed(_logger, name, file.Range.Count, file.Size);
    }

    /// <summary>Called by the writer after each group.</summary>
    private void SealWhenLarge()
    {
        // After a failure not every append tries again, only the one that completes another segment.
        LogPosition end = _wal.End;
        if (end.Value - LogPosition.Max(SealedEnd, _sealTried).Value >= _options.SegmentEvents && Interlocked.Exchange(ref _backgroundSealing, 1) == 0)
        {
            _sealTried = end;
            _backgroundSeal = Task.Run(() => SealInBackgroundAsync(end));
        }
    }

    private async Task SealInBackgroundAsync(LogPosition end)
    {
        try
        {
            await SealAsync(end, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            // Nothing is lost: the events stay in the write-ahead log, and the next batch run reports the error to its caller.
            LogMessages.SealFailed(_logger, error, SealedEnd.Value, end.Value);
        }
        finally
        {
            Volatile.Write(ref _backgroundSealing, 0);
        }
    }
}
