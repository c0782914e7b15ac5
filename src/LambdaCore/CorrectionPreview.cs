namespace LambdaCore;

/// <summary>What a correction would do. Immutable.</summary>
/// <param name="Position">The end of the events that were looked at.</param>
/// <param name="Events">How many events would have other values.</param>
/// <param name="Segments">How many segments would be written anew.</param>
/// <param name="BytesBefore">The size of these segments.</param>
/// <param name="BytesAfter">The size of those that would take their place; the old ones stay on disk until a vacuum.</param>
/// <param name="Sample">The first events that would change, at most 20.</param>
/// <typeparam name="TEvent">The event type.</typeparam>
public sealed record CorrectionPreview<TEvent>(
    LogPosition Position, long Events, int Segments, long BytesBefore, long BytesAfter, IReadOnlyList<EventDifference<TEvent>> Sample);
