namespace LambdaCore.Log;

/// <summary>
/// How far one producer has come, and what of its events is on the way: tells what is new from what is repeated. Thread-safe; but one thread at a time may begin.
/// </summary>
/// <remarks>
/// Invariants: <c>acknowledged</c> &lt;= all sequences on their way, which ascend &lt;= <c>begun</c>. What is not after <c>acknowledged</c> is a repetition, whatever it is: a
/// producer is remembered by one number. What is after it and not after <c>begun</c> is one only if it is on its way; else it comes too late.
/// </remarks>
/// <param name="name">The producer's name.</param>
/// <param name="last">Its last sequence in the log; null if there is none.</param>
internal sealed class ProducerOrder(string name, long? last)
{
    private const long None = -1;

    /// <summary>More calls than anybody has on their way without looking what became of the first.</summary>
    private const int MostMissing = 100_000;

    private readonly Lock _lock = new();
    private readonly LinkedList<ProducerAppend> _onTheirWay = [];
    private long _acknowledged = last ?? None;
    private long _begun = last ?? None;

    /// <summary>
    /// The first and last sequences of calls that did not get in, or were refused since another had not: each is to be repeated before anything after it. The repetition of one call, or of the beginning of it, must not
    /// let pass what comes after the rest.
    /// </summary>
    private readonly SortedSet<long> _missing = [];
    private bool _isRetired;

    /// <summary>The producer's name.</summary>
    public string Name => name;

    /// <summary>The last sequence that was acknowledged; null if there is none.</summary>
    public long? LastSequence => Volatile.Read(ref _acknowledged) is >= 0 and long sequence ? sequence : null;

    /// <summary>Tells how many events of a call, from the first on, are repeated.</summary>
    /// <param name="sequences">The events' sequences; at least one.</param>
    /// <param name="original">The outcome of the repeated events, as far as it is not known yet; else null.</param>
    /// <exception cref="InvalidOperationException">Events come too late, or would pass over others that failed.</exception>
    public int CountRepeated(in ProducerSequences sequences, out Task<LogPosition>? original)
    {
        lock (_lock)
        {
            ThrowIfRetired();
            int repeated = sequences.CountUpTo(_begun);
            original = null;
            LinkedListNode<ProducerAppend>? node = _onTheirWay.First;
            for (int i = sequences.CountUpTo(_acknowledged); i < repeated; i++)
            {
                while (node!.Value.Sequences.Last < sequences[i])
                {
                    node = node.Next;
                }

                if (!node.Value.Sequences.Contains(sequences[i]))
                {
                    throw new InvalidOperationException(
                        $"Sequence {sequences[i]} of the producer '{name}' comes too late: {node.Value.Sequences.Last} is on its way already. Begin the calls of a producer in the order of their sequences. Nothing was appended.");
                }
            }

            if (repeated == sequences.Count)
            {
                original = sequences.Last <= _acknowledged ? null : node!.Value.Repeat();
            }
            else
            {
                ThrowIfItPassesOver(sequences);
            }

            return repeated;
        }
    }

    /// <summary>Puts new events on their way.</summary>
    /// <param name="sequences">Their sequences: after all that were begun.</param>
    public ProducerAppend Begin(in ProducerSequences sequences)
    {
        lock (_lock)
        {
            ThrowIfRetired();
            ProducerAppend append = new(this, sequences);
            _onTheirWay.AddLast(append);
            _begun = sequences.Last;
            while (_missing.Count > 0 && _missing.Min <= _begun)
            {
                _ = _missing.Remove(_missing.Min);
            }

            return append;
        }
    }

    /// <summary>Takes events as acknowledged: the first of those on their way.</summary>
    public void Complete(ProducerAppend append)
    {
        lock (_lock)
        {
            _onTheirWay.Remove(append);
            Volatile.Write(ref _acknowledged, append.Sequences.Last);
        }
    }

    /// <summary>Takes events as not in the log. Later ones are not let pass before they are repeated.</summary>
    public void Fail(ProducerAppend append)
    {
        lock (_lock)
        {
            _onTheirWay.Remove(append);
            _begun = _onTheirWay.Last?.Value.Sequences.Last ?? _acknowledged;
            Miss(append.Sequences);
        }
    }

    /// <summary>Lets no more calls begin.</summary>
    /// <exception cref="InvalidOperationException">Events are on their way.</exception>
    public void Retire()
    {
        lock (_lock)
        {
            ThrowIfRetired();
            _isRetired = _onTheirWay.Count == 0
                ? true
                : throw new InvalidOperationException($"The producer '{name}' cannot be forgotten while its events are on their way: up to sequence {_begun}. Await its calls first.");
        }
    }

    /// <summary>Lets calls begin again, since it could not be forgotten.</summary>
    public void Restore()
    {
        lock (_lock)
        {
            _isRetired = false;
        }
    }

    private void ThrowIfItPassesOver(in ProducerSequences sequences)
    {
        foreach (long missing in _missing)
        {
            if (missing > sequences.Last)
            {
                return;
            }

            if (!sequences.Contains(missing))
            {
                Miss(sequences);
                throw new InvalidOperationException(
                    $"Sequence {sequences.Last} of the producer '{name}' cannot be appended before {missing}, which was tried and did not get into the log. Append {missing} again first. Nothing was appended.");
            }
        }
    }

    /// <summary>Remembers the ends of a call that is to be repeated, whole or in pieces; of more calls than can be, the earliest.</summary>
    private void Miss(in ProducerSequences sequences)
    {
        _ = _missing.Add(sequences.First);
        _ = _missing.Add(sequences.Last);
        while (_missing.Count > MostMissing)
        {
            _ = _missing.Remove(_missing.Max);
        }
    }

    private void ThrowIfRetired()
    {
        if (_isRetired)
        {
            throw new InvalidOperationException($"The producer '{name}' was forgotten, or is being so. If it is needed again, create it again afterwards; its sequences then begin anew. Nothing was appended.");
        }
    }
}
