namespace LambdaCore;

/// <summary>One row of a view.</summary>
/// <typeparam name="TKey">The view's key.</typeparam>
/// <typeparam name="TResult">The view's result.</typeparam>
/// <param name="Key">The key.</param>
/// <param name="Result">The result for the key.</param>
/// <param name="Receipt">What the answer stands on; all rows of one answer share it.</param>
public sealed record ViewEntry<TKey, TResult>(TKey Key, TResult Result, Receipt Receipt)
{
    /// <summary>The layers that the row was made of.</summary>
    public AnswerSource Source { get; init; }

    /// <summary>
    /// What the row is the fold of: 1 for the events before <see cref="Receipt.BatchEnd"/>, 0 for those of <see cref="Receipt.Range"/>. Anything between is
    /// the weight of the former in a blend of both (<see cref="Reconciliation.Hybrid"/>).
    /// </summary>
    public double BatchWeight { get; init; }

    /// <summary>
    /// Whether the watermark has passed the end of the row's window, so that only late events can still change the row. Null if the key has no window, or
    /// one of another time than the store's event time.
    /// </summary>
    public bool? IsComplete { get; init; }
}
