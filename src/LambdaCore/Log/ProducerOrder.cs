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

    private readonly Lock _lock = new();
    private readonly LinkedList<ProducerAppend> _onTheirWay = [];
    private long _acknowledged = last ?? None;
    private long _begun = last ?? None;
    private long? _failed;
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
            else if (_failed is { } failed && sequences.Last >= failed && !sequences.Contains(failed))
            {
                throw new InvalidOperationException(
                    $"Sequence {sequences.Last} of the producer '{name}' cannot be appended before {failed}, which was tried and did not get into the log. Append {failed} again first. Nothing was appended.");
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
            _failed = sequences.Last >= _failed ? null : _failed;
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
            _failed = Math.Min(append.Sequences.First, _failed ?? long.MaxValue);
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

    private void ThrowIfRetired()
    {
        if (_isRetired)
        {
            throw new InvalidOperationException($"The producer '{name}' was forgotten, or is being so. If it is needed again, create it again afterwards; its sequences then begin anew. Nothing was appended.");
        }
    }
}
