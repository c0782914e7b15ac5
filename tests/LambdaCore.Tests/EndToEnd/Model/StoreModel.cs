using System.Text;
using LambdaCore.Log;
using LambdaCore.Storage;
using LambdaCore.Tables;
using LambdaCore.Values;

namespace LambdaCore.Tests.EndToEnd.Model;

/// <summary>
/// A store and the list that it must agree with. A method with a <see cref="RandomStepAttribute"/> is one step of a random sequence; <see cref="Steps"/> tells them.
/// Groups of steps stand in parts of the class, in the folder Steps.
/// </summary>
internal sealed partial class StoreModel : IAsyncDisposable
{
    private static readonly EventCodec<AnyEvent> Codec = CreateCodec();

    private readonly Random _random;
    private readonly AnyEventSource _source;
    private readonly Durability _durability;
    private readonly int _segmentEvents;
    private ModelLog _log = new();
    private JudgedTimes _times = new();
    private Dictionary<string, long> _batchEnds = [];
    private readonly StringBuilder _steps = new();
    private HashSet<string> _known = [];
    private readonly SimulatedClock _clock;
    private string? _folder;
    private InMemoryStorage? _memory;
    private LambdaStore<AnyEvent>? _store;
    private List<ModelView> _views = [];
    private Dictionary<string, Reconciliation> _reconciliations = [];
    private TimeOptions _timeOptions;
    private bool _diskFailed;
    private bool _lastBatchFailed;
    private readonly BatchSchedule _schedule;
    private BatchRun? _knownRun;
    private bool _paused;
    private Dictionary<string, long> _readInLog = [];

    /// <summary>Draws how the store is kept.</summary>
    /// <param name="random">Decides everything.</param>
    public StoreModel(Random random)
    {
        _random = random;
        _source = new AnyEventSource(random);
        _durability = random.Next(6) switch { 0 => Durability.Fsync, 1 => Durability.None, _ => Durability.Buffered };
        _segmentEvents = random.Next(3) switch { 0 => 1 + random.Next(20), 1 => 50 + random.Next(200), _ => 1_000_000 };
        _folder = random.Next(8) == 0 ? Directory.CreateTempSubdirectory("lambdacore-e2e-").FullName : null;
        _memory = _folder is null ? new InMemoryStorage() : null;
        _timeOptions = TimeOptions.Draw(random);
        _clock = new SimulatedClock(_source.Now);
        _schedule = random.Next(9) switch
        {
            0 => BatchSchedule.AfterEvents(1 + random.Next(40)),
            1 => BatchSchedule.Every(TimeSpan.FromMinutes(1 + random.Next(100))).OrAfterEvents(1 + random.Next(100)),
            2 => BatchSchedule.AfterBytes(1 + random.Next(20_000)).OrEvery(TimeSpan.FromMinutes(1 + random.Next(100))),
            _ => BatchSchedule.ByHand,
        };
        Tell($"a store {(_folder is null ? "in memory" : "on disk")}, {_durability}, segments of {_segmentEvents}, batches {_schedule}");
    }

    /// <summary>What was done so far, a step a line.</summary>
    public string Steps => _steps.ToString();

    /// <summary>How many events were acknowledged.</summary>
    public int Count => _log.Count;

    /// <summary>Whether states of the speed layer moved out of its tables.</summary>
    public bool HasSpilled { get; private set; }

    /// <summary>How many runs by the schedule were seen.</summary>
    public int ScheduledRuns { get; private set; }

    /// <summary>How many keys the drift audit has compared.</summary>
    public long AuditedKeys { get; private set; }

    /// <summary>How often rows were made in which way.</summary>
    public Dictionary<string, int> Ways { get; } = [];

    /// <summary>How the store is kept.</summary>
    public Durability Durability => _durability;

    /// <summary>Whether the store is in memory, so that its power can be cut.</summary>
    public bool IsInMemory => _memory is not null;

    /// <summary>The store at rest.</summary>
    public StoreMoment Moment
    {
        get
        {
            LearnAmendments();
            return new(_store!, _log, _batchEnds, _source, _times)
            {
                Reconciliations = _reconciliations,
                Ways = Ways,
                ReadInLog = _readInLog,
                LastBatchFailed = !_schedule.IsByHand && (_diskFailed || _paused) ? null : _lastBatchFailed,
            };
        }
    }

