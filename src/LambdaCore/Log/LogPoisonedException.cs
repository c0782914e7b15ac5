namespace LambdaCore;

/// <summary>An earlier write to the log failed, and the log accepts nothing more until the store is opened again.</summary>
/// <remarks>After a failed write or flush the operating system no longer says what is on the medium. Opening the store
/// again reads what is really there. <see cref="Exception.InnerException"/> is the first failure.</remarks>
public sealed class LogPoisonedException : LambdaCoreException
{
    /// <summary>Creates an error without a message.</summary>
    public LogPoisonedException()
    {
    }

    /// <summary>Creates an error.</summary>
    /// <param name="message">What happened, where, and what to do.</param>
    public LogPoisonedException(string message)
        : base(message)
    {
    }

    /// <summary>Creates an error that was caused by another.</summary>
    /// <param name="message">What happened, where, and what to do.</param>
    /// <param name="innerException">The cause.</param>
    public LogPoisonedException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    internal static LogPoisonedException By(Exception cause, LogPosition durableEnd) => new(
        $"The write-ahead log failed and accepts nothing more; events up to position {durableEnd} are durable. Remove the cause, then close the store and open it again. The cause: {cause.Message}",
        cause);
}
