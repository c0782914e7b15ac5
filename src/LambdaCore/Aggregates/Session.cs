namespace LambdaCore.Aggregates;

/// <summary>One session: a chain of events in which neighbours in time are less than the gap apart, and the states of its events.</summary>
/// <typeparam name="TRow">The states.</typeparam>
internal struct Session<TRow>
{
    /// <summary>The time of its first event, in microseconds since the Unix epoch: what tells it from the other sessions of its key.</summary>
    public long First;

    /// <summary>The time of its last event; not before <see cref="First"/>.</summary>
    public long Last;

    /// <summary>The states. A field, so that folds can pass it by reference.</summary>
    public TRow Row;
}
