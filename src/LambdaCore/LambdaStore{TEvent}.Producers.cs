namespace LambdaCore;

/// <content>Producers.</content>
public sealed partial class LambdaStore<TEvent>
{
    /// <summary>The producers that have events in the log, by name, each with its last acknowledged sequence. A copy.</summary>
    public IReadOnlyDictionary<string, long> Producers
    {
        get
        {
            ThrowIfDisposed();
            return _parts.Log.Producers;
        }
    }

    /// <summary>Gives the producer of a name: a source that numbers its events, so that each is in the log exactly once, however often it is appended.</summary>
    /// <remarks>
    /// A store has at most 100,000 producers; each takes about half a kilobyte of memory, and a line in the Delta log with each segment that has events of it. So a producer should be a source that lasts, such as a
    /// partition or a device, and not a call. One whose source will not come again, such as a file that was read, can be forgotten (<see cref="ForgetProducerAsync"/>).
    /// It is to be created once in each life of the source, which begins after <see cref="Producer{TEvent}.LastSequence"/>: one that was created earlier with the same name appends nothing any more.
    /// </remarks>
    /// <param name="name">
    /// The name of the source, the same in all its lives: not empty, at most 255 bytes in UTF-8, told from others by its code points. It stands in the store's files as long as they do, and an erasure does not reach it,
    /// so it should tell nothing about a person.
    /// </param>
    /// <exception cref="ArgumentException">It cannot be a name.</exception>
    /// <exception cref="LambdaCoreException">The store has too many producers, or has stopped after an error.</exception>
    public Producer<TEvent> CreateProducer(string name)
    {
        ThrowIfDisposed();
        return _parts.Log.CreateProducer(name);
    }

    /// <summary>Forgets how far a producer has come, durably, because its source will not come again. Its events stay.</summary>
    /// <remarks>If events of it are appended later, their sequences begin anew, so that a retry from before is not known as one. Does nothing if there is no such producer.</remarks>
    /// <param name="name">Its name.</param>
    /// <param name="cancellationToken">Stops it before it has an effect.</param>
    /// <exception cref="ArgumentException">It cannot be a name.</exception>
    /// <exception cref="InvalidOperationException">Events of it are on their way.</exception>
    /// <exception cref="StorageException">The disk failed; whether the producer is forgotten shows when the store is opened again.</exception>
    /// <exception cref="LogPoisonedException">The store has stopped after an error; open it again.</exception>
    public Task ForgetProducerAsync(string name, CancellationToken cancellationToken = default)
    {
        ThrowIfDisposed();
        return _parts.Log.ForgetProducerAsync(name, cancellationToken);
    }
}
