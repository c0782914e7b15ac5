using LambdaCore.Tables;

namespace LambdaCore.Log;

/// <content>Producers: sources whose events are in the log exactly once.</content>
internal sealed partial class EventLog<TEvent>
{
    private readonly RecoveredProducers _recoveredProducers = new();
    private ProducerTable<TEvent>? _producers;

    /// <summary>The last acknowledged sequence of each producer.</summary>
    public IReadOnlyDictionary<string, long> Producers => _producers!.LastSequences();

    /// <summary>Gives the producer of a name.</summary>
    /// <exception cref="ArgumentException">It cannot be a name.</exception>
    /// <exception cref="LambdaCoreException">There are too many producers.</exception>
    public Producer<TEvent> CreateProducer(string name)
    {
        ProducerName.Check(name);
        _pipeline!.ThrowIfStoppedOrClosed();
        return new Producer<TEvent>(_producers!.Of(name));
    }

    /// <summary>Forgets a producer, durably. What the write-ahead log says of it is sealed first, since it would be found there when the store is opened.</summary>
    /// <param name="name">Its name; none may be of it.</param>
    /// <param name="cancellationToken">Stops before the commit.</param>
    /// <exception cref="InvalidOperationException">Its events are on their way, or it is being forgotten.</exception>
    public async Task ForgetProducerAsync(string name, CancellationToken cancellationToken)
    {
        ProducerName.Check(name);
        if (_producers!.Find(name) is not { } order)
        {
            return;
        }

        _pipeline!.ThrowIfStoppedOrClosed();
        order.Retire();
        try
        {
            // All of its events are acknowledged, and this is the end of a group, which the end of its events need not be.
            LogPosition end = Acknowledged;
            await Task.Run(() => ForgetAsync(order, end, cancellationToken), cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            // Perhaps it is forgotten on disk all the same. Then the next frame with events of it makes it known again.
            order.Restore();
            throw;
        }

        _producers.Remove(name);
    }

    private async Task ForgetAsync(ProducerOrder order, LogPosition end, CancellationToken cancellationToken)
    {
        await _sealing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await SealHeldAsync(end, cancellationToken).ConfigureAwait(false);
            if (order.LastSequence is not null)
            {
                _table.Commit([], [], SealedEnd.Value, "FORGET", transactions: [new(ProducerName.TransactionOf(order.Name), DeltaCommit.Forgotten)]);
                _content = Content.Of(_table);
            }
        }
        finally
        {
            _sealing.Release();
        }
    }
}
