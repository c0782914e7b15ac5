namespace LambdaCore;

/// <summary>Which events one row of a view is made of.</summary>
/// <typeparam name="TEvent">The event type.</typeparam>
/// <typeparam name="TKey">The view's key.</typeparam>
/// <typeparam name="TResult">The view's result.</typeparam>
public sealed class ViewExplanation<TEvent, TKey, TResult>
{
    internal ViewExplanation(ViewEntry<TKey, TResult>? row, Receipt receipt, IAsyncEnumerable<ExplainedEvent<TEvent>> events)
    {
        Row = row;
        Receipt = receipt;
        Events = events;
    }

    /// <summary>The row, with all layers merged; null if the key has none.</summary>
    public ViewEntry<TKey, TResult>? Row { get; }

    /// <summary>The position that row and events are exact for.</summary>
    public Receipt Receipt { get; }

    /// <summary>
    /// The events of the key before that position, in the order of the log: those that make up the row, and those that wait for a batch. They are read as they are
    /// enumerated, a part of the log at a time; what comes after the position never appears. Events that the view's filter leaves out or that were rejected do not appear.
    /// </summary>
    /// <exception cref="LambdaCoreException">
    /// Events were corrected, amended or erased since the row was made, and the files from before are gone. Ask for another explanation.
    /// </exception>
    public IAsyncEnumerable<ExplainedEvent<TEvent>> Events { get; }
}

/// <summary>One of the events that a row is made of.</summary>
/// <typeparam name="TEvent">The event type.</typeparam>
/// <param name="Position">Its position in the log.</param>
/// <param name="Event">The event, as the log holds it.</param>
/// <param name="IngestedAt">When it was appended.</param>
/// <param name="Source">
/// The layer that counts it: <see cref="AnswerSource.Batch"/>, <see cref="AnswerSource.Speed"/> or <see cref="AnswerSource.Log"/>; <see cref="AnswerSource.None"/> if none does,
/// since it came so late that it waits for the next batch (<see cref="LatePolicy.BatchOnly"/>).
/// </param>
public sealed record ExplainedEvent<TEvent>(LogPosition Position, TEvent Event, DateTimeOffset IngestedAt, AnswerSource Source);
