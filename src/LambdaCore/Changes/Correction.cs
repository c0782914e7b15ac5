namespace LambdaCore;

/// <summary>The receipt of a correction. Immutable.</summary>
/// <param name="Position">The end of the events that were looked at: those appended later are as they were appended.</param>
/// <param name="Revision">The revision of the log that the correction made; the one before if no event changed.</param>
/// <param name="Events">How many events have other values than before. Those that had them already do not count.</param>
/// <param name="Segments">How many segments were written anew.</param>
/// <param name="Views">What it was for each view.</param>
/// <param name="Elapsed">How long it took altogether.</param>
public sealed record Correction(LogPosition Position, long Revision, long Events, int Segments, IReadOnlyList<ChangedView> Views, TimeSpan Elapsed);
