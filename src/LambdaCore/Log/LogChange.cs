namespace LambdaCore;

/// <summary>One change of events that were in the log already, as its commit records it. Immutable.</summary>
/// <param name="Revision">The revision of the log's content that it made: the version of the master dataset's Delta table.</param>
/// <param name="Kind">What was done.</param>
/// <param name="At">When.</param>
/// <param name="Reason">Why, in the words of who asked for it.</param>
/// <param name="By">Who asked for it; null if nobody was named.</param>
/// <param name="Events">How many events were changed or removed.</param>
/// <param name="Position">Events before this position were looked at.</param>
/// <param name="Condition">Which events were meant; null for an erasure, whose condition may hold what was to be forgotten, and for amendments.</param>
/// <param name="Setters">Which values they were given; null if events were removed.</param>
public sealed record LogChange(
    long Revision, LogChangeKind Kind, DateTimeOffset At, string Reason, string? By, long Events, LogPosition Position, string? Condition, string? Setters);
