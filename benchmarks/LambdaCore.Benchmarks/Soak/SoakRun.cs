using System.Collections.Concurrent;
using System.Diagnostics;

namespace LambdaCore.Benchmarks.Soak;

/// <summary>The actors of a soak, side by side on one store: what they find wrong is gathered, and ends it.</summary>
internal sealed class SoakRun(LambdaStore<SoakEvent> store, SoakOptions options, SoakOracle oracle, string forks) : IDisposable
{
    private const int BatchSize = 100;
    private const int SinglesAtOnce = 16;
    private const int LongestCorrection = 2000;
    private const int LongestErasure = 50;

    private readonly CancellationTokenSource _over = new();
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private long _answers;
    private int _batches;
    private int _corrections;
    private int _erasures;
    private int _forked;
    private int _rebuilds;
    private int _maintained;

    public ConcurrentQueue<string> Violations { get; } = [];

    public string Counts => $"{Interlocked.Read(ref _answers):N0} | {_batches} | {_corrections} | {_erasures} | {_maintained} | {_rebuilds} | {_forked}";

    public bool HasDoneEverything => _answers > 0 && _batches > 0 && _corrections > 0 && _erasures > 0 && _maintained > 0 && _forked > 0 && _rebuilds > 0;

    /// <summary>Lets all actors work until the time is over or something is wrong.</summary>
    public async Task RunAsync()
    {
        _over.CancelAfter(options.Length);
        List<Task> actors = [.. Enumerable.Range(0, oracle.Producers).Select(p => ActAsync(() => ProduceAsync(p)))];
        actors.Add(ActAsync(ReadWholeAsync));
        actors.Add(ActAsync(ReadKeysAsync));
        actors.Add(ActAsync(RunBatchesAsync));
        actors.Add(ActAsync(ChangeAsync));
        await Task.WhenAll(actors);
    }

    /// <summary>Compares all answers of a store at rest with what was acknowledged and changed.</summary>
    public static async Task CompareAsync(LambdaStore<SoakEvent> store, SoakTruth truth, string when, Action<string> tell)
    {
        Compare("by_producer", (await store.Query(SoakViews.ByProducer).ExecuteAsync()).Rows, truth.ByProducer);
        Compare("by_user", (await store.Query(SoakViews.ByUser).ExecuteAsync()).Rows, truth.ByUser);
        Compare("hourly", (await store.Query(SoakViews.Hourly).ExecuteAsync()).Rows, truth.Hourly);

        void Compare<TKey>(string view, IReadOnlyList<ViewEntry<TKey, SoakTotals>> rows, Dictionary<TKey, SoakTotals> expected)
            where TKey : notnull
        {
            if (rows.Count != expected.Count)
            {
                tell($"{when}: '{view}' has {rows.Count} rows instead of {expected.Count}");
            }

            foreach (ViewEntry<TKey, SoakTotals> row in rows.Where(r => expected.GetValueOrDefault(r.Key) != r.Result).Take(3))
            {
                tell($"{when}: '{view}' says {row.Result} of {row.Key} instead of {expected.GetValueOrDefault(row.Key)}");
            }
        }
    }

    public void Dispose() => _over.Dispose();

    private Task ActAsync(Func<Task> act) => Task.Run(async () =>
    {
        try
        {
            await act();
        }
        catch (OperationCanceledException) when (_over.IsCancellationRequested)
        {
        }
        catch (Exception error)
        {
            Violations.Enqueue(error.ToString());
            await _over.CancelAsync();
        }
    });

    private async Task ProduceAsync(int producer)
    {
        long number = 0;
        while (!_over.IsCancellationRequested)
        {
            int count = producer % 2 == 0 ? BatchSize : SinglesAtOnce;
            SoakEvent[] events = [.. Enumerable.Range(0, count).Select(i => SoakEvent.Of(producer, number + i))];

            // Without the token: what becomes of an append that is on its way must be known.
            if (producer % 2 == 0)
            {
                await store.AppendAsync(events);
            }
            else
            {
                await Task.WhenAll(events.Select(e => store.AppendAsync(e).AsTask()));
            }

            number += count;
            oracle.Acknowledge(producer, count);
            TimeSpan ahead = TimeSpan.FromSeconds(number / ((double)options.Rate / oracle.Producers)) - _clock.Elapsed;
            if (ahead > TimeSpan.FromMilliseconds(20))
            {
                await Task.Delay(ahead, _over.Token);
            }
        }
    }

