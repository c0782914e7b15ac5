namespace LambdaCore;

/// <summary>One of the most frequent values: what <c>g.TopK</c> gives.</summary>
/// <param name="Value">The value.</param>
/// <param name="Count">How often it occurred, or more: never too low.</param>
/// <param name="Error">
/// By how much the count may be too high. 0 means exact: the group had no more distinct values than the capacity. Else a bound that holds
/// with a probability above 99.3 % for each value.
/// </param>
/// <typeparam name="T">The values' type.</typeparam>
public readonly record struct TopItem<T>(T Value, long Count, long Error);
