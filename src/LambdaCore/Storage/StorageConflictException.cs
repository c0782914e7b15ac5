namespace LambdaCore.Storage;

/// <summary>A file that was to be created or published exists already.</summary>
internal sealed class StorageConflictException : StorageException
{
    public StorageConflictException(string path)
        : base($"The file '{path}' exists already, and a published file is never replaced. Choose another name; if this was a commit, read the newer state and try again.")
    {
        Path = path;
    }

    /// <summary>The path in the store.</summary>
    public string Path { get; }
}
