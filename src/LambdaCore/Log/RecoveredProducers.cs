namespace LambdaCore.Log;

/// <summary>How far each producer has come in the log that is being opened: what the master dataset says, then frame by frame of the write-ahead tail.</summary>
internal sealed class RecoveredProducers
{
    private readonly Dictionary<string, long> _all = new(StringComparer.Ordinal);

    /// <summary>Each producer's last sequence.</summary>
    public IReadOnlyDictionary<string, long> All => _all;

    /// <summary>Takes over what the master dataset says.</summary>
    /// <param name="transactions">How far each application's data is in it.</param>
    public void Begin(IReadOnlyDictionary<string, long> transactions)
    {
        foreach ((string application, long sequence) in transactions)
        {
            if (ProducerName.OfTransaction(application) is { } name)
            {
                _all[name] = sequence;
            }
        }
    }

    /// <summary>Takes over what a group says.</summary>
    /// <exception cref="LogCorruptException">A producer goes back.</exception>
    public void Advance(in WriteAheadFrame frame, IReadOnlyList<ProducerMark> marks)
    {
        foreach (ProducerMark mark in marks)
        {
            if (_all.TryGetValue(mark.Name, out long before) && before >= mark.Sequence)
            {
                throw GroupPayload.NotSound(frame, $"the producer '{mark.Name}' has sequence {mark.Sequence} in it, after {before}", null);
            }

            _all[mark.Name] = mark.Sequence;
        }
    }
}
