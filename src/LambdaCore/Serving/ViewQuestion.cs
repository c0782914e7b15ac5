using System.Linq.Expressions;

namespace LambdaCore.Serving;

/// <summary>What a query asks for, as data.</summary>
/// <typeparam name="TKey">The view's key.</typeparam>
/// <typeparam name="TResult">The view's result.</typeparam>
internal sealed record ViewQuestion<TKey, TResult>
{
    /// <summary>The condition on keys; null for all.</summary>
    public Expression<Func<TKey, bool>>? Where { get; init; }

    /// <summary>
    /// The range of time with which the windows that count share a moment, half-open, in microseconds since the Unix epoch; null for all windows.
    /// </summary>
    public (long From, long To)? Between { get; init; }

    /// <summary>The condition on results; null for all.</summary>
    public Func<TResult, bool>? Having { get; init; }

    /// <summary>The order of the rows; null for ascending by key.</summary>
    public IComparer<ViewEntry<TKey, TResult>>? Order { get; init; }

    /// <summary>The most rows to return; null for all.</summary>
    public int? Take { get; init; }

    /// <summary>How new the answer must be.</summary>
    public Consistency Consistency { get; init; }

    /// <summary>Whether to wait while the view's first layers are being computed.</summary>
    public bool WaitsForRebuild { get; init; }

    /// <summary>How the layers become one answer; null for the view's choice.</summary>
    public Reconciliation? Reconciliation { get; init; }

    /// <summary>The layers to answer from.</summary>
    public AnswerSource Layers { get; init; } = AnswerSource.Merged;
}
