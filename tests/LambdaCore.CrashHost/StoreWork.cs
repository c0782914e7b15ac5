using System.Globalization;

namespace LambdaCore.CrashHost;

/// <summary>
/// What a process does to one store while a fault is waiting for it. It tells everything on the tape: what it is about to do before, and what was acknowledged after.
/// </summary>
/// <param name="tape">Where it tells.</param>
/// <param name="job">Begins each of its lines.</param>
/// <param name="folder">The store.</param>
/// <param name="life">How often the store was worked on before; also the number of its one producer, so that changes of earlier producers' events commute with his appends.</param>
/// <param name="seed">Decides what is corrected and erased.</param>
public sealed class StoreWork(Tape tape, int job, string folder, int life, int seed) : IDisposable
{
    /// <summary>So many appends and forks that phases go on over new events, and so few that checking costs little.</summary>
    private const int MostAppends = 1000;
    private const int MostForks = 2;

    private readonly Random _random = new(seed);
    private readonly IEnumerator<int> _sizes = AppendSizes.Of(life).GetEnumerator();
    private readonly SemaphoreSlim _appending = new(1);
    private LambdaStore<MarkedEvent>? _store;
    private int _forks;
    private int _appends;
    private long _number;
    private long _acknowledged;
    private bool _appendFailed;

    private LambdaStore<MarkedEvent> Store => _store!;

    /// <inheritdoc/>
    public void Dispose() => _appending.Dispose();

    /// <summary>Does one thing again and again, while events are appended, until the process is killed.</summary>
    public async Task RepeatAsync(string phase)
    {
        await OpenAsync(phase);
        if (phase != "open")
        {
            _ = Task.Run(AppendSlowlyAsync);
        }

        while (true)
        {
            await AppendAsync(phase is "append" or "seal" ? 50 : 2);
            if (_appends > MostAppends)
            {
                await Task.Delay(1);
            }

            await DoAsync(phase);
        }
    }

    /// <summary>Does several things once, goes on after each that fails, and closes the store.</summary>
    public async Task OnceAsync(string[] phases)
    {
        if (await TryAsync("open", () => OpenAsync(phases[0])))
        {
            foreach (string phase in phases)
            {
                _ = await TryAsync("append", () => AppendAsync(5));
                bool isDone = await TryAsync(phase, () => DoAsync(phase));
                if (phase == "open" && !isDone)
                {
                    break; // It is closed.
                }

                _ = await TryAsync("ask", () => AskAsync(isDone));
            }

            _ = await TryAsync("close", () => Store.DisposeAsync().AsTask());
        }

        Tell("ended");
    }

    private async Task OpenAsync(string phase)
    {
        Tell("phase open");
        _store = await LambdaStore.OpenAsync<MarkedEvent>(folder, o =>
        {
            MarkedViews.Configure(o);
            o.SegmentEvents = phase == "seal" ? 30 : o.SegmentEvents;
            o.Retention = phase == "retain" ? Retention.Of(bytes: 30_000) : o.Retention;
        });
        if (_appendFailed)
        {
            // What became of the append that failed shows now. Whether all is right with that is for the reader of the tape to say.
            _number = _acknowledged = await CountAsync();
            _appendFailed = false;
        }

        Tell("opened");
    }

    private async Task DoAsync(string phase)
    {
        Tell($"phase {phase}");
        switch (phase)
        {
            case "open":
                await Store.DisposeAsync();
                await OpenAsync(phase);
                break;
            case "append" or "seal":
                await AppendAsync(40);
                break;
            case "batch":
                _ = await Store.RunBatchAsync(BatchMode.Incremental, new Told(this));
                break;
            case "merge":
                _ = await Store.RunBatchAsync(_random.Next(4) == 0 ? BatchMode.Full : BatchMode.Incremental, new Told(this));
                break;
            case "correct":
                await CorrectAsync();
                break;
            case "erase":
                await EraseAsync();
                break;
            case "compact":
                _ = await Store.CompactAsync();
                _ = await Store.VacuumAsync(TimeSpan.Zero);
                break;
            case "retain":
                _ = await Store.ApplyRetentionAsync();
                _ = await Store.RunBatchAsync();
                break;
            case "rebuild":
                await RebuildAsync();
                break;
            case "fork" when _forks++ < MostForks:
                await ForkAsync();
                break;
            case "fork":
                _ = await Store.RunBatchAsync();
                break;
            default:
                throw new ArgumentException($"There is no phase '{phase}'.", nameof(phase));
        }
    }

    private async Task CorrectAsync()
    {
        int producer = _random.Next(-1, life);
        long remainder = _random.Next(5);
        long mark = _random.Next(1, 1000);
        Tell(string.Create(CultureInfo.InvariantCulture, $"change {producer} {remainder} {mark} {Store.RawStart.Value}"));
        _ = await Store.CorrectAsync(e => e.Producer == producer && e.Number % 5 == remainder, s => s.Set(e => e.Mark, (long?)mark), "to be killed");
        Tell("changed");
    }

