namespace LambdaCore;

/// <summary>The root of every error that LambdaCore raises on its own account.</summary>
/// <remarks>
/// A message says what happened, the value, where (file, position or property), and what to do. Errors in the
/// arguments of a call are <see cref="ArgumentException"/>s, as everywhere in .NET.
/// </remarks>
public class LambdaCoreException : Exception
{
    /// <summary>Creates an error without a message.</summary>
    public LambdaCoreException()
    {
    }

    /// <summary>Creates an error.</summary>
    /// <param name="message">What happened, where, and what to do.</param>
    public LambdaCoreException(string message)
        : base(message)
    {
    }

    /// <summary>Creates an error that was caused by another.</summary>
    /// <param name="message">What happened, where, and what to do.</param>
    /// <param name="innerException">The cause.</param>
    public LambdaCoreException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Whether the error comes again until the store is opened anew.</summary>
    internal bool LastsUntilReopened { get; init; }
}
