namespace LambdaCore.Serving;

/// <summary>Answers questions about one view.</summary>
/// <typeparam name="TKey">The view's key.</typeparam>
/// <typeparam name="TResult">The view's result.</typeparam>
internal interface IViewReader<TKey, TResult>
{
    /// <summary>A text that determines what results are made of.</summary>
    string ResultText { get; }

    /// <summary>Answers for one key; null if no event has it.</summary>
    ValueTask<ViewEntry<TKey, TResult>?> GetAsync(TKey key, Consistency consistency, CancellationToken cancellationToken);

    /// <summary>Answers for many keys.</summary>
    ValueTask<ViewAnswer<TKey, TResult>> ExecuteAsync(ViewQuestion<TKey, TResult> question, CancellationToken cancellationToken);
}
