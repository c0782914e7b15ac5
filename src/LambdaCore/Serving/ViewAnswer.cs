namespace LambdaCore;

/// <summary>The answer to a query.</summary>
/// <typeparam name="TKey">The view's key.</typeparam>
/// <typeparam name="TResult">The view's result.</typeparam>
/// <param name="Rows">The rows, in the order asked for, else ascending by key.</param>
/// <param name="Receipt">What the answer stands on.</param>
public sealed record ViewAnswer<TKey, TResult>(IReadOnlyList<ViewEntry<TKey, TResult>> Rows, Receipt Receipt);
