using LambdaCore.Batch;
using LambdaCore.DuckDb;
using LambdaCore.Log;
using LambdaCore.Rebuilds;
using LambdaCore.Running;
using LambdaCore.Serving;
using LambdaCore.Speed;
using LambdaCore.Storage;
using LambdaCore.Tables;
using LambdaCore.Views;

namespace LambdaCore.Changes;

/// <summary>
/// Erases events from the log and from the views, and deletes the files in which their bytes are left over, but for the old files of the log, which a vacuum deletes.
/// </summary>
/// <typeparam name="TEvent">The event type.</typeparam>
internal sealed class LogErasure<TEvent>
{
    private static readonly string[] AlwaysOutOfReach =
    [
        "Forks and backups of the store's folder, and what other programs have copied out of its tables.",
        "The commits of the log's tables: they keep the first and last position and event time of each file that there ever was, the reason and the asker of each change, the conditions and values of corrections in words, and the names and last sequences of producers.",
    ];

    /// <summary>The disk.</summary>
    public required IStorage Storage { get; init; }

    /// <summary>Runs the condition.</summary>
    public required DuckDbEngine DuckDb { get; init; }

    /// <summary>The log.</summary>
    public required EventLog<TEvent> Log { get; init; }

    /// <summary>Gives the turn.</summary>
    public required BatchRunner<TEvent> Batches { get; init; }

    /// <summary>Rebuilds that are under way.</summary>
    public required RebuildWorker<TEvent> Rebuilds { get; init; }

    /// <summary>The speed layer.</summary>
    public required SpeedLayer<TEvent> Speed { get; init; }

    /// <summary>How far the speed layer has come.</summary>
    public required Progress Progress { get; init; }

    /// <summary>All views.</summary>
    public required IReadOnlyList<ServedView<TEvent>> Views { get; init; }

    /// <summary>How long old files stay.</summary>
    public required TimeSpan TimeTravelWindow { get; init; }

    /// <inheritdoc cref="LambdaStore{TEvent}.EraseAsync(System.Linq.Expressions.Expression{Func{TEvent, bool}}, string, string, CancellationToken)"/>
    /// <param name="change">The condition.</param>
    /// <param name="reason">Why.</param>
    /// <param name="by">Who asks for it.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task<ErasureReceipt> EraseAsync(EventChange change, string reason, string? by, CancellationToken cancellationToken)
    {
        DuckDb.Register(ScalarFunctions.BeyondTable(change.Callbacks));
        ContentChange record = new(LogChangeKind.Erasure, reason, by, Condition: null, Setters: null);
        ErasureReceipt? receipt = null;
        IReadOnlyList<ChangedView> views = await Batches.RewriteAsync(
            async end =>
            {
                PreparedRewrite prepared = Log.PrepareRewrite(new RewriteRequest(end, change.ConditionSql, Assignments: null), cancellationToken);
                try
                {
                    long rejected = await Log.EraseDeadLettersAsync(change.ConditionSql, end, reason, cancellationToken).ConfigureAwait(false);
                    IReadOnlyList<RewrittenSegment> segments = await Log.CommitRewriteAsync(prepared, record).ConfigureAwait(false);
                    receipt = new ErasureReceipt(end, Log.Revision, prepared.Events, rejected, segments.Count, [], [], [], [], [.. OutOfReach()]);
                    return prepared;
                }
                catch
                {
                    prepared.Dispose();
                    throw;
                }
            },
            cancellationToken).ConfigureAwait(false);

        await DeleteWriteAheadFilesAsync(cancellationToken).ConfigureAwait(false);
        IReadOnlyList<string> deleted = await Batches.AloneAsync(() => Task.FromResult(DeleteViewFiles()), cancellationToken).ConfigureAwait(false);
        foreach (RebuildJob<TEvent> rebuild in Rebuilds.Jobs)
        {
            await rebuild.DropStaleAsync(cancellationToken).ConfigureAwait(false);
        }

        bool hasSpilled = !await DeleteSpillAsync(cancellationToken).ConfigureAwait(false);
        return receipt! with
        {
            Views = views,
            DeletedViews = deleted,
            Remaining = Log.RemainingFiles(TimeTravelWindow),
            Unfinished = [.. Unfinished(views, hasSpilled)],
        };
    }

    private IEnumerable<string> OutOfReach()
    {
        if (Log.RawStart > LogPosition.Zero)
        {
            yield return $"States of events before position {Log.RawStart}, which retention has removed from the log: the archive layers of views keep them, and nothing tells which events they come from. DropViewAsync deletes those of a view that the store was not opened with.";
        }

        foreach (string always in AlwaysOutOfReach)
        {
            yield return always;
        }
    }

    private static IEnumerable<string> Unfinished(IReadOnlyList<ChangedView> views, bool hasSpilled)
    {
        foreach (ChangedView view in views.Where(v => v.Failure is not null))
        {
            yield return $"The batch view '{view.Name}' could not follow and has states of the erased events: {view.Failure} Run a batch, then erase again.";
        }

        if (hasSpilled)
        {
            yield return "States of events that came during the erasure share files in 'speed' with those of erased events. Erase again; or close the store and open it.";
        }
    }

    /// <summary>Sees to it that the write-ahead log has no files from before now: what they hold of later events is sealed.</summary>
    private async Task DeleteWriteAheadFilesAsync(CancellationToken cancellationToken)
    {
        LogPosition start = Log.RollWriteAheadLog();
        await Progress.WaitAsync(start, cancellationToken).ConfigureAwait(false);
        await Log.SealAsync(() => LogPosition.Max(Log.SealedEnd, Progress.Position), cancellationToken).ConfigureAwait(false);
        await Log.DeleteWriteAheadFilesAsync().ConfigureAwait(false);
    }

    /// <summary>Deletes the files that views do not have any more, and all files of views that the store was not opened with.</summary>
    /// <returns>The folders of those.</returns>
    private List<string> DeleteViewFiles()
    {
        foreach (ServedView<TEvent> view in Views)
        {
            _ = view.Batch.Vacuum();
        }

        List<string> deleted = [];
        HashSet<string> used = [.. Views.Select(v => ViewFolder.NameOf(v.Plan.Name)), .. Log.Dropped.Archives.Keys];
        foreach (string folder in Storage.ListFolders(ViewFolder.Parent).Where(f => !used.Contains(f)))
        {
            if (DeleteFiles($"{ViewFolder.Parent}/{folder}"))
            {
                deleted.Add($"{ViewFolder.Parent}/{folder}");
            }
        }

        return deleted;
    }

    /// <summary>Deletes the files in a folder and in those below it.</summary>
    /// <returns>Whether there were any.</returns>
    private bool DeleteFiles(string folder)
    {
        bool any = Storage.ListFolders(folder).Aggregate(false, (found, below) => DeleteFiles($"{folder}/{below}") || found);
        foreach (string file in Storage.List(folder))
        {
            Storage.Delete($"{folder}/{file}");
            any = true;
        }

        Storage.FlushFolder(folder);
        return any;
    }

    /// <summary>Deletes the spill files. If later states are in them, a batch makes them needless; but others may come at any time.</summary>
    private async Task<bool> DeleteSpillAsync(CancellationToken cancellationToken)
    {
        if (Speed.TryDeleteSpill())
        {
            return true;
        }

        await Batches.RunAsync(BatchMode.Incremental, progress: null, cancellationToken).ConfigureAwait(false);
        return Speed.TryDeleteSpill();
    }
}
