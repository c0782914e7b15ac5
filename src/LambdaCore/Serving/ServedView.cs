using LambdaCore.Batch;
using LambdaCore.Views;

namespace LambdaCore.Serving;

/// <summary>What a store needs of a view, whatever its types: to bring its speed layer up to date, and to swap its layers.</summary>
/// <typeparam name="TEvent">The event type.</typeparam>
internal abstract class ServedView<TEvent>
{
    private ServingSnapshot _snapshot;
    private volatile bool _isRebuilding;

    /// <summary>Creates a view with its first layers.</summary>
    protected ServedView(ViewPlan plan, BatchTable batch, ServingSnapshot snapshot)
    {
        Plan = plan;
        Batch = batch;
        _snapshot = snapshot;
    }

    /// <summary>The definition.</summary>
    public ViewPlan Plan { get; }

    /// <summary>Where batch views are computed and kept.</summary>
    public BatchTable Batch { get; }

    /// <summary>The immutable layers now.</summary>
    public ServingSnapshot Snapshot => Volatile.Read(ref _snapshot);

    /// <summary>Where the speed layer's part begins; if the immutable layers end before it, what lies between is in the log only.</summary>
    public abstract LogPosition SpeedStart { get; }

    /// <summary>Whether its first layers are being computed in the background, so that batch runs pass it over.</summary>
    public bool IsRebuilding
    {
        get => _isRebuilding && Snapshot.Batches.Count == 0;
        set => _isRebuilding = value;
    }

    /// <summary>Completes when there are layers again, if <see cref="IsRebuilding"/>.</summary>
    public Task Rebuilt { get; set; } = Task.CompletedTask;

    /// <summary>The immutable layers now, held until they are released.</summary>
    public ServingSnapshot Hold()
    {
        while (true)
        {
            ServingSnapshot snapshot = Snapshot;
            if (snapshot.TryAcquire())
            {
                return snapshot;
            }
        }
    }

    /// <summary>
    /// Lets the log answer for all events before a position that the immutable layers do not hold. Events that are about to be changed must not be in the speed
    /// layer, which would keep them as they were.
    /// </summary>
    /// <param name="end">Where a generation of the speed layer begins, at the end of a segment.</param>
    public abstract void ReadFromLog(LogPosition end);

    /// <summary>Gives the speed layer the states of the events that are sealed but not in a batch view.</summary>
    /// <param name="visitAll">Visits the states of all their keys.</param>
    public abstract void LoadSpeed(Action<VisitStates> visitAll);

    /// <summary>Puts a batch view over the events that the speed layer held alone in the place of the speed layer's states of them.</summary>
    /// <param name="added">The batch view, which begins where the others end; it is the view's to let go from here on.</param>
    public void Extend(BatchView added) => Replace([.. Snapshot.Batches, added]);

    /// <summary>
    /// Puts a list of batch views in the place of all layers up to its end. Views of the old list that are in the new one stay held, the
    /// others are let go.
    /// </summary>
    /// <param name="batches">The batch views, oldest first; the new ones are the view's to let go from here on.</param>
    /// <exception cref="LambdaCoreException">There is a gap or an overlap between them, or they end before the old ones did. Nothing was changed.</exception>
    public void Replace(IReadOnlyList<BatchView> batches) => ReplaceAll([(this, batches)]);

    /// <summary>Does what <see cref="Replace"/> does for several views at once: no answer sees some of them replaced and others not.</summary>
    /// <param name="replacements">The views, each once, and the batch views of each.</param>
    /// <exception cref="LambdaCoreException">As for <see cref="Replace"/>. Nothing was changed.</exception>
    public static void ReplaceAll(IReadOnlyList<(ServedView<TEvent> View, IReadOnlyList<BatchView> Batches)> replacements)
    {
        if (replacements.Count == 0)
        {
            return;
        }

        (ServedView<TEvent> View, ServingSnapshot Next)[] all = [.. replacements.Select(r => (r.View, r.View.Next(r.Batches)))];
        ServingSnapshot[] old = [];
        all[0].View.Exclusively(() => old = [.. all.Select(r => r.View.Replaced(r.Next))]);
        try
        {
            foreach ((ServedView<TEvent> view, ServingSnapshot next) in all)
            {
                view.DropSpeedBefore(next.End);
            }
        }
        finally
        {
            foreach ((ServingSnapshot was, (_, ServingSnapshot next)) in old.Zip(all))
            {
                was.ReleaseExcept(next);
            }
        }
    }

    /// <summary>Compares a batch view that is not yet served with what the speed layer computed of the same events.</summary>
    /// <param name="batch">The batch view; it begins where those that are served end.</param>
    /// <param name="cancellationToken">Stops the comparison.</param>
    /// <exception cref="LambdaCoreException">The speed layer has no states of just these events; or the disk failed.</exception>
    public abstract DriftFindings Audit(BatchView batch, CancellationToken cancellationToken);

    /// <summary>Compares two lists of layers over the same events, row by row.</summary>
    /// <param name="old">The old layers, held.</param>
    /// <param name="current">The new ones, held.</param>
    /// <param name="end">Where both end.</param>
    /// <param name="cancellationToken">Stops the comparison.</param>
    /// <exception cref="LookupDamagedException">A layer is damaged.</exception>
    public abstract ViewComparison Compare(IReadOnlyList<LookupFile> old, IReadOnlyList<LookupFile> current, LogPosition end, CancellationToken cancellationToken);

    /// <summary>Closes the files.</summary>
    public void Close() => Replaced(ServingSnapshot.Empty).Release();

    /// <summary>Lets the speed layer join what batch runs that failed have left of it. Only while no batch run changes layers, and where no layer that is not served ends in between.</summary>
    public abstract void JoinSpeedGenerations();

    /// <summary>Runs something while nobody reads any view.</summary>
    protected abstract void Exclusively(Action change);

    /// <summary>Lets the speed layer forget states of events before a position.</summary>
    protected abstract void DropSpeedBefore(LogPosition position);

    private ServingSnapshot Next(IReadOnlyList<BatchView> batches)
    {
        ServingSnapshot next = new(batches, Snapshot.Start, Batch.Revision);
        return next.End >= Snapshot.End
            ? next
            : throw new LambdaCoreException($"The batch views of view '{Plan.Name}' were to be replaced by some that end at {next.End}, but those before went on to {Snapshot.End}. Run the batch again.");
    }

    /// <summary>Swaps the layers; the old ones are the caller's to release.</summary>
    protected ServingSnapshot Replaced(ServingSnapshot snapshot) => Interlocked.Exchange(ref _snapshot, snapshot);
}
