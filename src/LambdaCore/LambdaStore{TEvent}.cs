using LambdaCore.Diagnostics;
using LambdaCore.Log;
using LambdaCore.Serving;
using LambdaCore.Values;
using Microsoft.Extensions.Logging;

namespace LambdaCore;

/// <summary>
/// An open store: an append-only log of events, and views over it that answer exactly for every event acknowledged.
/// </summary>
/// <remarks>Thread-safe. Open one with <see cref="LambdaStore.OpenAsync"/>; dispose it to close it.</remarks>
/// <typeparam name="TEvent">The event type.</typeparam>
public sealed partial class LambdaStore<TEvent> : IAsyncDisposable
{
    private readonly OpenStore<TEvent> _parts;
    private int _disposed;

    internal LambdaStore(OpenStore<TEvent> parts) => _parts = parts;

    /// <summary>The end of what was acknowledged: the position that the next event gets, unless some are on their way already.</summary>
    public LogPosition Position => _parts.Log.Acknowledged;

    /// <summary>The end of the events that are in the master dataset.</summary>
    public LogPosition SealedPosition => _parts.Log.SealedEnd;

    /// <summary>How the batch layer fares: its last run, its failures, and what the schedule waits for. Costs nothing.</summary>
    public BatchStatus BatchStatus => _parts.Batches.Health.Status;

    /// <summary>What comparisons of the layers have found, if <see cref="LambdaStoreOptions{TEvent}.AuditDrift"/> is set. Costs nothing.</summary>
    public DriftReport Drift => _parts.Batches.Drift;

    /// <summary>What the times of the events came to that the views show: the watermark, and how many were late.</summary>
    public EventTimeStatus EventTime
    {
        get
        {
            // In this order, so that no view's batch ends after the events that are spoken of.
            LogPosition inAllViews = _parts.Views.Count == 0 ? _parts.Log.SealedEnd : _parts.Views.Min(v => v.Snapshot.End);
            EventTimeTally covered = _parts.Log.SealedTally(inAllViews);
            return EventTimeStatus.Of(_parts.Progress.Applied, covered);
        }
    }

    /// <summary>
    /// The store in words, several lines: event time and how late events are treated, durability, each view with its windows, what is being computed anew, and the views whose files
    /// are there, but that the store was not opened with.
    /// </summary>
    public string Describe() => string.Join(
        '\n',
        [
            _parts.Description,
            .. _parts.Rebuilds.Jobs.Where(j => !j.IsOver).Select(j => j.Status.ToString()),
            .. _parts.ClosedViews() is { Count: > 0 } closed ? [$"not opened: {string.Join(", ", closed)}"] : Array.Empty<string>(),
        ]);

    /// <inheritdoc cref="Describe"/>
    public override string ToString() => Describe();

    /// <summary>Appends one event.</summary>
    /// <remarks>
    /// When it returns, the event is durable to the level of <see cref="LambdaStoreOptions{TEvent}.Durability"/> and visible to every query.
    /// Many callers at a time share one flush.
    /// </remarks>
    /// <param name="e">The event. It may not change before the call returns.</param>
    /// <param name="cancellationToken">Stops waiting for room in the queue. An event that is on its way is appended all the same.</param>
    /// <returns>The event's position.</returns>
    /// <exception cref="ArgumentException">
    /// A value cannot be stored, or an event takes more than a sixteenth of <see cref="LambdaStoreOptions{TEvent}.BatchMemoryBytes"/> or than 64 MiB, or all of them together more than 1 GiB; the message
    /// names the property. Nothing was appended, none of several events either.
    /// </exception>
    /// <exception cref="LogOverloadedException">The queue is full, and <see cref="Backpressure.Fail"/> was chosen. Nothing was appended.</exception>
    /// <exception cref="LogPoisonedException">The store has stopped after an error; open it again. Whether the event is there, only then shows.</exception>
    /// <exception cref="ObjectDisposedException">The store is closed.</exception>
    public ValueTask<LogPosition> AppendAsync(TEvent e, CancellationToken cancellationToken = default)
    {
        ThrowIfDisposed();
        return _parts.Log.AppendAsync(e, cancellationToken);
    }

    /// <summary>Appends several events as one: side by side, all or none, visible at once.</summary>
    /// <inheritdoc cref="AppendAsync(TEvent, CancellationToken)"/>
    /// <param name="events">The events. They may not change before the call returns.</param>
    /// <param name="cancellationToken">Stops waiting for room in the queue. Events that are on their way are appended all the same.</param>
    /// <returns>The events' positions.</returns>
    public ValueTask<LogRange> AppendAsync(ReadOnlyMemory<TEvent> events, CancellationToken cancellationToken = default)
    {
        ThrowIfDisposed();
        return _parts.Log.AppendAsync(events, cancellationToken);
    }

    /// <summary>
    /// Brings the batch views up to the events that the views show when the run begins: computes what is new since each view's last batch, and
    /// merges layers that are out of proportion.
    /// </summary>
    /// <inheritdoc cref="RunBatchAsync(BatchMode, IProgress{BatchProgress}?, CancellationToken)"/>
    public Task<BatchRun> RunBatchAsync(CancellationToken cancellationToken = default) =>
        RunBatchAsync(BatchMode.Incremental, progress: null, cancellationToken);