    /// <summary>Opens the store with some views of the pool.</summary>
    public async Task OpenAsync(IReadOnlyList<ModelView> views)
    {
        _timeOptions = _random.Next(3) == 0 ? TimeOptions.Draw(_random) : _timeOptions;
        _reconciliations = views.ToDictionary(v => v.Name, _ => _random.Next(2) == 0 ? Reconciliation.Merge : RandomReconciliation.Of(_random));
        Tell($"open with {string.Join(", ", views.Select(v => $"{v.Name} by {_reconciliations[v.Name]}"))}, {_timeOptions}");
        _views = [.. views];
        _known.UnionWith(views.Select(v => v.Name));
        LambdaStoreOptions<AnyEvent> options = new()
        {
            Durability = _durability,
            SegmentEvents = _segmentEvents,
            SpeedMemoryBytes = 16 << 20,
            BatchMemoryBytes = 256L << 20,
            BatchThreads = 1,
            TimeProvider = _clock,
            BatchSchedule = _schedule,
            AllowedDisorder = _timeOptions.Disorder,
            GracePeriod = _timeOptions.Grace,
            LateEvents = _timeOptions.Policy,
            FutureBound = _timeOptions.FutureBound,
            AnswersFromLog = _random.Next(2) == 0 && _schedule.IsByHand, // A batch by its schedule may seal more before anybody can look how far it was.
        };
        options.EventTime(e => e.At);
        foreach (ModelView view in _views)
        {
            options.AddView(view.Definition, _reconciliations[view.Name] is { } by && (by != Reconciliation.Merge || _random.Next(2) == 0) ? by : null);
        }

        RandomSteps.Configure(this, options);
        options.Validate();
        _batchEnds.Clear();
        _diskFailed = false;
        _lastBatchFailed = false;
        _store = await Task.Run(() => _memory is null ? StoreOpening.Open(_folder!, options) : StoreOpening.Open("memory", _memory, options));
        LookWhatLogAnswers();
        LearnAmendments();
        Model.Check(_store.Position.Value == _log.Count, $"the store opened at {_store.Position}, but {_log.Count} events were acknowledged");
    }

    /// <summary>Appends one event.</summary>
    [RandomStep(10)]
    public async Task AppendOneAsync()
    {
        Tell($"append one at {_log.Count}");
        MoveClock();
        AnyEvent e = _source.Next();
        AnyEvent kept = e.WithOwnArrays();
        LogPosition at = await _store!.AppendAsync(e);
        Model.Check(at.Value == _log.Count, $"the event got position {at}, but {_log.Count} was next");
        Keep([kept]);
        Scribble(e);
    }

    /// <summary>Appends a few events as one.</summary>
    [RandomStep(8)]
    public Task AppendBatchAsync() => AppendBatchAsync(_random.Next(40));

    /// <summary>Appends several events as one.</summary>
    public async Task AppendBatchAsync(int count)
    {
        Tell($"append {count} at {_log.Count}");
        MoveClock();
        AnyEvent[] batch = _source.Next(count);
        AnyEvent[] kept = [.. batch.Select(e => e.WithOwnArrays())];
        LogRange at = await _store!.AppendAsync(batch);
        Model.Check(at.Start.Value == _log.Count && at.Count == count, $"{count} events got the range {at}, but {_log.Count} was next");
        Keep(kept);
        Array.ForEach(batch, Scribble);
    }

    /// <summary>Appends from several callers who do not wait for each other.</summary>
    [RandomStep(4)]
    public async Task AppendConcurrentlyAsync()
    {
        int callers = 2 + _random.Next(4);
        MoveClock();
        AnyEvent[][] batches = [.. Enumerable.Range(0, callers).Select(_ => _source.Next(_random.Next(1, 12)))];
        Tell($"append {string.Join(" and ", batches.Select(b => b.Length))} side by side at {_log.Count}");
        LogRange[] ranges = await Task.WhenAll(batches.Select(batch => Task.Run(() => _store!.AppendAsync(batch).AsTask())));
        foreach ((LogRange range, AnyEvent[] batch) in ranges.Zip(batches).OrderBy(pair => pair.First.Start))
        {
            Model.Check(range.Start.Value == _log.Count && range.Count == batch.Length, $"{batch.Length} events got the range {range}, but {_log.Count} was next");
            Keep(batch);
        }
    }

