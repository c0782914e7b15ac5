using LambdaCore.Storage;
using LambdaCore.Tests.EndToEnd;
using LambdaCore.Tests.EndToEnd.Model;

namespace LambdaCore.Tests.Simulation;

/// <summary>
/// A whole store through several lives: producers, rejected events, amendments, sealing, batches, corrections, erasures, forks, retention, compaction, vacuum, questions, a clock that jumps, disks that fail once or
/// for good or are slow. Each step is waited for, so that every run of a seed makes the same calls; and before every call it is looked at what a crash would leave.
/// </summary>
/// <param name="seed">Decides everything.</param>
/// <param name="states">Collects the crashes.</param>
internal sealed partial class StoreSimulation(int seed, CrashStates states) : IDisposable
{
    private const int Lives = 3;
    private const string Fork = "fork";

    private readonly Random _random = new(seed);
    private readonly JumpingClock _clock = new();
    private readonly JournalHash _journal = new();
    private readonly List<string> _steps = [];
    private StoreCheck? _check;
    private Retention _retention = Retention.Forever;
    private InMemoryStorage _disk = new();
    private LambdaStore<Reading>? _store;
    private volatile Expectation _expected = new([], 0, 0, [], 0, 0, 0);
    private Expectation _found = new([], 0, 0, [], 0, 0, 0);
    private long _lastWatermark;
    private int _ids;
    private int _failsAt = int.MaxValue;
    private bool _failsForGood;
    private bool _failed;
    private int _wholeChecks;

    /// <summary>Of so many log states, one is opened as a whole store.</summary>
    public int WholeStoreEvery { get; init; } = 12;

    /// <summary>How often it comes to its end by a failing disk.</summary>
    public int FailedSteps { get; private set; }

    /// <summary>How many states were opened as whole stores.</summary>
    public int WholeChecks => _wholeChecks;

    /// <summary>All calls and bytes of the run in one number.</summary>
    public ulong Journal => _journal.Value;

    private StoreCheck Checks => _check ??= new StoreCheck(Options, _clock);

    /// <summary>Runs it.</summary>
    public async Task RunAsync()
    {
        _retention = _random.Next(3) switch
        {
            0 => Retention.Of(bytes: 3000 + _random.Next(9000)),
            1 => Retention.Of(age: TimeSpan.FromDays(3)),
            _ => Retention.Forever,
        };
        Watch(_disk);
        try
        {
            for (int life = 0; life < Lives && !states.IsEnough; life++)
            {
                await LiveAsync();
                await DieAsync();
                _found = Checks.CheckLog(_disk.AfterKill(), _expected);
                _found.Readings.RemoveRange(_found.Submitted, _found.Readings.Count - _found.Submitted);
                _found.Revisions.RemoveRange(_found.Attempted, _found.Revisions.Count - _found.Attempted);
                Tell($"{_found.Acknowledged} events and {_found.Changes} changes are there");

                // As long as nobody has opened the store, a power cut may still take what a killed process left behind.
                _expected = _found with { Acknowledged = _expected.Acknowledged, Changes = _expected.Changes, RawStart = _expected.RawStart };
            }
        }
        catch (Exception error)
        {
            states.Fail(Where(), error);
        }
    }

    public void Dispose()
    {
        _disk.Dispose();
        _check?.Dispose();
    }

    private string Where() => $"LAMBDACORE_SEED={seed} LAMBDACORE_SIMULATIONS=0, whole store, before call {_journal.Calls}\n  {string.Join("\n  ", _steps)}\n";

    private void Tell(string step) => _steps.Add($"{_journal.Calls}: {step}");

    private LambdaStoreOptions<Reading> Options(RecordedLog messages)
    {
        LambdaStoreOptions<Reading> options = new()
        {
            BatchThreads = 1,
            BatchMemoryBytes = 256L << 20,
            SpeedMemoryBytes = 16 << 20,
            TimeProvider = _clock,
            Retention = _retention,
            WriteAhead = StoreCheck.WriteAhead,
            LoggerFactory = messages,
            AllowedDisorder = TimeSpan.FromMinutes(10),
            LateEvents = LatePolicy.Reject,
            GracePeriod = Reading.GracePeriod,
        };
        options.EventTime(e => e.At).Amendments(e => e.Id, e => e.Amends).AddView(Reading.ByGroup).AddView(Reading.ByHour);
        return options;
    }

    private async Task LiveAsync()
    {
        _failsAt = _random.Next(3) == 0 ? _random.Next(1, 160) : int.MaxValue;
        _failsForGood = _random.Next(3) == 0;
        await TakeAsync("open", () =>
        {
            _store = StoreOpening.Open("memory", _disk, Options(new RecordedLog()));
            Model.Check(_store.Position.Value == _found.Acknowledged, $"the store opened at {_store.Position}, and {_found.Acknowledged} events were there");
            _expected = _found;
            return Task.CompletedTask;
        });
        for (int steps = _random.Next(4, 10); steps > 0 && !_failed && !states.IsEnough; steps--)
        {
            JumpMaybe();
            await StepAsync();
        }
    }

