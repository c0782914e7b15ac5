namespace LambdaCore;

/// <summary>A half-open range of the log: from <see cref="Start"/> up to, and without, <see cref="End"/>.</summary>
/// <remarks>The default value is the empty range at position 0. Immutable and safe to use from any thread.</remarks>
public readonly record struct LogRange
{
    /// <summary>Creates a range.</summary>
    /// <param name="start">The first position in the range.</param>
    /// <param name="end">The first position after it; equal to <paramref name="start"/> for an empty range.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="end"/> lies before
    /// <paramref name="start"/>.</exception>
    public LogRange(LogPosition start, LogPosition end)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(end, start);
        Start = start;
        End = end;
    }

    /// <summary>The first position in the range.</summary>
    public LogPosition Start { get; }

    /// <summary>The first position after the range.</summary>
    public LogPosition End { get; }

    /// <summary>How many events the range holds; 0 or more.</summary>
    public long Count => End.Value - Start.Value;

    /// <summary>Whether the range holds no event.</summary>
    public bool IsEmpty => Start == End;

    /// <summary>Whether a position lies in the range.</summary>
    /// <param name="position">The position of an event.</param>
    public bool Contains(LogPosition position) => Start <= position && position < End;

    /// <summary>The range as "[start,end)".</summary>
    public override string ToString() => $"[{Start},{End})";
}
