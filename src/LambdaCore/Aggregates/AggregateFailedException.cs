namespace LambdaCore;

/// <summary>
/// An aggregate of the host application (<see cref="IAggregate{TSelf, TInput, TResult}"/>) threw an exception, so there is no result for this key.
/// Other keys and views are not affected. Mend the aggregate, raise its version, and open the store again: the view is then computed anew.
/// </summary>
public sealed class AggregateFailedException : LambdaCoreException
{
    /// <summary>Creates an exception.</summary>
    /// <param name="message">What happened.</param>
    /// <param name="position">The position of the event that the aggregate failed on; null if it was no single event.</param>
    /// <param name="innerException">What the aggregate threw, if it did so just now.</param>
    public AggregateFailedException(string message, LogPosition? position, Exception? innerException)
        : base(message, innerException) => Position = position;

    /// <summary>
    /// The position of the event that the aggregate failed on, the first if there are several; null if it was no single event but a merge, the bytes or the result.
    /// </summary>
    public LogPosition? Position { get; }
}