    /// <summary>Seals what there is, as a store does by itself when enough has gathered.</summary>
    [RandomStep(4)]
    public async Task SealAsync()
    {
        if (_diskFailed)
        {
            return;
        }

        Tell($"seal up to {_log.Count}");
        await StoreInternals<AnyEvent>.Of(_store!).Log.SealAsync(_store!.Position, CancellationToken.None);
        Model.Check(_store.SealedPosition == _store.Position, $"sealed up to {_store.SealedPosition}, not {_store.Position}");
    }

    /// <summary>Runs a batch.</summary>
    [RandomStep(6)]
    public async Task RunBatchAsync()
    {
        BatchMode mode = _random.Next(4) == 0 ? BatchMode.Full : BatchMode.Incremental;
        Tell($"{(mode == BatchMode.Full ? "full batch" : "batch")} up to {_log.Count}");
        BatchRun run;
        try
        {
            run = await _store!.RunBatchAsync(mode);
            _knownRun = run;
        }
        catch (LambdaCoreException error) when (_diskFailed)
        {
            _lastBatchFailed = true;
            LearnAmendments();

            // A table whose commit failed takes no more until the store is opened again.
            Tell($"  it failed, as the disk did earlier: {error.Message}");
            _batchEnds.Clear();
            return;
        }

        _lastBatchFailed = false;
        CheckAmendments(run);
        LearnAmendments();
        Model.Check(run.End.Value == _log.Count, $"the batch run ended at {run.End}, but {_log.Count} events were acknowledged");
        if (_schedule.IsByHand)
        {
            foreach (ModelView view in _views.Where(v => mode == BatchMode.Full || !IsRebuilding(v)))
            {
                _batchEnds[view.Name] = run.End.Value;
            }
        }
    }

    /// <summary>Lets the disk refuse batch views for hours, while the store is used, and then lets the batch catch up.</summary>
    [RandomStep(1)]
    public async Task PauseBatchesAsync()
    {
        if (_memory is null || _diskFailed || _views.All(IsRebuilding))
        {
            return;
        }

        Tell("the disk refuses batch views");
        _paused = true;
        _batchEnds.Clear();
        _memory.BeforeCall = call =>
        {
            if (call.Operation == StorageOperation.Rename && call.Path.StartsWith("views/", StringComparison.Ordinal))
            {
                throw new StorageException("Storage failed: EIO, on demand.");
            }
        };
        for (int i = _random.Next(2, 5); i > 0; i--)
        {
            await AppendBatchAsync(_random.Next(1, 20));
            _clock.Advance(TimeSpan.FromMinutes(_random.Next(180)));
            if (_schedule.IsByHand)
            {
                Model.Check(await FailsAsync(), $"a batch run succeeded, though the disk refuses batch views");
                _lastBatchFailed = true;
            }

            await AskAsync();
            await AskAsync();
        }

        Tell("the disk is well again");
        _memory.BeforeCall = null;
        await CatchUpAsync();
        _paused = false;
        _lastBatchFailed = false;
        await AskAllAsync();

        async Task<bool> FailsAsync()
        {
            try
            {
                await _store!.RunBatchAsync();
                return false;
            }
            catch (StorageException)
            {
                return true;
            }
        }
    }

    /// <summary>Looks whether anything has gone wrong out of sight.</summary>
    public void CheckHealth()
    {
        DriftReport drift = _store!.Drift;
        Model.Check(drift.Mismatches == 0, $"the layers disagree: {string.Join("; ", drift.LatestMismatches)}");
        Model.Check(_diskFailed || !drift.RangesSkipped.ContainsKey(DriftReport.Failed), $"an audit failed");
        BatchStatus status = _store.BatchStatus;
        Model.Check(_diskFailed || _paused || status.ConsecutiveFailures == 0, $"a batch run failed by itself: {status.LastFailure}");
        ScheduledRuns += status.LastRun is null || status.LastRun == _knownRun ? 0 : 1;
        _knownRun = status.LastRun;
    }

    /// <summary>Looks up to where views are answered from the log: what was sealed when the store was opened, or when events changed.</summary>
    private void LookWhatLogAnswers() =>
        _readInLog = StoreInternals<AnyEvent>.Of(_store!).Views.Where(v => v.SpeedStart > v.Snapshot.End).ToDictionary(v => v.Plan.Name, v => v.SpeedStart.Value);

