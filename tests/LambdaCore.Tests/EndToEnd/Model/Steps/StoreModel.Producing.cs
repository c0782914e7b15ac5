namespace LambdaCore.Tests.EndToEnd.Model;

/// <summary>Events with sequences: each is there once, whatever happens between two attempts.</summary>
internal sealed partial class StoreModel
{
    private Dictionary<string, long> _lastSequences = [];

    /// <summary>Appends through a producer, and repeats some of what it has appended before. What is repeated is another event this time, which would be seen if it were appended.</summary>
    [RandomStep(5)]
    public async Task AppendByProducerAsync()
    {
        CheckProducers();
        string name = $"source {_random.Next(4)}";
        long last = _lastSequences.GetValueOrDefault(name, -1);
        long[] sequences = new long[1 + _random.Next(12)];
        bool isBatch = _random.Next(4) == 0;
        long next = Math.Max(0, last - _random.Next(8));
        for (int i = 0; i < sequences.Length; i++)
        {
            sequences[i] = next;
            next += isBatch ? 0 : 1 + (_random.Next(4) == 0 ? _random.Next(5) : 0);
        }

        int repeated = sequences.Count(s => s <= last);
        Tell($"append {(isBatch ? "a batch" : "events")} of {name} with the sequences {Values.Show(sequences)} after {last} at {_log.Count}");
        MoveClock();
        AnyEvent[] events = _source.Next(sequences.Length);
        AnyEvent[] kept = [.. events[repeated..].Select(e => e.WithOwnArrays())];
        Producer<AnyEvent> producer = _store!.CreateProducer(name);
        bool isGapless = sequences[^1] - sequences[0] == sequences.Length - 1;
        ProducerReceipt receipt = await ((isBatch, isGapless, sequences.Length) switch
        {
            (true, _, _) => producer.AppendBatchAsync(events, sequences[0]),
            (_, _, 1) => producer.AppendAsync(events[0], sequences[0]),
            (_, true, _) => producer.AppendAsync(events, sequences[0]),
            _ => producer.AppendAsync(events, sequences),
        });
        LogRange range = new(new LogPosition(_log.Count), new LogPosition(_log.Count + kept.Length));
        Model.Check(receipt == new ProducerReceipt(range, repeated), $"the receipt is {receipt}, but {repeated} are repeated and the others have the range {range}");
        Keep(kept);
        _lastSequences[name] = Math.Max(last, sequences[^1]);
        Array.ForEach(events, Scribble);
        CheckProducers();
    }

    /// <summary>Forgets a producer.</summary>
    [RandomStep(1)]
    public async Task ForgetProducerAsync()
    {
        string name = $"source {_random.Next(4)}";
        Tell($"forget {name}");
        try
        {
            await _store!.ForgetProducerAsync(name);
            _lastSequences.Remove(name);
        }
        catch (LambdaCoreException error) when (_diskFailed)
        {
            Tell($"  it failed, as the disk did earlier: {error.Message}");
        }

        CheckProducers();
    }

    private void CheckProducers() => Model.Check(
        _store!.Producers.OrderBy(p => p.Key, StringComparer.Ordinal).SequenceEqual(_lastSequences.OrderBy(p => p.Key, StringComparer.Ordinal)),
        $"the producers are at {string.Join(", ", _store.Producers)}, but must be at {string.Join(", ", _lastSequences)}");
}
