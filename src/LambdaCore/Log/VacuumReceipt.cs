namespace LambdaCore;

/// <summary>What a vacuum deleted, and how far back the log can be read from here on. Immutable.</summary>
/// <param name="Files">How many files it deleted.</param>
/// <param name="Bytes">Their length.</param>
/// <param name="OldestVersion">The oldest version of the master dataset's Delta table of which, and of all that follow it, every file is there.</param>
/// <param name="OldestTime">When that version was made: the log can be read as it was at any moment since.</param>
/// <param name="Remaining">The files that no version of now needs, but versions within the window do, or somebody who is reading them; oldest first.</param>
public sealed record VacuumReceipt(int Files, long Bytes, long OldestVersion, DateTimeOffset OldestTime, IReadOnlyList<RemainingFile> Remaining);