    /// <summary>Runs a batch after every few events, so that views have several layers.</summary>
    [RandomStep(2)]
    public async Task RunBatchesAsync()
    {
        for (int runs = _random.Next(2, 6); runs > 0; runs--)
        {
            await AppendBatchAsync(_random.Next(1 << _random.Next(6)));
            await RunBatchAsync();
        }
    }

    /// <summary>Runs a batch, and cancels it at one of its steps.</summary>
    [RandomStep(2)]
    public async Task CancelBatchAsync()
    {
        int left = _random.Next(1, 12);
        Tell($"batch up to {_log.Count}, cancelled at step {left}");
        using CancellationTokenSource cancellation = new();
        try
        {
            _knownRun = await _store!.RunBatchAsync(_random.Next(2) == 0 ? BatchMode.Full : BatchMode.Incremental, new Followed(() =>
            {
                if (--left == 0)
                {
                    cancellation.Cancel();
                }
            }), cancellation.Token);
            _lastBatchFailed = false;
        }
        catch (OperationCanceledException)
        {
            Tell("  it was cancelled");
        }
        catch (LambdaCoreException error) when (_diskFailed)
        {
            Tell($"  it failed, as the disk did earlier: {error.Message}");
            _lastBatchFailed = true;
        }
        finally
        {
            _batchEnds.Clear();
            LearnAmendments();
        }
    }

    /// <summary>Begins generations of the speed layer as batch runs that then fail do, so that old ones move out of memory.</summary>
    [RandomStep(2)]
    public async Task FailBatchesAsync()
    {
        Tell("three batch runs that fail as they begin");
        for (int i = 0; i < 3; i++)
        {
            StoreInternals<AnyEvent>.Of(_store!).Speed.OpenGeneration();
            if (i < 2)
            {
                await AppendBatchAsync(1 + _random.Next(10));
            }
        }

        await AppendBatchAsync(1 + _random.Next(10));
        HasSpilled |= StoreInternals<AnyEvent>.Of(_store!).Speed.SpillMemoryBytes > 0;
    }

    /// <summary>Runs a batch while the disk fails, once.</summary>
    [RandomStep(2)]
    public async Task RunBatchOnFailingDiskAsync()
    {
        if (_memory is null)
        {
            return;
        }

        int left = _random.Next(60);
        bool failed = false;
        Tell($"batch up to {_log.Count}, while the disk fails after {left} renames, maps or creations");
        _memory.BeforeCall = call =>
        {
            if (call.Operation is StorageOperation.Rename or StorageOperation.Map && left-- == 0)
            {
                failed = true;
                throw new StorageException("Storage failed: EIO, on demand.");
            }
        };
        try
        {
            _knownRun = await _store!.RunBatchAsync();
            _lastBatchFailed = false;
        }
        catch (LambdaCoreException error)
        {
            Tell($"  it failed: {error.Message}");
            _diskFailed = true;
            _lastBatchFailed = true;
        }
        finally
        {
            _memory.BeforeCall = null;
            _batchEnds.Clear();

            // It may have been a run by the schedule that met the disk, or a compaction after the run, whose failure is only logged.
            _diskFailed |= failed;
            LearnAmendments();
        }
    }

    /// <summary>Asks a random view a random question.</summary>
    [RandomStep(33)]
    public async Task AskAsync()
    {
        int seed = _random.Next();
        _clock.Advance(TimeSpan.FromMinutes(_random.Next(3) == 0 ? _random.Next(200) : 0));
        ModelView view = _views[_random.Next(_views.Count)];
        Tell($"ask {view.Name}, seed {seed}");
        string asked = await view.CheckAsync(Moment, new Random(seed));
        Tell($"  {asked}");
    }

