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
    LogPosition Position, long Events, int Segments, long BytesBefore, long BytesAfter, IReadOnlyList<EventDifference<TEvent>> Sample)
{
    /// <summary>
    /// The effect on each view: its rows of the events up to <see cref="Position"/> as they are, compared with those that it would have. Only rows whose keys the correction
    /// touches are compared and counted (<see cref="ViewComparison.Rows"/>); all others stay. A view that is still being computed is compared like the others, by way of the log;
    /// what archive layers hold, whose events have gone by retention, is in both rows and does not change. Empty if no event would change.
    /// </summary>
    public IReadOnlyList<ViewComparison> Views { get; init; } = [];
}
