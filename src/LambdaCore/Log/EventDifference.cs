namespace LambdaCore;

/// <summary>An event as it is and as it would be. Immutable.</summary>
/// <param name="Position">Its position, which stays.</param>
/// <param name="Before">The event now.</param>
/// <param name="After">The event after the change.</param>
/// <typeparam name="TEvent">The event type.</typeparam>
public sealed record EventDifference<TEvent>(LogPosition Position, TEvent Before, TEvent After);
