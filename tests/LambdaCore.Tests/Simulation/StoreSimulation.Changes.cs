using LambdaCore.Storage;
using LambdaCore.Tests.EndToEnd.Model;

namespace LambdaCore.Tests.Simulation;

/// <content>What changes events that are in the log, and what comes of it elsewhere.</content>
internal sealed partial class StoreSimulation
{
    private Task RunBatchAsync()
    {
        BatchMode mode = _random.Next(4) == 0 ? BatchMode.Full : BatchMode.Incremental;
        return TakeAsync($"{mode} batch", async () =>
        {
            int waiting = ForeseeAmendments();
            BatchRun run = await _store!.RunBatchAsync(mode);
            Model.Check(run.Amendments.Amending == waiting, $"a batch run says that it applied {run.Amendments}, and {waiting} waited");
            Done();
        });
    }

    private Task CorrectAsync()
    {
        int group = _random.Next(5);
        return TakeAsync($"correct group {group}", async () =>
        {
            ForeseeAmendments();
            long number = 1_000_000 + _expected.Attempted;
            int changed = Foresee((reading, stored) => reading.Group == group ? number : stored);
            Correction made = await _store!.CorrectAsync(e => e.Group == group, s => s.Set(e => e.Number, number), "simulated");
            Model.Check(made.Events == changed, $"{made.Events} events were corrected, not {changed}");
            Done();
        });
    }

    private Task EraseAsync()
    {
        long first = 1 + _random.Next(_expected.Acknowledged + 1);
        long end = Math.Min(first + _random.Next(1 << _random.Next(6)), _expected.Acknowledged + 1);
        return TakeAsync($"erase the events from {first} to before {end}", async () =>
        {
            ForeseeAmendments();
            _expected = _expected with { PerhapsErased = _expected.PerhapsErased.Add((first, end)) };
            int erased = Foresee((reading, stored) => reading.Id >= first && reading.Id < end ? null : stored);
            int rawStart = (int)_store!.RawStart.Value;
            ErasureReceipt made = await _store.EraseAsync(e => e.Id >= first && e.Id < end, "simulated");
            Model.Check(made.Events == erased, $"{made.Events} events were erased, not {erased}");
            Model.Check(made.Unfinished.Count == 0, $"an erasure was not finished: {string.Join(' ', made.Unfinished)}");
            Done();
            _expected = _expected with { Erased = _expected.Erased.Add((first, end)), PerhapsErased = _expected.PerhapsErased[..^1] };
            Reading[] gone = [.. _expected.Readings.Take(_expected.Acknowledged).Skip(rawStart).Where(r => r.Id >= first && r.Id < end)];
            for (int i = 0; i < 4; i++)
            {
                using InMemoryStorage left = _disk.AfterPowerCut(_random);
                StoreCheck.CheckErased(left, gone);
            }
        });
    }

    private Task ForkAsync() => TakeAsync("fork", async () =>
    {
        try
        {
            LogPosition end = await _store!.ForkAsync(Fork);
            Model.Check(end.Value == _expected.Acknowledged, $"the fork ends at {end}, and {_expected.Acknowledged} events were acknowledged");
            using InMemoryStorage left = _disk.AfterPowerCut(_random);
            using InMemoryStorage fork = left.TakeFork(Fork) ?? throw new ModelViolationException("a power cut has taken the fork away");
            Checks.CheckLog(fork, _expected);
            await Checks.CheckStoreAsync(fork, _expected, goesOn: true);
        }
        finally
        {
            _disk.TakeFork(Fork)?.Dispose();
        }
    });

    /// <summary>What waits will be applied by the batch run that comes first, in a change of its own.</summary>
    /// <returns>How many events amend others then.</returns>
    private int ForeseeAmendments()
    {
        int waiting = Enumerable.Range(0, _expected.Acknowledged).Count(i => _expected.Waits(i, _expected.Attempted));
        if (_expected.Amended(_expected.Attempted, _expected.Acknowledged, (int)_store!.RawStart.Value) is { } amended)
        {
            Attempt(amended);
        }

        return waiting;
    }

    /// <summary>Foresees a change.</summary>
    /// <param name="change">Gives the number of an event afterwards; null if it is gone.</param>
    /// <returns>How many events change; if none does, there is no change.</returns>
    private int Foresee(Func<Reading, long, long?> change)
    {
        int rawStart = (int)_store!.RawStart.Value;
        long?[] before = [.. Enumerable.Range(0, _expected.Acknowledged).Select(i => _expected.Stored(i, _expected.Attempted))];
        long?[] after = [.. before.Select((stored, i) => i < rawStart || stored is null ? stored : change(_expected.Readings[i], stored.Value))];
        int changed = before.Zip(after).Count(n => n.First != n.Second);
        if (changed > 0)
        {
            Attempt(after);
        }

        return changed;
    }

    private void Attempt(long?[] numbers)
    {
        _expected.Revisions.Add(numbers);
        _expected = _expected with { Attempted = _expected.Attempted + 1 };
    }

    private void Done() => _expected = _expected with { Changes = _expected.Attempted };
}
