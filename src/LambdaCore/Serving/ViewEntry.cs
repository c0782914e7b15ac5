namespace LambdaCore;

/// <summary>One row of a view.</summary>
/// <typeparam name="TKey">The view's key.</typeparam>
/// <typeparam name="TResult">The view's result.</typeparam>
/// <param name="Key">The key.</param>
/// <param name="Result">The result for the key.</param>
/// <param name="Receipt">What the answer stands on; all rows of one answer share it.</param>
public sealed record ViewEntry<TKey, TResult>(TKey Key, TResult Result, Receipt Receipt);
