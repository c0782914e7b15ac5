namespace LambdaCore.Storage;

/// <summary>One operation that is about to reach the disk of an <see cref="InMemoryStorage"/>.</summary>
/// <param name="Number">Counted from 1 over all operations of the storage.</param>
/// <param name="Operation">What it is.</param>
/// <param name="Path">The file or folder.</param>
internal readonly record struct StorageCall(long Number, StorageOperation Operation, string Path)
{
    /// <summary>Which operation it is a part of; null if it was asked for by itself. The parts of publishing a file are parts of a renaming.</summary>
    public StorageOperation? Within { get; init; }
}
