namespace LambdaCore;

/// <summary>How new an answer must be. The default value is <see cref="Latest"/>.</summary>
/// <remarks>Whatever is chosen, an answer is exact for the position that its receipt states. Immutable.</remarks>
public readonly record struct Consistency
{
    private Consistency(bool applied, LogPosition position)
    {
        IsApplied = applied;
        Position = position;
    }

    /// <summary>The answer covers every event that was acknowledged before the query began.</summary>
    public static Consistency Latest => default;

    /// <summary>The answer covers what the speed layer has taken in; nothing is waited for.</summary>
    public static Consistency Applied => new(applied: true, default);

    /// <summary>Whether nothing is waited for.</summary>
    internal bool IsApplied { get; }

    /// <summary>The position to wait for; zero if none.</summary>
    internal LogPosition Position { get; }

    /// <summary>
    /// The answer covers at least the events before a position, and everything acknowledged before the query began; the query
    /// waits until it can.
    /// </summary>
    /// <param name="position">
    /// A half-open end: the <see cref="Receipt.Position"/> of an earlier answer, or the position of an appended event plus one
    /// (<c>at.Plus(1)</c>).
    /// </param>
    public static Consistency AtLeast(LogPosition position) => new(applied: false, position);
}
