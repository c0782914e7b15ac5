namespace LambdaCore;

/// <summary>The queue in front of the log is full, and <see cref="Backpressure.Fail"/> was chosen. Nothing was appended; try again later.</summary>
public sealed class LogOverloadedException : LambdaCoreException
{
    /// <summary>Creates the error.</summary>
    public LogOverloadedException()
        : base("The queue in front of the log is full. Nothing was appended. Try again later, append in larger batches, or choose Backpressure.Wait.")
    {
    }

    /// <summary>Creates the error.</summary>
    /// <param name="message">What happened.</param>
    public LogOverloadedException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the error.</summary>
    /// <param name="message">What happened.</param>
    /// <param name="innerException">The cause.</param>
    public LogOverloadedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
