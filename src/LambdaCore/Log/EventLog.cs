using System.Runtime.CompilerServices;
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
internal sealed partial class EventLog<TEvent> : IDisposable, IAsyncDisposable
{
    private const string Folder = "log";

    private readonly IStorage _storage;
    private readonly EventCodec<TEvent> _codec;
    private readonly EventLogOptions _options;
    private readonly DuckDbEngine _duckDb;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly DeltaTable _table;
    private readonly WriteAheadLog _wal;
    private readonly SegmentVerifier _verifier;
    private readonly DeadLetterTable<TEvent> _deadLetters;
    private readonly SemaphoreSlim _sealing = new(1);
    private AppendPipeline<TEvent>? _pipeline;
    private volatile Content _content;
    private EventTimeTally _replayed;
    private Task _backgroundSeal = Task.CompletedTask;
    private int _backgroundSealing;
    private LogPosition _sealTried;
    private long _replayedBytes;
    private long _replayedIngestedAt = long.MinValue;
    private long _sealedBytes;

    private EventLog(
        IStorage storage, DuckDbEngine duckDb, EventCodec<TEvent> codec, EventLogOptions options, TimeProvider clock, ILogger logger, DeltaTable table, StoredSchema schema)
    {
        _storage = storage;
        _codec = codec;
        _options = options;
        _duckDb = duckDb;
        _clock = clock;
        _logger = logger;
        _table = table;
        _content = Content.Of(table);
        _replayed = _content.Tally.Whole;
        _verifier = new SegmentVerifier(storage, Folder);
        Use(schema);
        foreach (string orphan in table.UnknownFiles(".parquet"))
        {
            storage.Delete($"{Folder}/{orphan}");
        }

        _deadLetters = new DeadLetterTable<TEvent>(storage, duckDb, codec, schema, clock, table.StoreId, _content.Segments.Start, _content.Segments.End);
        _wal = WriteAheadLog.Open(storage, table.StoreId, _content.Segments.End, options.WriteAhead);
        table.KeepHead();
    }

    /// <summary>The store's id, given when it was created.</summary>
    public Guid StoreId => _table.StoreId;

    /// <summary>The end of the master dataset.</summary>
    public LogPosition SealedEnd => _content.Segments.End;

    /// <summary>The end of the log.</summary>
    public LogPosition End => _wal.End;

    /// <summary>The end of what was acknowledged.</summary>
    public LogPosition Acknowledged => _pipeline!.Acknowledged;

    /// <summary>What the times of the events before a position came to.</summary>
    /// <param name="end">The end of a segment, as the end of each batch is; else the end of the last segment before it counts.</param>
    public EventTimeTally SealedTally(LogPosition end) => _content.Tally.Before(end);

    /// <summary>How many events of a range only batch views count.</summary>
    /// <param name="range">From the end of one segment to that of another.</param>
    public long BatchOnlyIn(LogRange range) => SealedTally(range.End).BatchOnly - SealedTally(range.Start).BatchOnly;

    /// <summary>When the newest sealed event was appended, in microseconds since the Unix epoch; <see cref="long.MinValue"/> for none.</summary>
    public long SealedIngestedAt =>
        _content.Segments.Segments.Count == 0 ? Dropped.LastIngestedAt : SegmentTags.LastIngestedAt(_content.Segments.Segments[^1]);

