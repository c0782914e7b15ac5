using LambdaCore.Batch;
using LambdaCore.Serving;

namespace LambdaCore;

/// <content>Computing views anew.</content>
public sealed partial class LambdaStore<TEvent>
{
    /// <summary>
    /// The views that are being computed anew, and those that were since the store was opened: of each view the last rebuild. Also those that go on from an earlier opening.
    /// </summary>
    public IReadOnlyList<ViewRebuild> Rebuilds => [.. _parts.Rebuilds.Jobs.Select(j => j.Handle)];

    /// <summary>
    /// Waits until the views whose definition is new answer from their own layers, in place of the log. Rebuilds by <see cref="ReprocessAsync{TKey, TResult}"/> are not waited for: their
    /// views have layers all the time.
    /// </summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="LambdaCoreException">A rebuild has stopped, since only opening the store again can help.</exception>
    /// <exception cref="ObjectDisposedException">The store is closed.</exception>
    public Task WaitForViewsAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfDisposed();
        return Task.WhenAll(_parts.Rebuilds.Jobs.Where(j => j.Status.Kind == RebuildKind.NewDefinition).Select(j => j.Completion)).WaitAsync(cancellationToken);
    }

    /// <summary>
    /// Begins to compute a view anew from the log, in the background, for instance since the code of one of its aggregates was wrong. Meanwhile it answers as before, and goes on to be
    /// brought up to date; in the end all its layers are swapped in one step.
    /// </summary>
    /// <remarks>
    /// The order is durable when this returns: if the store is closed, or the process dies, the rebuild goes on when the store is opened with the same definition. The commit that ends it
    /// in the view's Delta table records who wanted it, when and why. One rebuild of a view at a time.
    /// </remarks>
    /// <param name="view">A view that the store was opened with.</param>
    /// <param name="from">
    /// Only windows that begin at this time or later are computed anew, all other rows stay as they are; null for no bound. In a view whose key has no windows, or has sessions,
    /// everything is computed anew whatever the bounds, and the status has none.
    /// </param>
    /// <param name="to">Only windows that begin before this time are computed anew; null for no bound.</param>
    /// <param name="reason">Why.</param>
    /// <param name="by">Who wants it; null to name nobody.</param>
    /// <param name="swapByHand">Whether the new layers wait, when they are ready, for <see cref="ViewRebuild.SwapAsync"/>.</param>
    /// <param name="cancellationToken">Stops waiting for the order to be kept, not the rebuild.</param>
    /// <returns>The rebuild, which has just begun.</returns>
    /// <exception cref="ArgumentException">The store was not opened with this view; or the reason or the bounds are empty.</exception>
    /// <exception cref="InvalidOperationException">The view is being computed anew already.</exception>
    /// <exception cref="StorageException">The disk failed.</exception>
    public Task<ViewRebuild> ReprocessAsync<TKey, TResult>(
        ViewDefinition<TEvent, TKey, TResult> view,
        DateTimeOffset? from,
        DateTimeOffset? to,
        string reason,
        string? by = null,
        bool swapByHand = false,
        CancellationToken cancellationToken = default)
    {
        ThrowIfDisposed();
        _ = ReaderOf(view);
        Check(from, to, reason);
        ServedView<TEvent> served = _parts.ViewsByName[view.Name];
        return Task.Run(() => Begin(served, from, to, reason, by, swapByHand), cancellationToken);
    }

    /// <summary>Begins to compute all views anew.</summary>
    /// <inheritdoc cref="ReprocessAsync{TKey, TResult}"/>
    /// <returns>The rebuilds, in the order of the views; none for views whose definition is new, which are being computed already.</returns>
    public Task<IReadOnlyList<ViewRebuild>> ReprocessAsync(
        DateTimeOffset? from,
        DateTimeOffset? to,
        string reason,
        string? by = null,
        bool swapByHand = false,
        CancellationToken cancellationToken = default)
    {
        ThrowIfDisposed();
        Check(from, to, reason);
        return Task.Run<IReadOnlyList<ViewRebuild>>(
            () => [.. _parts.Views.Where(v => !v.IsRebuilding).Select(v => Begin(v, from, to, reason, by, swapByHand))], cancellationToken);
    }

    private static void Check(DateTimeOffset? from, DateTimeOffset? to, string reason)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(reason);
        if (from >= to)
        {
            throw new ArgumentException($"No window begins at {from:O} or later and before {to:O}. Give a later end.", nameof(to));
        }
    }

    private ViewRebuild Begin(ServedView<TEvent> view, DateTimeOffset? from, DateTimeOffset? to, string reason, string? by, bool swapByHand) =>
        _parts.Rebuilds.Begin(view, order =>
        {
            bool isOfWindows = WindowSpan.Of(view.Plan, from, to) is not null;
            return order with { From = isOfWindows ? from : null, To = isOfWindows ? to : null, Reason = reason, By = by, SwapsByHand = swapByHand };
        }).Handle;
}
