using LambdaCore.Serving;

namespace LambdaCore;

/// <summary>A store as of some moment of its log, for questions only: see <see cref="LambdaStore{TEvent}.AsOf(LogPosition)"/> and <see cref="LambdaStore{TEvent}.AsOf(DateTimeOffset)"/>.</summary>
/// <remarks>
/// <para>
/// Every question is computed from the log by the view's SQL, so it takes as long as reading the events that may count: conditions on the key and
/// <see cref="ViewQuery{TKey, TResult}.Between"/> are part of the SQL, and let it pass over files and parts of files. No batch or speed view has a part in it, but for the states of events that have
/// gone by <see cref="Retention"/>: these stand in archive layers, which count as <see cref="AnswerSource.Batch"/>.
/// </para>
/// <para>
/// All events before the moment count but those that were rejected: as after a batch that ends there, also those that waited for one
/// (<see cref="LatePolicy.BatchOnly"/>). A receipt has <see cref="AnswerSource.Log"/> as its source, and <see cref="Receipt.BatchEnd"/> equals <see cref="Receipt.Position"/>. Its
/// watermark is that of the last segment's end before the position, so it may be lower than it was, and windows complete that are not said to be.
/// </para>
/// <para>Thread-safe. It holds nothing open, and is of use as long as its store is open.</para>
/// </remarks>
/// <typeparam name="TEvent">The event type.</typeparam>
public sealed class HistoricalStore<TEvent>
{
    private readonly LambdaStore<TEvent> _store;
    private readonly Batch.PastLog _past;

    internal HistoricalStore(LambdaStore<TEvent> store, Batch.PastLog past)
    {
        _store = store;
        _past = past;
    }

    /// <summary>Begins a question to a view. There is nothing to reconcile and no layer to choose: <c>Reconcile</c> and <c>From</c> throw.</summary>
    /// <param name="view">A view that the store was opened with.</param>
    /// <exception cref="ArgumentException">The store was not opened with this view.</exception>
    public ViewQuery<TKey, TResult> Query<TKey, TResult>(ViewDefinition<TEvent, TKey, TResult> view) => LambdaStore<TEvent>.Begin(view, ReaderOf(view));

    /// <summary>Answers for one key of a view.</summary>
    /// <param name="view">A view that the store was opened with.</param>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <returns>The row; null if no event has the key.</returns>
    /// <exception cref="ArgumentException">The store was not opened with this view.</exception>
    /// <exception cref="LambdaCoreException">The events cannot be read any more as they were known then; the message says since when they can.</exception>
    /// <exception cref="OverflowException">A sum does not fit the type of the result.</exception>
    public ValueTask<ViewEntry<TKey, TResult>?> GetAsync<TKey, TResult>(ViewDefinition<TEvent, TKey, TResult> view, TKey key, CancellationToken cancellationToken = default) =>
        ReaderOf(view).GetAsync(key, default, null, cancellationToken);

    private IViewReader<TKey, TResult> ReaderOf<TKey, TResult>(ViewDefinition<TEvent, TKey, TResult> view) => _store.ReaderOf(view).AsOf(_past);
}