    /// <summary>
    /// About the size of the events from a position on, as they are on disk: in the write-ahead log, or in segments. Quick where the position is
    /// near the end.
    /// </summary>
    public long BytesAfter(LogPosition position)
    {
        long bytes = Math.Max(0, _replayedBytes + _pipeline!.AppendedBytes - Volatile.Read(ref _sealedBytes));
        IReadOnlyList<SegmentFile> segments = _content.Segments.Segments;
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
    /// <exception cref="LambdaCoreException">The events cannot be read as the event type safely. Nothing was changed on disk.</exception>
    public static EventLog<TEvent> Open(
        IStorage storage, DuckDbEngine duckDb, EventCodec<TEvent> codec, EventLogOptions options, TimeProvider clock, ILogger logger)
    {
        storage.CreateFolder(Folder);
        DeltaTable table = OpenTable(storage, clock) ?? CreateTable(storage, clock, codec);
        StoredSchema stored = StoredSchemaJson.Read(Folder, table.Snapshot.Metadata);
        LogPosition end = EndOf(storage, table);
        StoredSchema wanted = new SchemaEvolution(stored, codec.Schema, codec.EventTimeProperty, codec.Fingerprint, end).Resolve();
        wanted = StoredAmendments.Declare(stored, wanted, codec.Amendments, codec.Schema, isEmpty: end == LogPosition.Zero);
        EventLog<TEvent> log = new(storage, duckDb, codec, options, clock, logger, table, stored);
        try
        {
            log.Evolve(wanted);
            return log;
        }
        catch
        {
            log.Dispose();
            throw;
        }
    }

    /// <summary>Hands the events that are not sealed to a consumer, group by group.</summary>
    public void Replay(IGroupConsumer<TEvent> consumer)
    {
        _recoveredProducers.Begin(_table.Snapshot.Transactions);
        if (_wal.End == SealedEnd)
        {
            return;
        }

        using FrameDecoder<TEvent> frames = new(_wal.Read(new LogRange(SealedEnd, _wal.End)), _codec);
        while (frames.MoveNext())
        {
            _replayed = _replayed.Plus(frames.Tally);
            _recoveredProducers.Advance(frames.Frame, frames.Producers);
            _replayedBytes += frames.Frame.Payload.Length;
            _replayedIngestedAt = frames.Frame.IngestedAtMicroseconds;
            consumer.Apply(new DurableGroup<TEvent>
            {
                Events = frames.Events,
                Times = frames.EventTimes,
                Skipped = frames.Times.Skipped,
                First = frames.Frame.First,
                IngestedAt = frames.Frame.IngestedAtMicroseconds,
                Tally = _replayed,
            });
        }
    }

    /// <summary>Begins to take in events.</summary>
    /// <param name="consumer">Takes in each durable group.</param>
    public void Start(IGroupConsumer<TEvent> consumer)
    {
        _pipeline = new AppendPipeline<TEvent>(_codec, _wal, _options, _replayed, Math.Max(_replayedIngestedAt, SealedIngestedAt), _clock, consumer, SealWhenLarge);
        _producers = new ProducerTable<TEvent>(_pipeline, _recoveredProducers);
    }

    /// <inheritdoc cref="AppendPipeline{TEvent}.AppendAsync(TEvent, CancellationToken)"/>
    public ValueTask<LogPosition> AppendAsync(TEvent e, CancellationToken cancellationToken) => _pipeline!.AppendAsync(e, cancellationToken);

    /// <inheritdoc cref="AppendPipeline{TEvent}.AppendAsync(ReadOnlyMemory{TEvent}, CancellationToken)"/>
    public ValueTask<LogRange> AppendAsync(ReadOnlyMemory<TEvent> events, CancellationToken cancellationToken) => _pipeline!.AppendAsync(events, cancellationToken);

    /// <summary>Moves events from the write-ahead log into the master dataset.</summary>
    /// <param name="end">Seal at least the events before this position, which is the end of a group that was applied.</param>
    /// <param name="cancellationToken">Stops between two segments.</param>
    public Task SealAsync(LogPosition end, CancellationToken cancellationToken) => SealAsync(() => end, cancellationToken);

    /// <summary>Moves events from the write-ahead log into the master dataset, so that a segment ends at a position that is chosen on the spot.</summary>
    /// <param name="chooseEnd">Called when nothing else is being sealed: gives the end of a group that was applied, not before <see cref="SealedEnd"/>.</param>
    /// <param name="cancellationToken">Stops between two segments.</param>
    /// <returns>What was chosen.</returns>
    public async Task<LogPosition> SealAsync(Func<LogPosition> chooseEnd, CancellationToken cancellationToken)
    {
        await _sealing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            LogPosition end = chooseEnd();
            await SealHeldAsync(end, cancellationToken).ConfigureAwait(false);
            return end;
        }
        finally
        {
            _sealing.Release();
        }
    }

