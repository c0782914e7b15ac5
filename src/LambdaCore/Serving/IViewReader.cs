using LambdaCore.Batch;

namespace LambdaCore.Serving;

/// <summary>Answers questions about one view.</summary>
/// <typeparam name="TKey">The view's key.</typeparam>
/// <typeparam name="TResult">The view's result.</typeparam>
internal interface IViewReader<TKey, TResult>
{
    /// <summary>A text that determines what results are made of.</summary>
    string ResultText { get; }

    /// <summary>Refuses a reconciliation that the view's results do not allow.</summary>
    /// <exception cref="ArgumentException">Results of the type cannot be blended.</exception>
    void Check(Reconciliation reconciliation);

    /// <summary>The same view, answering from the log as it was.</summary>
    IViewReader<TKey, TResult> AsOf(PastLog past);

    /// <summary>Answers for one key; null if it has no row.</summary>
    ValueTask<ViewEntry<TKey, TResult>?> GetAsync(TKey key, Consistency consistency, Reconciliation? reconciliation, CancellationToken cancellationToken);

    /// <summary>Answers for many keys.</summary>
    ValueTask<ViewAnswer<TKey, TResult>> ExecuteAsync(ViewQuestion<TKey, TResult> question, CancellationToken cancellationToken);
}
