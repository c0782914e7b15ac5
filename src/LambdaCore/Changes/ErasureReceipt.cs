namespace LambdaCore;

/// <summary>What an erasure did, and what is left to do until the erased events are gone from the disk. Immutable.</summary>
/// <param name="Position">The end of the events that were looked at: those appended later are as they were appended.</param>
/// <param name="Revision">The revision of the log that the erasure made; the one before if no event was erased from its segments.</param>
/// <param name="Events">How many events were erased that the views counted.</param>
/// <param name="RejectedEvents">How many were erased that had been rejected, since they came too late.</param>
/// <param name="Segments">How many segments were written anew.</param>
/// <param name="Views">What it was for each view.</param>
/// <param name="DeletedViews">The folders of views that the store has, but was not opened with: they were deleted, since they can be computed anew.</param>
/// <param name="Remaining">
/// The files that left the log, by this erasure or earlier, and may hold what was erased. A vacuum deletes each when its time has come; <c>VacuumAsync(TimeSpan.Zero)</c> deletes them at once.
/// </param>
/// <param name="Unfinished">
/// What else may hold what was erased, and what helps, a sentence each: empty, unless something failed or was in use. Erasing again, with the same condition, tries again.
/// </param>
/// <param name="OutOfReach">What no erasure reaches, a sentence each: what others have copied, and what the commits of the log's tables say for ever.</param>
public sealed record ErasureReceipt(
    LogPosition Position,
    long Revision,
    long Events,
    long RejectedEvents,
    int Segments,
    IReadOnlyList<ChangedView> Views,
    IReadOnlyList<string> DeletedViews,
    IReadOnlyList<RemainingFile> Remaining,
    IReadOnlyList<string> Unfinished,
    IReadOnlyList<string> OutOfReach)
{
    /// <summary>Whether nothing in the store's folder holds what was erased: no file remains, and nothing is unfinished.</summary>
    public bool IsComplete => Remaining.Count == 0 && Unfinished.Count == 0;
}
