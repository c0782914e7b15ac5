namespace LambdaCore;

/// <summary>An event that counts in no view, since it came too late and the store rejects such events (<see cref="LatePolicy.Reject"/>).</summary>
/// <typeparam name="TEvent">The event type.</typeparam>
/// <param name="Position">Where it stands in the log.</param>
/// <param name="Event">The event, with times in whole microseconds.</param>
/// <param name="IngestedAt">When it was appended.</param>
/// <param name="Lateness">How far behind the watermark it was.</param>
/// <param name="Reason">Why it was rejected, in words.</param>
public sealed record DeadLetter<TEvent>(LogPosition Position, TEvent Event, DateTimeOffset IngestedAt, TimeSpan Lateness, string Reason);
