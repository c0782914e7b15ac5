namespace LambdaCore;

/// <summary>The store is open already, in this process or in another one.</summary>
public sealed class StoreLockedException : LambdaCoreException
{
    /// <summary>Creates an error without a message.</summary>
    public StoreLockedException()
    {
    }

    /// <summary>Creates an error.</summary>
    /// <param name="message">What happened, where, and what to do.</param>
    public StoreLockedException(string message)
        : base(message)
    {
    }

    /// <summary>Creates an error that was caused by another.</summary>
    /// <param name="message">What happened, where, and what to do.</param>
    /// <param name="innerException">The cause.</param>
    public StoreLockedException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Says who seems to have the lock, and what to do about it.</summary>
    /// <param name="lockPath">The physical path of the lock file.</param>
    /// <param name="holder">What the holder wrote into the lock file: its process id, or nothing readable.</param>
    internal static StoreLockedException HeldBy(string lockPath, string holder)
    {
        string who = int.TryParse(holder, out int processId)
            ? processId == Environment.ProcessId ? "this process" : $"process {processId}"
            : "another process";
        return new StoreLockedException(
            $"The store is open already, by {who} (lock file '{lockPath}'). A store has one owner at a time: share the open store, or close the other one first. The lock ends with its process; do not delete the file.");
    }
}