    private async Task ReadWholeAsync()
    {
        while (!_over.IsCancellationRequested)
        {
            Check(SoakViews.ByProducer.Name, await AskAsync(SoakViews.ByProducer));
            Check(SoakViews.Hourly.Name, await AskAsync(SoakViews.Hourly));
            Check(SoakViews.ByUser.Name, await AskAsync(SoakViews.ByUser));
            await Task.Delay(50, _over.Token);
        }
    }

    private async Task<(long Least, long Most, long Position, List<SoakTotals> Rows)> AskAsync<TKey>(ViewDefinition<SoakEvent, TKey, SoakTotals> view)
    {
        long erased = oracle.Erasures.Erased;
        ViewAnswer<TKey, SoakTotals> answer = await store.Query(view).ExecuteAsync(_over.Token);
        (long after, bool erasing) = oracle.Erasures;
        Interlocked.Increment(ref _answers);
        return (erased, erasing ? after + LongestErasure : after, answer.Receipt.Position.Value, [.. answer.Rows.Select(r => r.Result)]);
    }

    private void Check(string view, (long Least, long Most, long Position, List<SoakTotals> Rows) answer)
    {
        long count = answer.Rows.Sum(r => r.Count);
        long balance = answer.Rows.Sum(r => r.Amount + r.Twin);
        Expect(balance == 0, $"'{view}' at {answer.Position}: amounts and their twins differ by {balance}");
        long missing = answer.Position - count;

        // An erasure may have been made between the answer and the question for it, and is counted when it has come to its end.
        Expect(missing >= answer.Least - LongestErasure && missing <= answer.Most + LongestErasure, $"'{view}' at {answer.Position} counts {count} events, and {answer.Least} to {answer.Most} were erased");
    }

    private async Task ReadKeysAsync()
    {
        Random random = new(options.Seed);
        while (!_over.IsCancellationRequested)
        {
            int producer = random.Next(oracle.Producers);
            long acknowledged = oracle.Of(producer);
            ViewEntry<int, SoakTotals>? own = await store.GetAsync(SoakViews.ByProducer, producer, cancellationToken: _over.Token);
            Expect(acknowledged == 0 || own!.Result.Count + oracle.Erasures.Erased + LongestErasure >= acknowledged, $"producer {producer} has {acknowledged} events, and the view counts {own?.Result.Count}");
            ViewEntry<int, SoakTotals>? user = await store.GetAsync(SoakViews.ByUser, random.Next(SoakEvent.Users), cancellationToken: _over.Token);
            Expect(user is null || user.Result.Amount + user.Result.Twin == 0, $"user {user?.Key}: {user?.Result}");
            Interlocked.Add(ref _answers, 2);
            await Task.Delay(random.Next(3), _over.Token);
        }
    }

    private async Task RunBatchesAsync()
    {
        int runs = 0;
        while (!_over.IsCancellationRequested)
        {
            await Task.Delay(TimeSpan.FromSeconds(Math.Min(3, options.Length.TotalSeconds / 10)), _over.Token);
            await store.RunBatchAsync(++runs % 30 == 0 ? BatchMode.Full : BatchMode.Incremental, cancellationToken: _over.Token);
            Interlocked.Increment(ref _batches);
        }
    }

    private async Task ChangeAsync()
    {
        Random random = new(options.Seed + 1);
        for (int turn = 0; !_over.IsCancellationRequested; turn++)
        {
            await Task.Delay(TimeSpan.FromSeconds(Math.Min(2, options.Length.TotalSeconds / 20)), _over.Token);
            Task act = (turn % 6) switch
            {
                0 or 3 => CorrectAsync(random),
                1 => EraseAsync(random),
                2 => MaintainAsync(),
                4 => ReprocessAsync(random),
                _ => ForkAsync(turn),
            };
            await act;
        }
    }