    /// <summary>Brings the batch views up to the events that the views show when the run begins.</summary>
    /// <remarks>
    /// Appends and queries go on meanwhile. A new layer takes the place of what it covers in one step. One run at a time: a second
    /// call waits for the first. If a run is cancelled, views that it has not reached answer as before, and nothing is left behind. If it fails for
    /// a view, that view answers as before, the others are done all the same, and the first failure is thrown in the end.
    /// </remarks>
    /// <param name="mode">Whether to compute what is new, or everything anew.</param>
    /// <param name="progress">Is told how far the run is, from threads of the run; null if nobody wants to know.</param>
    /// <param name="cancellationToken">Stops the run.</param>
    /// <returns>What was done.</returns>
    /// <exception cref="LogCorruptException">A segment is damaged; the message names it.</exception>
    /// <exception cref="DuckDbException">A computation failed, for instance for lack of memory or disk.</exception>
    /// <exception cref="StorageException">The disk failed.</exception>
    public Task<BatchRun> RunBatchAsync(BatchMode mode, IProgress<BatchProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ThrowIfDisposed();
        return Enum.IsDefined(mode)
            ? _parts.Batches.RunAsync(mode, progress, cancellationToken)
            : throw new ArgumentOutOfRangeException(nameof(mode), mode, $"Choose one of {string.Join(", ", Enum.GetNames<BatchMode>())}.");
    }

    /// <summary>
    /// Reads the events that were rejected since they came too late (<see cref="LatePolicy.Reject"/>), in the order of the log: all that were acknowledged when the
    /// reading begins.
    /// </summary>
    /// <remarks>Those that are sealed stand in the Delta table <c>deadletters</c> of the store's folder, for readers from outside.</remarks>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <exception cref="LogCorruptException">A file is damaged; the message names it.</exception>
    public IAsyncEnumerable<DeadLetter<TEvent>> ReadDeadLettersAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfDisposed();
        return _parts.Log.ReadDeadLettersAsync(cancellationToken);
    }

    /// <summary>Begins a question to a view.</summary>
    /// <param name="view">A view that the store was opened with.</param>
    /// <exception cref="ArgumentException">The store was not opened with this view.</exception>
    public ViewQuery<TKey, TResult> Query<TKey, TResult>(ViewDefinition<TEvent, TKey, TResult> view)
    {
        ThrowIfDisposed();
        return Begin(view, ReaderOf(view));
    }

    /// <summary>Looks one key of a view up.</summary>
    /// <param name="view">A view that the store was opened with.</param>
    /// <param name="key">The key.</param>
    /// <param name="consistency">How new the answer must be.</param>
    /// <param name="reconciliation">How the batch layers and the speed layer become one answer; null for the view's choice.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The row; null if no event has the key, or none that the reconciliation counts.</returns>
    /// <exception cref="ArgumentException">The store was not opened with this view, or its results do not allow the reconciliation.</exception>
    /// <exception cref="OverflowException">A sum does not fit the type of the result.</exception>
    public ValueTask<ViewEntry<TKey, TResult>?> GetAsync<TKey, TResult>(
        ViewDefinition<TEvent, TKey, TResult> view, TKey key, Consistency consistency = default, Reconciliation? reconciliation = null, CancellationToken cancellationToken = default)
    {
        ThrowIfDisposed();
        IViewReader<TKey, TResult> reader = ReaderOf(view);
        if (reconciliation is not null)
        {
            reader.Check(reconciliation);
        }

        return reader.GetAsync(key, consistency, reconciliation, cancellationToken);
    }

    /// <summary>Cancels a batch that the schedule began, lets accepted events and a batch by hand come to their end, then closes the store.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            await Task.Run(() => _parts.CloseAsync().AsTask()).ConfigureAwait(false);
            LogMessages.StoreClosed(_parts.Logger, _parts.Folder);
        }
    }

    /// <summary>Begins a question.</summary>
    internal static ViewQuery<TKey, TResult> Begin<TKey, TResult>(ViewDefinition<TEvent, TKey, TResult> view, IViewReader<TKey, TResult> reader) =>
        new(reader, view.Name, view.Plan.WindowKey is not null || view.Plan.SessionKey is not null, new ViewQuestion<TKey, TResult>());

    /// <summary>Finds who answers questions to a view.</summary>
    internal IViewReader<TKey, TResult> ReaderOf<TKey, TResult>(ViewDefinition<TEvent, TKey, TResult> view)
    {
        ThrowIfDisposed();
        ArgumentNullException.ThrowIfNull(view);
        if (!_parts.ViewsByName.TryGetValue(view.Name, out ServedView<TEvent>? served))
        {
            string views = _parts.Views.Count == 0 ? "no views" : string.Join(", ", _parts.Views.Select(v => $"'{v.Plan.Name}'"));
            throw new ArgumentException($"The store was not opened with a view '{view.Name}'; it has {views}. Add it in the options: AddView(...).", nameof(view));
        }

        return served is IViewReader<TKey, TResult> reader && served.Plan.Fingerprint == view.Plan.Fingerprint && reader.ResultText == view.ResultText
            ? reader
            : throw new ArgumentException(
                $"The store was opened with another definition of view '{view.Name}' than it is asked with. Ask with the definition that was given to AddView(...).", nameof(view));
    }

    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
}
