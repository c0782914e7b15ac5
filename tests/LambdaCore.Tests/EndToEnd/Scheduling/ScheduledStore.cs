using System.Diagnostics;
using LambdaCore.Storage;

namespace LambdaCore.Tests.EndToEnd.Scheduling;

/// <summary>A store in memory with a schedule, on a simulated clock.</summary>
internal sealed class ScheduledStore : IAsyncDisposable
{
    private const int SegmentSealed = 10;
    private readonly BatchSchedule _schedule;
    private readonly Func<double> _variation;

    /// <summary>Creates the store and opens it.</summary>
    public ScheduledStore(BatchSchedule schedule, Func<double>? variation = null)
    {
        _schedule = schedule;
        _variation = variation ?? (() => 0.5);
        Store = Open();
    }

    public InMemoryStorage Disk { get; } = new();

    public SimulatedClock Clock { get; } = new();

    public RecordedLog Log { get; } = new();

    public LambdaStore<Purchase> Store { get; private set; }

    /// <summary>How many events were appended.</summary>
    public long Appended { get; private set; }

    /// <summary>Makes the disk refuse whatever belongs to batch views, or heals it.</summary>
    public bool BatchDiskFails
    {
        set => Disk.BeforeCall = !value ? null : call =>
        {
            if (call.Path.StartsWith("views/", StringComparison.Ordinal) && call.Operation is StorageOperation.Rename or StorageOperation.Delete)
            {
                throw new StorageException("The disk refuses.");
            }
        };
    }

    public async Task AppendAsync(int count)
    {
        await Store.AppendAsync(Enumerable.Range(0, count).Select(i => Purchase.Of($"p{(Appended + i) % 7}", i)).ToArray());
        Appended += count;
    }

    /// <summary>Waits until a batch run has ended where it must.</summary>
    public Task UntilRunAsync(long end) => UntilAsync(() => Store.BatchStatus.LastRun?.End.Value == end, $"a run up to {end}");

    /// <summary>Waits until the schedule has set its timer to the moment that it says.</summary>
    public Task UntilWaitingAsync() => UntilAsync(() => Clock.HasTimerAt(Store.BatchStatus.NextDue), "a wait of the schedule");

    /// <summary>Waits for a moment that comes by itself; there is a limit only so that a test which fails ends.</summary>
    public async Task UntilAsync(Func<bool> holds, string what)
    {
        long started = Stopwatch.GetTimestamp();
        while (!holds())
        {
            if (Stopwatch.GetElapsedTime(started) > TimeSpan.FromSeconds(60))
            {
                throw new TimeoutException($"There was never {what}; the status is {Store.BatchStatus}, at {Clock.GetUtcNow()}, the next timer is set to {Clock.NextTimer}.");
            }

            await Task.Delay(1);
        }
    }

    /// <summary>Stops the next run after it has sealed the log, until the result is disposed.</summary>
    public HeldRun HoldNextRun() => new(Log, SegmentSealed);

    public async Task ReopenAsync()
    {
        await Store.DisposeAsync();
        Store = Open();
    }

    /// <summary>Raises what is wrong with the answers, if anything is.</summary>
    public async Task<bool> AnswersAsync() => (await Purchase.CountsAsync(Store)).Values.Sum() == Appended;

    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        Disk.Dispose();
    }

    private LambdaStore<Purchase> Open() => Purchase.Open(Disk, o =>
    {
        o.AddView(Purchase.ByProduct);
        o.BatchSchedule = _schedule;
        o.TimeProvider = Clock;
        o.LoggerFactory = Log;
        o.RetryVariation = _variation;
    });
}

/// <summary>A batch run that stands still at a message that it logs.</summary>
internal sealed class HeldRun : IDisposable
{
    private readonly ManualResetEventSlim _arrived = new();
    private readonly ManualResetEventSlim _released = new();

    public HeldRun(RecordedLog log, int message) => log.OnMessage = id =>
    {
        if (id == message)
        {
            log.OnMessage = null;
            _arrived.Set();
            _released.Wait();
        }
    };

    /// <summary>Whether the run stands.</summary>
    public bool Stands => _arrived.IsSet;

    public void Dispose() => _released.Set();
}
