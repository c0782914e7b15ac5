using LambdaCore.Storage;
using LambdaCore.Tests.EndToEnd;
using LambdaCore.Tests.EndToEnd.Model;

namespace LambdaCore.Tests.Simulation;

/// <content>What is done to the store.</content>
internal sealed partial class StoreSimulation
{
    /// <summary>An event: one of sixteen is rejected, one of eight amends others, if there is any at all.</summary>
    private Reading Next()
    {
        int number = _expected.Readings.Count;
        bool isRejected = _random.Next(16) == 0 && number > 0;
        long? amends = _random.Next(8) > 0 ? null : _random.Next(6) switch
        {
            0 => -1,
            1 => number + 1,
            2 when number > 0 => _expected.Readings[_random.Next(number)].Amends,
            _ => number == 0 ? null : 1 + _random.Next(number),
        };
        string text = new((char)('a' + (number % 26)), _random.Next(12) == 0 ? _random.Next(3000) : _random.Next(40));
        DateTimeOffset at = isRejected ? Reading.TooLate : _clock.GetUtcNow().AddMinutes(-_random.Next(240));
        return new Reading(at, _random.Next(5), number + 1, Reading.MarkOf(number + 1) + text, number + 1, amends);
    }

    private void Submit(Reading[] readings)
    {
        _expected.Readings.AddRange(readings);
        _expected = _expected with { Submitted = _expected.Readings.Count };
    }

    private void Acknowledge() => _expected = _expected with { Acknowledged = _expected.Submitted };

    private Task AppendAsync()
    {
        Reading[] readings = Draw(_random.Next(3) == 0 ? _random.Next(2, 25) : 1);
        return TakeAsync($"append {readings.Length}", async () =>
        {
            int first = _expected.Acknowledged;
            Submit(readings);
            LogRange range = await _store!.AppendAsync(readings);
            Model.Check(range.Start.Value == first && range.Count == readings.Length, $"{readings.Length} events got the range {range}, and {first} was next");
            Acknowledge();
        });
    }

    /// <summary>While the first append waits for the disk, others gather behind it, and questions are answered.</summary>
    private Task AppendBehindSlowFlushAsync()
    {
        Reading first = Draw(1)[0];
        _expected.Readings.Add(first);
        Reading[][] others = [.. Enumerable.Range(0, _random.Next(1, 5)).Select(_ => Draw(_random.Next(1, 4), add: true))];
        _expected.Readings.RemoveRange(_expected.Submitted, _expected.Readings.Count - _expected.Submitted);
        return TakeAsync($"append 1, and {others.Length} behind it while it is flushed", async () =>
        {
            int end = _expected.Acknowledged;
            ManualResetEventSlim reached = new();
            ManualResetEventSlim released = new();
            Action<StorageCall> usual = _disk.BeforeCall!;
            bool held = false;
            _disk.BeforeCall = call =>
            {
                if (call.Operation == StorageOperation.Flush && !held)
                {
                    held = true;
                    reached.Set();
                    released.Wait();
                }

                usual(call);
            };
            Submit([first, .. others.SelectMany(o => o)]);
            ViewAnswer<int, Reading.GroupTotals> answer;
            try
            {
                List<Task> appends = [_store!.AppendAsync(first).AsTask()];
                await Task.WhenAny(appends[0], Task.Run(reached.Wait));
                appends.AddRange(others.Select(o => _store!.AppendAsync(o).AsTask()));
                answer = await _store!.Query(Reading.ByGroup).ExecuteAsync();
                released.Set();
                await Task.WhenAll(appends);
            }
            finally
            {
                released.Set();
                reached.Set();
                _disk.BeforeCall = usual;
            }

            Model.Check(answer.Receipt.Position.Value == end || !held, $"a question was answered for {answer.Receipt.Position} while only {end} events were durable");
            Acknowledge();
        });
    }

    private Task SealAsync() => TakeAsync("seal", async () =>
    {
        await StoreInternals<Reading>.Of(_store!).Log.SealAsync(_store!.Position, CancellationToken.None);
        Model.Check(_store.SealedPosition == _store.Position, $"sealed up to {_store.SealedPosition}, not {_store.Position}");
    });

    private Task VacuumAsync() => TakeAsync("vacuum", async () =>
    {
        await _store!.VacuumAsync(TimeSpan.Zero);
        using InMemoryStorage now = _disk.AfterKill();
        for (int i = 0; i < 4; i++)
        {
            using InMemoryStorage left = _disk.AfterPowerCut(_random);
            Model.Check(left.List("log").SequenceEqual(now.List("log")), $"a power cut has brought back what a vacuum had deleted");
        }
    });

    private Task AskAsync() => TakeAsync("ask", async () =>
    {
        await StoreCheck.CheckViewsAsync(_store!, _expected, _expected.Acknowledged, _expected.Changes);
        await StoreCheck.CheckDeadLettersAsync(_store!, _expected, _expected.Acknowledged);
        long watermark = _store!.EventTime.Watermark?.UtcTicks ?? 0;
        Model.Check(watermark >= _lastWatermark, $"the watermark went back, to {_store.EventTime.Watermark}");
        _lastWatermark = watermark;
    });

    private void JumpMaybe()
    {
        if (_random.Next(4) == 0)
        {
            TimeSpan jump = TimeSpan.FromMinutes(_random.Next(-2000, 6000));
            Tell($"the clock jumps by {jump}");
            _clock.Jump(jump);
        }
    }

    private Reading[] Draw(int count, bool add = false)
    {
        Reading[] drawn = new Reading[count];
        for (int i = 0; i < count; i++)
        {
            drawn[i] = Next();
            _expected.Readings.Add(drawn[i]);
        }

        if (!add)
        {
            _expected.Readings.RemoveRange(_expected.Readings.Count - count, count);
        }

        return drawn;
    }
}