    /// <summary>Reads the events that were rejected, in order, up to those that are acknowledged when the reading begins.</summary>
    public async IAsyncEnumerable<DeadLetter<TEvent>> ReadDeadLettersAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        IDisposable lease;
        IReadOnlyList<SegmentFile> files;
        List<DeadLetter<TEvent>> notSealed;
        await _sealing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // What a batch has sealed was applied, but may be a moment away from being acknowledged.
            LogPosition end = LogPosition.Max(Acknowledged, SealedEnd);
            await _pipeline!.WaitUntilWrittenAsync(end, cancellationToken).ConfigureAwait(false);
            notSealed = await Task.Run(() => ReadDeadLetters(new LogRange(SealedEnd, end)), cancellationToken).ConfigureAwait(false);
            lease = _deadLetters.Hold(new LogRange(RawStart, SealedEnd), out files);
        }
        finally
        {
            _sealing.Release();
        }

        using (lease)
        {
            foreach (SegmentFile file in files)
            {
                foreach (DeadLetter<TEvent> letter in await Task.Run(() => _deadLetters.Read(file), cancellationToken).ConfigureAwait(false))
                {
                    yield return letter;
                }
            }
        }

        foreach (DeadLetter<TEvent> letter in notSealed)
        {
            yield return letter;
        }
    }

    /// <summary>The segments that hold a range of sealed events; each was verified since the store was opened, and stays on disk until the caller disposes what he gets.</summary>
    /// <exception cref="LogCorruptException">A segment is damaged or missing.</exception>
    /// <exception cref="LambdaCoreException">Retention has removed events of the range.</exception>
    public MaterialisedSegments Segments(LogRange range)
    {
        Content content = _content;
        return Hold(range, () => (content = _content).Covering(range)) with { Revision = content.Revision };
    }

    /// <summary>Stops taking in events, lets those accepted reach their end, and closes the files.</summary>
    public async ValueTask DisposeAsync()
    {
        await _pipeline!.DisposeAsync().ConfigureAwait(false);
        await _backgroundSeal.ConfigureAwait(false);
        try
        {
            if (_pipeline.Fault is null)
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

    private List<DeadLetter<TEvent>> ReadDeadLetters(LogRange notSealed)
    {
        List<DeadLetter<TEvent>> letters = [];
        if (notSealed.IsEmpty)
        {
            return letters;
        }

        using FrameDecoder<TEvent> frames = new(_wal.Read(notSealed), _codec);
        while (frames.MoveNext())
        {
            foreach (JudgedEvent judged in frames.Times.Judged.Where(j => j.Verdict.HasFlag(Verdict.Rejected)))
            {
                TimeSpan lateness = TimeSpan.FromMicroseconds(judged.Watermark - frames.EventTimes[judged.Index]);
                letters.Add(new DeadLetter<TEvent>(
                    frames.Frame.First.Plus(judged.Index),
                    frames.Events[judged.Index],
                    UnixTime.ToDateTimeOffset(frames.Frame.IngestedAtMicroseconds),
                    lateness,
                    SegmentSealer.ReasonOf(lateness, judged.Watermark, frames.Times.GracePeriod)));
            }
        }

        return letters;
    }

    /// <summary>Seals up to a position, while nobody else does.</summary>
    private async Task SealHeldAsync(LogPosition end, CancellationToken cancellationToken)
    {
        await _pipeline!.WaitUntilWrittenAsync(end, cancellationToken).ConfigureAwait(false);
        while (SealedEnd < end)
        {
            cancellationToken.ThrowIfCancellationRequested();
            SealSegment(new LogRange(SealedEnd, end));
        }
    }

    private void SealSegment(LogRange range)
    {
        // A commit that failed may exist all the same, so that its file must stay as it is.
        _table.ThrowIfFailed();
        using WriteAheadReader frames = _wal.Read(range);
        SegmentSealer.SealedRange written = _sealer.Write(frames, range, _options.SegmentEvents);
        string name = SegmentList.PathOf(written.Range);
        try
        {
            // First what was rejected: as long as the master dataset does not say that the range is sealed, it can be done again.
            if (written.DeadLetters is { } deadLetters)
            {
                _deadLetters.Publish(written.Range, deadLetters);
            }

            // An attempt that failed before it came to its commit may have left a file there.
            _storage.Delete($"{Folder}/{name}");
            _storage.Adopt(written.Master.ScratchPath, $"{Folder}/{name}");
        }
        catch
        {
            ScratchFile.Discard(written.Master.ScratchPath);
            if (written.DeadLetters is { } deadLetters)
            {
                ScratchFile.Discard(deadLetters.ScratchPath);
            }

            throw;
        }

        DeltaFile added = new(
            name, written.Master.Size, written.Master.Sha256, _clock.GetUtcNow(), written.Master.Stats, SegmentTags.Of(written.Range, written.Tally, written.LastIngestedAt, _schema));
        _table.Commit([added], [], written.Range.End.Value, "SEAL", transactions: written.Producers.Select(p => KeyValuePair.Create(ProducerName.TransactionOf(p.Key), p.Value)));
        _verifier.Trust(added);
        _content = Content.Of(_table);
        Volatile.Write(ref _sealedBytes, _sealedBytes + written.EncodedBytes);
        _wal.TruncateBefore(written.Range.End);
        LogMessages.SegmentSealed(_logger, name, written.Range.Count, written.Master.Size);
    }

    /// <summary>Called after each group that was applied: what is not, stays, so that a batch can always begin where the master dataset ends or later.</summary>
    private void SealWhenLarge()
    {
        // After a failure not every append tries again, only the one that completes another segment.
        LogPosition end = Acknowledged;
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
