namespace LambdaCore.Log;

/// <summary>The sequences of the events of one call, each not before the one in front of it. Immutable.</summary>
internal readonly struct ProducerSequences
{
    private readonly ReadOnlyMemory<long> _listed;
    private readonly long _first;
    private readonly int _step;

    private ProducerSequences(long first, int step, int count, ReadOnlyMemory<long> listed)
    {
        _first = first;
        _step = step;
        _listed = listed;
        Count = count;
    }

    /// <summary>The number of events.</summary>
    public int Count { get; }

    /// <summary>The sequence of the first event.</summary>
    public long First => this[0];

    /// <summary>The sequence of the last event.</summary>
    public long Last => this[Count - 1];

    /// <summary>The sequence of an event.</summary>
    public long this[int index] => _listed.IsEmpty ? _first + ((long)index * _step) : _listed.Span[index];

    /// <summary>One sequence for each event, counted up.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A sequence would be negative, or larger than 63 bits.</exception>
    public static ProducerSequences Consecutive(long first, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first, "sequence");
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first, long.MaxValue - count, "sequence");
        return new ProducerSequences(first, 1, count, default);
    }

    /// <summary>One sequence for all events.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative.</exception>
    public static ProducerSequences Shared(long sequence, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sequence);
        return new ProducerSequences(sequence, 0, count, default);
    }

    /// <summary>The sequence of each event.</summary>
    /// <exception cref="ArgumentException">They are not as many as the events, or do not ascend, or one is negative.</exception>
    public static ProducerSequences Listed(ReadOnlyMemory<long> sequences, int events)
    {
        if (sequences.Length != events)
        {
            throw new ArgumentException($"There are {sequences.Length} sequences for {events} events. Give one for each event. Nothing was appended.", nameof(sequences));
        }

        ReadOnlySpan<long> each = sequences.Span;
        long before = -1;
        for (int i = 0; i < each.Length; i++)
        {
            if (each[i] <= before)
            {
                throw new ArgumentException(
                    i == 0
                        ? $"The first sequence is {each[0]}, and none may be negative. Nothing was appended."
                        : $"Sequence {each[i]} of the event at index {i} follows {before}, but each must be larger than the one before. Nothing was appended.",
                    nameof(sequences));
            }

            before = each[i];
        }

        return new ProducerSequences(0, 0, events, sequences);
    }

    /// <summary>How many events, from the first on, have a sequence that is not after another.</summary>
    public int CountUpTo(long sequence)
    {
        int low = 0;
        int high = Count;
        while (low < high)
        {
            int middle = low + ((high - low) / 2);
            (low, high) = this[middle] <= sequence ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    /// <summary>Whether an event has a sequence.</summary>
    public bool Contains(long sequence) => CountUpTo(sequence) is > 0 and int count && this[count - 1] == sequence;

    /// <summary>The sequences from an event on.</summary>
    public ProducerSequences From(int start) =>
        new(_first + ((long)start * _step), _step, Count - start, _listed.IsEmpty ? default : _listed[start..]);
}
