namespace LambdaCore.Batch;

/// <summary>A lookup file does not hold what was written. It is computed from the log, so it can be built anew.</summary>
internal sealed class LookupDamagedException : LambdaCoreException
{
    public LookupDamagedException(string path, long offset, string what, Exception? cause = null)
        : base($"The lookup file '{path}' is damaged at byte {offset}: {what}. Delete the view's folder, or run a batch: the view is computed anew from the log.", cause)
    {
        Path = path;
        What = what;
        Offset = offset;
    }

    /// <summary>The file in the store.</summary>
    public string Path { get; }

    /// <summary>What is wrong.</summary>
    public string What { get; }

    /// <summary>Where in it, in bytes.</summary>
    public long Offset { get; }
}
