namespace LambdaCore.Serving;

/// <summary>Answers questions about one view, and says which events an answer is made of.</summary>
/// <typeparam name="TEvent">The event type.</typeparam>
/// <typeparam name="TKey">The view's key.</typeparam>
/// <typeparam name="TResult">The view's result.</typeparam>
internal interface IViewExplainer<TEvent, TKey, TResult> : IViewReader<TKey, TResult>
{
    /// <summary>Answers for one key by merging, with what is needed to find its events.</summary>
    ValueTask<KeyExplanation<TEvent, TKey, TResult>> ExplainAsync(TKey key, CancellationToken cancellationToken);
}

/// <summary>What is needed to find the events of a key.</summary>
/// <param name="Entry">The row; null if there is none.</param>
/// <param name="Receipt">What the answer stands on.</param>
/// <param name="Conditions">Conditions in SQL on the stored columns, which all events of the key fulfil, and perhaps others.</param>
/// <param name="NewFilter">Makes a function that tells whether an event is one of the key, for one caller at a time.</param>
internal sealed record KeyExplanation<TEvent, TKey, TResult>(
    ViewEntry<TKey, TResult>? Entry, Receipt Receipt, IReadOnlyList<string> Conditions, Func<Func<TEvent, bool>> NewFilter);