    /// <summary>Asks what the times of all events came to, and for those that were rejected.</summary>
    [RandomStep(2)]
    public async Task CheckTimesAsync()
    {
        Tell("ask for the status of event time and the dead letters");
        LearnAmendments();
        LogPosition BatchEnd() => StoreInternals<AnyEvent>.Of(_store!).Views.Min(v => v.Snapshot.End);
        LogPosition batchEnd;
        EventTimeStatus status;
        do
        {
            // A batch may run by its schedule meanwhile.
            batchEnd = BatchEnd();
            status = _store!.EventTime;
        }
        while (batchEnd != BatchEnd());
        EventTimeStatus expected = _times.Status(batchEnd.Value);
        Model.Check(status == expected, $"the status of event time is {status}, but it must be {expected}");
        int[] rejected = [.. _times.Rejected.Where(position => position >= _store!.RawStart.Value && _log.Current[position] is not null)];
        int next = 0;
        await foreach (DeadLetter<AnyEvent> letter in _store.ReadDeadLettersAsync())
        {
            Model.Check(next < rejected.Length && letter.Position.Value == rejected[next], $"dead letter {next} has position {letter.Position}, but those rejected are {Values.Show(rejected)}");
            int at = rejected[next++];
            Model.Check(Encode(letter.Event).AsSpan().SequenceEqual(Encode(_log.Current[at]!)), $"the dead letter at {at} came back as {letter.Event}, but was {_log.Current[at]}");
            Model.Check(letter.IngestedAt == _times.IngestedAt(at), $"the dead letter at {at} was appended at {_times.IngestedAt(at):O}, but says {letter.IngestedAt:O}");
            Model.Check(letter.Lateness == _times.Lateness(at), $"the dead letter at {at} was late by {_times.Lateness(at)}, but says {letter.Lateness}");
            Model.Check(letter.Reason.StartsWith($"{letter.Lateness:c} behind the watermark ", StringComparison.Ordinal), $"the dead letter at {at} gives the reason '{letter.Reason}'");
        }

        Model.Check(next == rejected.Length, $"{next} dead letters came back, but those rejected are {Values.Show(rejected)}");
    }

    /// <summary>Asks every view for everything.</summary>
    [RandomStep(2)]
    public async Task AskAllAsync()
    {
        await CheckTimesAsync();
        Tell("ask every view for everything");
        foreach (ModelView view in _views)
        {
            await view.CheckAllAsync(Moment);
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (_store is not null)
            {
                await _store.DisposeAsync();
                Leave();
            }
        }
        catch (LambdaCoreException)
        {
            // It was told where it happened.
        }
        finally
        {
            DeleteStore();
        }
    }

    /// <summary>Lets the batch cover everything, by the schedule if there is one. Its timers are set in the background, so time passes until it has.</summary>
    private async Task CatchUpAsync()
    {
        if (_schedule.Interval is null)
        {
            await RunBatchAsync();
            return;
        }

        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(120));
        while (StoreInternals<AnyEvent>.Of(_store!).Batches.CoveredEnd.Value < _log.Count || _store!.BatchStatus.ConsecutiveFailures > 0)
        {
            _clock.Advance(TimeSpan.FromMinutes(5));
            await Task.Delay(1, limit.Token);
        }
    }

    /// <summary>Lets time pass up to near the events that come next.</summary>
    private void MoveClock()
    {
        TimeSpan ahead = _source.Now + TimeSpan.FromTicks(_random.NextInt64(-TimeSpan.TicksPerHour, 3 * TimeSpan.TicksPerHour)) - _clock.GetUtcNow();
        _clock.Advance(ahead > TimeSpan.Zero ? ahead : TimeSpan.Zero);
    }

    private void Keep(IReadOnlyCollection<AnyEvent> events)
    {
        _times.Add(events, _clock.GetUtcNow(), _timeOptions with { Amends = _isAmending });
        _log.Append(events, _times.Waits);
    }

    private static EventCodec<AnyEvent> CreateCodec()
    {
        EventSchema schema = EventSchema.Of(typeof(AnyEvent));
        return new EventCodec<AnyEvent>(schema, schema.Properties.First(p => p.Name == nameof(AnyEvent.At)));
    }

    /// <summary>An event as the log holds it.</summary>
    public static byte[] Encode(AnyEvent e)
    {
        ByteWriter writer = new();
        Codec.Encode(e, writer);
        return writer.Written.ToArray();
    }

    private void Tell(string step) => _steps.AppendLine(step);

    /// <summary>An acknowledged event is the caller's again, to change as he likes.</summary>
    private static void Scribble(AnyEvent e)
    {
        Array.Fill(e.Payload, (byte)0xEE);
        if (e.PayloadMaybe is { } payload)
        {
            Array.Fill(payload, (byte)0xEE);
        }
    }

    private sealed class Followed(Action step) : IProgress<BatchProgress>
    {
        public void Report(BatchProgress value) => step();
    }
}
