namespace LambdaCore;

/// <summary>The disk refused or failed: the message names the operation, the path and the system's error.</summary>
public class StorageException : LambdaCoreException
{
    /// <summary>Creates an error without a message.</summary>
    public StorageException()
    {
    }

    /// <summary>Creates an error.</summary>
    /// <param name="message">What happened, where, and what to do.</param>
    public StorageException(string message)
        : base(message)
    {
    }

    /// <summary>Creates an error that was caused by another.</summary>
    /// <param name="message">What happened, where, and what to do.</param>
    /// <param name="innerException">The cause.</param>
    public StorageException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Whether there was no space left on the device, or none left in the quota.</summary>
    public bool IsDiskFull { get; init; }
}
