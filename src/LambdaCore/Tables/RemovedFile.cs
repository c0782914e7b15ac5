namespace LambdaCore.Tables;

/// <summary>A file that has left a table, but whose content older versions have: it stays on disk until a vacuum.</summary>
/// <param name="File">The file.</param>
/// <param name="AddedIn">The first version that has it.</param>
/// <param name="RemovedIn">The first version that does not have it any more.</param>
/// <param name="RemovedAt">When that version was made.</param>
internal sealed record RemovedFile(DeltaFile File, long AddedIn, long RemovedIn, DateTimeOffset RemovedAt);
