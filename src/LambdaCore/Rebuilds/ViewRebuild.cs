using LambdaCore.Rebuilds;

namespace LambdaCore;

/// <summary>
/// A view that is being computed anew, in the background and beside the one that answers: a handle to follow and to steer it. It goes on after a crash or after the store was
/// closed, as soon as the store is opened again; <see cref="LambdaStore{TEvent}.Rebuilds"/> has it then.
/// </summary>
/// <remarks>Thread-safe.</remarks>
public sealed class ViewRebuild
{
    private readonly IRebuildJob _job;

    internal ViewRebuild(IRebuildJob job) => _job = job;

    /// <summary>The view's name.</summary>
    public string View => _job.Status.View;

    /// <summary>Tells the rebuild from all others, also after the store was opened again.</summary>
    public Guid Id => _job.Status.Id;

    /// <summary>How it fares. Costs nothing.</summary>
    public RebuildStatus Status => _job.Status;

    /// <summary>
    /// Completes when the new layers serve. It is cancelled by <see cref="CancelAsync"/>, and fails when only opening the store again can help, or when the
    /// store is closed; what was computed by then stays.
    /// </summary>
    public Task Completion => _job.Completion;

    /// <summary>Lets no further step begin, until <see cref="Resume"/> or until the store is opened again. A step that is at work comes to its end.</summary>
    public void Pause() => _job.Pause(true);

    /// <summary>Ends a pause.</summary>
    public void Resume() => _job.Pause(false);

    /// <summary>Ends the rebuild, and deletes what it has computed: the view goes on as it is. Does nothing once the new layers serve.</summary>
    /// <exception cref="InvalidOperationException">The view has no other layers, since its definition is new. Pause it, or open the store without the view.</exception>
    public Task CancelAsync() => _job.CancelAsync();

    /// <summary>
    /// Compares the rows of the view as they are with the new ones, both of the same events. If the rebuild waits for <see cref="SwapAsync"/>, before the swap, as soon as the new layers are ready;
    /// otherwise it waits for the end, and tells what the swap has changed. That comparison is kept.
    /// </summary>
    /// <param name="cancellationToken">Stops waiting and comparing.</param>
    /// <exception cref="InvalidOperationException">There is nothing to compare with, since the view's definition is new; or the rebuild has ended without a comparison, for instance since it was cancelled.</exception>
    public Task<ViewComparison> CompareAsync(CancellationToken cancellationToken = default) => _job.CompareAsync(cancellationToken);

    /// <summary>Lets the new layers serve, as soon as they are ready, and waits for it. Needed only if the rebuild was told to wait for it.</summary>
    /// <param name="cancellationToken">Stops waiting; the swap happens all the same.</param>
    public Task SwapAsync(CancellationToken cancellationToken = default)
    {
        _job.AllowSwap();
        return _job.Completion.WaitAsync(cancellationToken);
    }
}
