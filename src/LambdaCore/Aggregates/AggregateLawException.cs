namespace LambdaCore;

/// <summary>An aggregate breaks a law that it has to keep; <see cref="AggregateLaws"/> found out.</summary>
/// <param name="law">The law.</param>
/// <param name="message">The law, how it is broken, the smallest example found, and the seed.</param>
/// <param name="innerException">What the aggregate threw, if it did.</param>
public sealed class AggregateLawException(string law, string message, Exception? innerException) : LambdaCoreException(message, innerException)
{
    /// <summary>The law, as a sentence.</summary>
    public string Law { get; } = law;
}
