using LambdaCore.Diagnostics;
using LambdaCore.Log;
using LambdaCore.Storage;
using LambdaCore.Tables;

namespace LambdaCore.Batch;

/// <content>
/// Archive layers: the states of events that retention has removed. The last of them ends where the raw events begin. They are merged with each other, but never with later layers, nor are they
/// computed anew, and nothing deletes them but <see cref="LambdaStore{TEvent}.DropViewAsync"/>.
/// </content>
internal sealed partial class BatchTable
{
    /// <summary>The operation of a commit after which layers end at a raw start; that is a fact of it.</summary>
    public const string ArchiveOperation = "ARCHIVE";

    /// <summary>The first position whose event can still be read.</summary>
    public LogPosition RawStart => _context.Dropped().End;

    /// <summary>
    /// Sees to it that sound layers end at a position: one that goes on beyond it is computed anew in two parts, and one that is damaged as it was, from events that are still
    /// there.
    /// </summary>
    /// <param name="layers">The layers that are served, oldest first; they go beyond the position, or end at it.</param>
    /// <param name="end">The raw start that is to be.</param>
    /// <param name="progress">Is told how far it is.</param>
    /// <param name="cancellationToken">Stops the work; nothing is published then.</param>
    /// <returns>The new list: layers that stay, and new ones, each held once, for the caller. Null if the old one stays.</returns>
    public IReadOnlyList<BatchView>? Archive(
        IReadOnlyList<BatchView> layers, LogPosition end, ProgressReporter progress, CancellationToken cancellationToken)
    {
        long started = _context.Clock.GetTimestamp();
        List<LogRange> anew = [];
        HashSet<BatchView> kept = [];
        foreach (BatchView layer in layers)
        {
            LogRange range = layer.Range;
            if (range.Start < end && end < range.End)
            {
                anew.AddRange([new LogRange(range.Start, end), new LogRange(end, range.End)]);
            }
            else if (range.Start >= RawStart && range.End <= end && !IsSound(layer))
            {
                anew.Add(range);
            }
            else
            {
                kept.Add(layer);
            }
        }

        // The fact says that these layers are not to be deleted, even if the log itself should be lost.
        List<BatchView> made = Publish(
            [.. kept],
            [.. anew.Select(r => (r, (Func<ScratchLayer, long>)(files => _states.Compute(r, files, progress, cancellationToken))))],
            ArchiveOperation,
            [new(SegmentList.RawStartFact, end.ToString())],
            progress);
        if (made.Count == 0)
        {
            return null;
        }

        LogMessages.BatchViewArchived(_context.Logger, _plan.Name, string.Join(", ", anew), made.Sum(l => l.Keys), _context.Clock.GetElapsedTime(started));
        return [.. kept.Concat(made).OrderBy(l => l.Range.Start)];
    }

    /// <summary>Whether all of a layer can be read: once its events have gone, it is too late to find out.</summary>
    private bool IsSound(BatchView layer)
    {
        try
        {
            layer.Lookup.VerifyAll();
            return true;
        }
        catch (LookupDamagedException damage)
        {
            LogMessages.BatchLayerDiscarded(_context.Logger, _plan.Name, layer.Range.ToString(), damage);
            return false;
        }
    }

    /// <summary>The error of a layer that is damaged and cannot be computed again.</summary>
    /// <param name="range">Its events.</param>
    /// <param name="lookup">Its file.</param>
    /// <param name="damage">What was found.</param>
    public LambdaCoreException ArchiveDamaged(LogRange range, string lookup, Exception damage) => new(
        $"The archive layer of view '{_plan.Name}' over the events {range} is damaged: {(damage is LookupDamagedException { } at ? $"'{lookup}' at byte {at.Offset}: {at.What}." : damage.Message)} The raw events before {RawStart} have gone by retention, so that it cannot be computed again. Restore '{lookup}' from a copy of the store. Nothing was deleted. If there is no copy, open the store without the view and drop it (DropViewAsync): added again, it counts from {RawStart}.",
        damage);

    /// <summary>Refuses layers that lack states of events that retention has removed.</summary>
    /// <param name="layers">What the table has, oldest first.</param>
    private void ThrowUnlessArchived(List<(LogRange Range, DeltaFile File)> layers)
    {
        DroppedEvents dropped = _context.Dropped();
        bool isKnown = dropped.Archives.TryGetValue(FolderName, out LogPosition start);
        if (isKnown && (layers.Count == 0 || layers[0].Range.Start != start))
        {
            throw new LambdaCoreException(
                $"The archive layer of view '{_plan.Name}' over the events {new LogRange(start, dropped.End)} is missing in '{_folder}'. The raw events before {dropped.End} have gone by retention, so that it cannot be computed again. Restore the folder from a copy of the store. If there is none, open the store without the view and drop it (DropViewAsync): added again, it counts from {dropped.End}.");
        }

        if (layers.Count > 0 && layers[0].Range.Start < dropped.End && !layers.Any(l => l.Range.End == dropped.End))
        {
            throw new LambdaCoreException(
                $"The layers of view '{_plan.Name}' in '{_folder}' do not fit the log: the raw events before {dropped.End} have gone by retention, but no layer ends there. The folder was perhaps restored from a copy that is older than the log. Restore one that fits. Nothing was deleted. If there is none, open the store without the view and drop it (DropViewAsync).");
        }
    }

    /// <summary>Refuses to delete states of events that retention has removed.</summary>
    private void ThrowIfArchive(string reason, Exception? error)
    {
        if (_context.Dropped().Archives.ContainsKey(FolderName) || HasArchive())
        {
            throw new LambdaCoreException(
                $"View '{_plan.Name}' cannot be opened, because {reason}, and '{_folder}' has an archive layer: states of events that have gone by retention and cannot be computed again. Nothing was deleted. Open it with the definition that it was built with, and give a new definition another name; or restore the folder from a copy of the store; or, to give these states up, open the store without the view and drop it (DropViewAsync).",
                error);
        }
    }

    /// <summary>Whether a file of the store's own table has states of removed events.</summary>
    private bool IsArchive(DeltaFile file) => SegmentList.RangeOf(_folder, file).Start < RawStart;

    /// <summary>Whether the table that is there, whoever's it is, has states of removed events, as far as it can be read.</summary>
    private bool HasArchive()
    {
        try
        {
            // Where another store's raw events begin is not known here.
            DeltaSnapshot table = new DeltaLog(_storage, _folder).Read()!;
            return table.TransactionVersion(_context.StoreId) is null
                ? new[] { ArchiveOperation, ViewRename.Operation }.Any(o => table.LastFacts(o)?.ContainsKey(SegmentList.RawStartFact) == true)
                : table.Files.Any(IsArchive);
        }
        catch (TableCorruptException)
        {
            return false;
        }
    }
}