    private async Task EraseAsync()
    {
        int producer = _random.Next(-1, life);
        long remainder = _random.Next(5);
        Tell(string.Create(CultureInfo.InvariantCulture, $"change {producer} {remainder} 0 {Store.RawStart.Value}"));
        _ = await Store.EraseAsync(e => e.Producer == producer && e.Number % 5 == remainder, "to be killed");
        Tell("changed");
        _ = await Store.VacuumAsync(TimeSpan.Zero);
    }

    /// <summary>Computes all views anew. What fails is tried again until it works, so the first failure ends the waiting here.</summary>
    private async Task RebuildAsync()
    {
        IReadOnlyList<ViewRebuild> rebuilds = await Store.ReprocessAsync(null, null, "to be killed");
        Task all = Task.WhenAll(rebuilds.Select(r => r.Completion));
        while (await Task.WhenAny(all, Task.Delay(5)) != all)
        {
            if (rebuilds.FirstOrDefault(r => r.Status.LastFailure is not null) is { Status.LastFailure: { } failure })
            {
                throw new LambdaCoreException("A rebuild will be tried again.", failure);
            }
        }

        await all;
    }

    private async Task ForkAsync()
    {
        string path = $"{folder}-fork-{life}-{_random.Next(100_000)}";
        Tell(string.Create(CultureInfo.InvariantCulture, $"fork {Store.Position.Value} {path}"));
        LogPosition end = await Store.ForkAsync(path);
        Tell(string.Create(CultureInfo.InvariantCulture, $"forked {end.Value} {path}"));
    }

    /// <summary>Asks a view. Whatever has failed, the answer has what was acknowledged and is whole, or the question fails as well.</summary>
    private async Task AskAsync(bool isSurelyThere)
    {
        long count = await CountAsync();
        if (_appendFailed ? count < _acknowledged : count != _acknowledged)
        {
            Tell($"wrong: {count} events, where {_acknowledged} were acknowledged (after {(isSurelyThere ? "success" : "a failure")})");
        }
    }

    /// <summary>How many events of this life the store has.</summary>
    private async Task<long> CountAsync()
    {
        ViewAnswer<int, MarkedTotals> answer = await Store.Query(MarkedViews.ByProducer).ExecuteAsync();
        return answer.Rows.FirstOrDefault(r => r.Key == life)?.Result.Count ?? 0;
    }

    private async Task AppendSlowlyAsync()
    {
        for (int i = 0; i < 100; i++)
        {
            await AppendAsync(1);
            await Task.Delay(2);
        }
    }

    private async Task AppendAsync(int times)
    {
        for (int i = 0; i < times; i++)
        {
            await _appending.WaitAsync();
            try
            {
                await AppendNextAsync();
            }
            finally
            {
                _ = _appending.Release();
            }
        }
    }

    private async Task AppendNextAsync()
    {
        if (_appendFailed)
        {
            // What failed may be there: nothing may follow it but an error.
            _ = await Store.AppendAsync(MarkedEvent.Of(life, _number));
            Tell("wrong: an append after a failed one was acknowledged");
            return;
        }

        if (_appends++ > MostAppends)
        {
            return;
        }

        _ = _sizes.MoveNext();
        MarkedEvent[] events = [.. Enumerable.Range(0, _sizes.Current).Select(i => MarkedEvent.Of(life, _number + i))];
        Tell(string.Create(CultureInfo.InvariantCulture, $"try {_number} {events.Length}"));
        try
        {
            LogRange range = await Store.AppendAsync(events);
            Tell(string.Create(CultureInfo.InvariantCulture, $"ack {_number} {events.Length} {range.Start.Value}"));
        }
        catch (Exception)
        {
            _appendFailed = true;
            throw;
        }

        _number += events.Length;
        _acknowledged += events.Length;
    }

    private async Task<bool> TryAsync(string phase, Func<Task> action)
    {
        try
        {
            await action();
            return true;
        }
        catch (Exception error)
        {
            Tell($"failed {phase} {error.GetType().Name} {error.Message} @ {(error is LambdaCoreException ? "" : error.StackTrace)}");
            return false;
        }
    }

    private void Tell(string line) => tape.Write($"{job} {line}");

    /// <summary>Tells of the steps of a batch run.</summary>
    private sealed class Told(StoreWork work) : IProgress<BatchProgress>
    {
        private BatchPhase? _last;

        public void Report(BatchProgress value)
        {
            if (_last != value.Phase)
            {
                _last = value.Phase;
                work.Tell($"phase batch {value.Phase}");
            }
        }
    }
}