    private async Task CorrectAsync(Random random)
    {
        SoakChange change = Choose(random, LongestCorrection, isErasure: false);
        (int producer, long from, long to, long delta) = (change.Producer, change.From, change.To, change.Delta);
        long expected = oracle.Expected(change);
        if (random.Next(2) == 0)
        {
            CorrectionPreview<SoakEvent> preview = await store.PreviewAsync($"Producer = {producer} AND Number >= {from} AND Number < {to}", $"Amount = Amount + {delta}, Twin = Twin - {delta}", _over.Token);
            Expect(preview.Events == expected, $"a preview of {change} finds {preview.Events} events instead of {expected}");
        }

        Correction made = await store.CorrectAsync(
            e => e.Producer == producer && e.Number >= from && e.Number < to, s => s.Set(e => e.Amount, e => e.Amount + delta).Set(e => e.Twin, e => e.Twin - delta), "soak");
        Expect(made.Events == expected, $"{change} has changed {made.Events} events instead of {expected}");
        oracle.Made(change, made.Events);
        _corrections++;
    }

    private async Task EraseAsync(Random random)
    {
        SoakChange change = Choose(random, LongestErasure, isErasure: true);
        (int producer, long from, long to) = (change.Producer, change.From, change.To);
        long expected = oracle.Expected(change);
        oracle.EraseBegins();
        ErasureReceipt receipt = await store.EraseAsync(e => e.Producer == producer && e.Number >= from && e.Number < to, "soak");
        Expect(receipt.Events == expected, $"{change} has erased {receipt.Events} events instead of {expected}");
        oracle.Made(change, receipt.Events);
        _erasures++;
    }

    private SoakChange Choose(Random random, int longest, bool isErasure)
    {
        int producer = random.Next(oracle.Producers);
        long to = oracle.Of(producer);
        return new SoakChange(producer, Math.Max(0, to - random.Next(1, longest + 1)), to, isErasure ? 0 : random.Next(1, 1000), isErasure);
    }

    private async Task MaintainAsync()
    {
        await store.CompactAsync(_over.Token);
        await store.ApplyRetentionAsync(_over.Token);
        await store.VacuumAsync(TimeSpan.Zero, _over.Token);
        _maintained++;
    }

    private async Task ReprocessAsync(Random random)
    {
        ViewRebuild rebuild = random.Next(2) == 0
            ? await store.ReprocessAsync(SoakViews.ByUser, null, null, "soak", cancellationToken: _over.Token)
            : await store.ReprocessAsync(SoakViews.Hourly, null, null, "soak", cancellationToken: _over.Token);
        await rebuild.Completion.WaitAsync(_over.Token);
        _rebuilds++;
    }

    private async Task ForkAsync(int turn)
    {
        string folder = Path.Combine(forks, $"fork{turn}");
        long erased = oracle.Erasures.Erased;
        LogPosition end = await store.ForkAsync(folder, _over.Token);
        await using (LambdaStore<SoakEvent> fork = await SoakProgram.OpenAsync(folder, options))
        {
            ViewAnswer<int, SoakTotals> answer = await fork.Query(SoakViews.ByProducer).ExecuteAsync();
            long count = answer.Rows.Sum(r => r.Result.Count);
            Expect(answer.Receipt.Position == end && count + erased == end.Value, $"a fork at {end} counts {count} events, and {erased} were erased");
            await fork.AppendAsync(SoakEvent.Of(0, -1));
            await fork.RunBatchAsync();
        }

        Directory.Delete(folder, recursive: true);
        _forked++;
    }

    private void Expect(bool holds, string otherwise)
    {
        if (!holds)
        {
            Violations.Enqueue(otherwise);
            _over.Cancel();
        }
    }
}
