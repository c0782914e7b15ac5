namespace LambdaCore;

/// <summary>A file that has left its table, but not the disk. Immutable.</summary>
/// <param name="Path">Its path in the store's folder.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="RemovedAt">When it left its table.</param>
/// <param name="Until">The moment from which a vacuum deletes it, unless somebody is still reading it.</param>
/// <param name="IsInUse">Whether somebody was reading it, so that it stayed though its time had come.</param>
public sealed record RemainingFile(string Path, long Bytes, DateTimeOffset RemovedAt, DateTimeOffset Until, bool IsInUse);
