using System.Runtime.CompilerServices;
using LambdaCore.Batch;
using LambdaCore.Log;
using LambdaCore.Serving;

namespace LambdaCore;

/// <content>Questions about the past, and about where a number comes from.</content>
public sealed partial class LambdaStore<TEvent>
{
    /// <summary>The store as of a position: answers count the events before it, as the log holds them when it is asked, so with all corrections and erasures up to then.</summary>
    /// <remarks>What lies before the position and is not sealed yet is sealed by the first question.</remarks>
    /// <param name="position">
    /// At most <see cref="Position"/>. Zero is before the first event: no view has a row. A question throws if it lies before <see cref="RawStart"/>; from there on, views count what has gone by
    /// <see cref="Retention"/> through their archive layers.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">The log does not go on to there.</exception>
    /// <exception cref="ObjectDisposedException">The store is closed.</exception>
    public HistoricalStore<TEvent> AsOf(LogPosition position)
    {
        ThrowIfDisposed();
        return position <= Position
            ? AsOf(new LogMoment(position))
            : throw new ArgumentOutOfRangeException(nameof(position), position, $"The log goes on to {Position}, so there is nothing to say as of {position}. Choose that position or one before it.");
    }

    /// <summary>The store as it was known at a time: answers count the events that were appended up to then, as they were before all corrections and erasures that came later.</summary>
    /// <remarks>
    /// <para>
    /// The time is that of ingestion: what somebody could know who asked then. It has nothing to do with the times that events speak of: for these there are windows
    /// and <see cref="ViewQuery{TKey, TResult}.Between"/>, and both go together, as in "what did we know on 1 March at noon about February?". An event counts if it was
    /// appended at the time or before, to the microsecond; a change of events counts if it was made at the time or before, to the millisecond. Before the first event no view has a row.
    /// </para>
    /// <para>
    /// What was corrected or erased later can be read as it was for as long as the old files are there, which is until a vacuum. If one is needed that is gone, a question throws, and
    /// says the earliest time that can be answered. So it does if some events that count have gone by <see cref="Retention"/>, but not all before <see cref="RawStart"/> count. Views are computed by their definitions of today.
    /// </para>
    /// </remarks>
    /// <param name="time">Not in the future.</param>
    /// <exception cref="ArgumentOutOfRangeException">The time lies in the future: what will be known then is not known.</exception>
    /// <exception cref="ObjectDisposedException">The store is closed.</exception>
    public HistoricalStore<TEvent> AsOf(DateTimeOffset time)
    {
        ThrowIfDisposed();

        // What is on its way at this very moment is not known by anybody, and whoever asks twice gets the same.
        DateTimeOffset now = _parts.Clock.GetUtcNow();
        return time <= now
            ? AsOf(new LogMoment(Position) { KnownAt = time })
            : throw new ArgumentOutOfRangeException(nameof(time), time, $"It is {now:O} now; what will be known at {time:O} is not known yet. Choose a time that is over, or AsOf(Position).");
    }

    /// <summary>Says which events a row of a view is made of.</summary>
    /// <remarks>
    /// The row is that of <see cref="Reconciliation.Merge"/>: all events before one position count that do not wait for a batch. Folding the events that are listed
    /// with a <see cref="ExplainedEvent{TEvent}.Source"/> gives it. What is not sealed is sealed when the events are enumerated. Events before <see cref="RawStart"/> have gone by
    /// <see cref="Retention"/>: the row counts them, but they cannot be listed.
    /// </remarks>
    /// <param name="view">A view that the store was opened with: of any kind. Of a session only the events of this session count.</param>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">Stops waiting for the row, and the enumeration.</param>
    /// <returns>The row with its events.</returns>
    /// <exception cref="ArgumentException">The store was not opened with this view.</exception>
    /// <exception cref="OverflowException">A sum does not fit the type of the result.</exception>
    public async Task<ViewExplanation<TEvent, TKey, TResult>> ExplainAsync<TKey, TResult>(
        ViewDefinition<TEvent, TKey, TResult> view, TKey key, CancellationToken cancellationToken = default)
    {
        IViewExplainer<TEvent, TKey, TResult> reader = (IViewExplainer<TEvent, TKey, TResult>)ReaderOf(view);
        KeyExplanation<TEvent, TKey, TResult> explained = await reader.ExplainAsync(key, cancellationToken).ConfigureAwait(false);
        return new ViewExplanation<TEvent, TKey, TResult>(explained.Entry, explained.Receipt, EventsOf(explained, cancellationToken));
    }

    private HistoricalStore<TEvent> AsOf(LogMoment moment) => new(this, new PastLog(cancellationToken => _parts.Log.AtAsync(moment, cancellationToken)));

    private async IAsyncEnumerable<ExplainedEvent<TEvent>> EventsOf<TKey, TResult>(
        KeyExplanation<TEvent, TKey, TResult> explained, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ThrowIfDisposed();
        Receipt receipt = explained.Receipt;
        LogPosition logEnd = receipt.Layers.FirstOrDefault(l => l.Source == AnswerSource.Log)?.Range.End ?? receipt.BatchEnd;
        Func<TEvent, bool> isOfKey = explained.NewFilter();
        using LogPrefix prefix = await _parts.Log.AtAsync(new LogMoment(receipt.Position) { Revision = receipt.Revision }, cancellationToken).ConfigureAwait(false);
        await foreach (StoredEvent<TEvent> stored in _parts.Log.ReadAsync(prefix, explained.Conditions, cancellationToken).ConfigureAwait(false))
        {
            if (isOfKey(stored.Event))
            {
                AnswerSource source = stored.Position < receipt.BatchEnd ? AnswerSource.Batch
                    : stored.IsBatchOnly ? AnswerSource.None
                    : stored.Position < logEnd ? AnswerSource.Log
                    : AnswerSource.Speed;
                yield return new ExplainedEvent<TEvent>(stored.Position, stored.Event, stored.IngestedAt, source);
            }
        }
    }
}
