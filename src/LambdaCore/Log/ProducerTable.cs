namespace LambdaCore.Log;

/// <summary>The producers of an open store by name: those that have events in the log, and those that were created since it was opened. Thread-safe.</summary>
/// <typeparam name="TEvent">The event type.</typeparam>
internal sealed class ProducerTable<TEvent>
{
    /// <summary>The most producers of a store. Each costs about half a kilobyte of memory.</summary>
    public const int MostProducers = 100_000;

    private readonly AppendPipeline<TEvent> _pipeline;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, ProducerLane<TEvent>> _lanes;

    /// <param name="pipeline">Takes the events.</param>
    /// <param name="recovered">How far each producer has come in the log.</param>
    public ProducerTable(AppendPipeline<TEvent> pipeline, RecoveredProducers recovered)
    {
        _pipeline = pipeline;
        _lanes = recovered.All.ToDictionary(p => p.Key, p => new ProducerLane<TEvent>(new ProducerOrder(p.Key, p.Value), pipeline), StringComparer.Ordinal);
    }

    /// <summary>Gives the lane of a producer, which is new if there is none.</summary>
    /// <exception cref="LambdaCoreException">There are too many.</exception>
    public ProducerLane<TEvent> Of(string name)
    {
        lock (_lock)
        {
            if (!_lanes.TryGetValue(name, out ProducerLane<TEvent>? lane))
            {
                if (_lanes.Count >= MostProducers)
                {
                    throw new LambdaCoreException($"The store has {_lanes.Count} producers already, so '{name}' cannot be another. A producer is a source that lasts, not a call or a session. Forget those that will not come again: ForgetProducerAsync.");
                }

                _lanes.Add(name, lane = new ProducerLane<TEvent>(new ProducerOrder(name, last: null), _pipeline));
            }

            return lane;
        }
    }

    /// <summary>The last acknowledged sequence of each producer that has one.</summary>
    public IReadOnlyDictionary<string, long> LastSequences()
    {
        lock (_lock)
        {
            return _lanes.Where(l => l.Value.Order.LastSequence is not null).ToDictionary(l => l.Key, l => l.Value.Order.LastSequence!.Value, StringComparer.Ordinal);
        }
    }

    /// <summary>The order of a producer; null if there is none of the name.</summary>
    public ProducerOrder? Find(string name)
    {
        lock (_lock)
        {
            return _lanes.GetValueOrDefault(name)?.Order;
        }
    }

    /// <summary>Forgets a producer.</summary>
    public void Remove(string name)
    {
        lock (_lock)
        {
            _lanes.Remove(name);
        }
    }
}