    private Task StepAsync() => _random.Next(16) switch
    {
        < 6 => AppendAsync(),
        6 => AppendBehindSlowFlushAsync(),
        7 => SealAsync(),
        8 => RunBatchAsync(),
        9 or 10 => CorrectAsync(),
        11 => EraseAsync(),
        12 => _random.Next(2) == 0 ? VacuumAsync() : TakeAsync("compact", () => _store!.CompactAsync()),
        13 => ForkAsync(),
        _ => AskAsync(),
    };

    /// <summary>Does something on which a failing disk may come. Then the store must say so, and hold what it had.</summary>
    private async Task TakeAsync(string name, Func<Task> step)
    {
        Tell(name);
        try
        {
            await step();
            if (_store is not null)
            {
                _expected = _expected with { RawStart = (int)_store.RawStart.Value };
            }
        }
        catch (LambdaCoreException) when (_failed)
        {
            Tell("  the disk has failed");
            FailedSteps++;
            await AskAfterFailureAsync();
        }
    }

    /// <summary>Whatever has failed: an append is refused or kept, and answers are exact or refused.</summary>
    private async Task AskAfterFailureAsync()
    {
        if (_store is null)
        {
            return;
        }

        try
        {
            int end = (int)_store.Position.Value;
            Model.Check(end >= _expected.Acknowledged, $"after a failure the store is at {end}, and {_expected.Acknowledged} events were acknowledged");
            if (_expected.Attempted == _expected.Changes)
            {
                await StoreCheck.CheckViewsAsync(_store, _expected, end, _expected.Changes);
            }

            Reading reading = Next();
            if (_expected.Submitted == _expected.Acknowledged)
            {
                Submit([reading]);
                await _store.AppendAsync(reading);
                Acknowledge();
            }
            else
            {
                await _store.AppendAsync(reading);
                Model.Check(false, $"an append succeeded after one had failed");
            }
        }
        catch (LambdaCoreException)
        {
        }
    }

    private async Task DieAsync()
    {
        int how = _random.Next(4);
        Tell(how switch { 0 => "close", 1 => "kill", _ => "cut the power" });
        _failsAt = int.MaxValue;
        InMemoryStorage? left = how switch { 0 => null, 1 => _disk.Kill(), _ => _disk.Crash(_random) };
        try
        {
            await (_store?.DisposeAsync() ?? default);
        }
        catch (LambdaCoreException) when (left is not null || _failed)
        {
        }

        left ??= _disk.Kill();
        _store = null;
        _failed = false;
        _disk.Dispose();
        _disk = left;
        Watch(_disk);
    }

    private void Watch(InMemoryStorage disk)
    {
        disk.Ignores = states.Ignores;
        disk.Ids = () => new Guid(++_ids, (short)seed, (short)(seed >> 16), [1, 2, 3, 4, 5, 6, 7, 8]);
        disk.BeforeCall = call =>
        {
            _journal.Add(disk, call);
            if (CrashStates.Changes(call) && !states.IsEnough)
            {
                Expectation now = _expected;
                states.Crash(disk, _random, CrashStates.Mix(seed, now.Key), Where, (left, _) => Check(left, now, depth: 0));
            }

            if (--_failsAt <= 0 && (_failsAt == 0 || _failsForGood))
            {
                _failed = true;
                string kind = (_journal.Calls % 3) switch { 0 => "ENOSPC", 1 => "EROFS", _ => "EIO" };
                throw new StorageException($"Storage failed: {call.Operation} of '{call.Path}': {kind}, on demand.") { IsDiskFull = kind == "ENOSPC" };
            }
        };
    }

    /// <summary>Opens the log that a crash has left, some of them again after crashes on the way, and now and then the whole store.</summary>
    private void Check(InMemoryStorage disk, Expectation expected, int depth)
    {
        Random random = new(CrashStates.Mix((long)disk.Print, seed, depth));
        bool whole = random.Next(WholeStoreEvery) == 0;
        using InMemoryStorage? store = whole ? disk.AfterKill() : null;
        List<InMemoryStorage> again = [];
        disk.BeforeCall = depth > 0 ? null : call =>
        {
            if (CrashStates.Changes(call))
            {
                again.Add(disk.AfterPowerCut(random));
            }
        };
        using InMemoryStorage? fork = disk.TakeFork(Fork);
        if (fork is not null)
        {
            Checks.CheckLog(fork, expected);
        }

        Checks.CheckPublished(disk, expected);
        Expectation found = Checks.CheckLog(disk, expected);
        disk.BeforeCall = null;
        foreach (InMemoryStorage left in again)
        {
            using (left)
            {
                left.Ignores = states.Ignores;
                if (states.IsNew(left, CrashStates.Mix(seed, expected.Key)))
                {
                    Check(left, expected, depth + 1);
                }
            }
        }

        using InMemoryStorage after = disk.AfterPowerCut(random);
        after.Ignores = states.Ignores;
        if (states.IsNew(after, CrashStates.Mix(seed, found.Key)))
        {
            Checks.CheckLog(after, found);
        }

        if (store is not null)
        {
            Interlocked.Increment(ref _wholeChecks);
            store.Ignores = states.Ignores;
            Task.Run(() => Checks.CheckStoreAsync(store, expected, goesOn: random.Next(4) == 0)).GetAwaiter().GetResult();
        }
    }
}
