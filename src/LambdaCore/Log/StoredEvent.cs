namespace LambdaCore.Log;

/// <summary>An event as the log holds it.</summary>
/// <param name="Position">Its position.</param>
/// <param name="Event">The event.</param>
/// <param name="IngestedAt">When it was appended.</param>
/// <param name="IsBatchOnly">Whether it came too late to count before a batch covers it.</param>
internal readonly record struct StoredEvent<TEvent>(LogPosition Position, TEvent Event, DateTimeOffset IngestedAt, bool IsBatchOnly);
