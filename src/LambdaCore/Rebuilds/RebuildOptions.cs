namespace LambdaCore;

/// <summary>How views are computed anew in the background: after their definition was changed, and by <see cref="LambdaStore{TEvent}.ReprocessAsync{TKey, TResult}"/>. Immutable.</summary>
public sealed record RebuildOptions
{
    /// <summary>
    /// Whether a view without usable batch views, since it is new, its definition has changed or its files are gone, is computed in the background, while questions are
    /// answered from the log. If not, its states are folded from the log while the store opens, and the next batch run computes it. Default: true.
    /// </summary>
    public bool InBackground { get; init; } = true;

    /// <summary>
    /// How many events are folded from the log at most, while the store opens, for such a view, so that it answers from memory and the next batch run computes it. Not negative; default
    /// 1,000,000, which take DuckDB some tenths of a second for each view.
    /// </summary>
    public long FoldedAtOpening { get; init; } = 1_000_000;

    /// <summary>
    /// The part of the time in which rebuilds may be at work, over 0 and at most 1; default 0.5. After each step they rest until it is kept. It is no part of the processor: a step uses
    /// the threads of a batch run.
    /// </summary>
    public double Share { get; init; } = 0.5;

    /// <summary>
    /// The most events of a step. What a step has computed is durable, so that no more than one step is lost by a crash. At least 1; default 1,000,000.
    /// </summary>
    public long StepEvents { get; init; } = 1_000_000;

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegative(FoldedAtOpening);
        ArgumentOutOfRangeException.ThrowIfLessThan(StepEvents, 1);
        if (!(Share is > 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(Share), Share, $"The share of the time of rebuilds cannot be {Share}. Choose one over 0 and at most 1.");
        }
    }
}
