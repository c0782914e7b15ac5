using System.Globalization;
using LambdaCore.Diagnostics;
using LambdaCore.Log;
using LambdaCore.Storage;
using LambdaCore.Tables;
using LambdaCore.Values;
using LambdaCore.Views;

namespace LambdaCore.Batch;

/// <summary>
/// Where the batch views of one definition live on disk: a Delta table of keys and states, each of whose files is a layer over a range of
/// the log, and beside each of them a lookup file of the same rows. All of it can be deleted and is computed anew from the log, but for an archive layer.
/// </summary>
/// <remarks>
/// One thread at a time. The layers that are served are the caller's; each method that adds one is told which others stay, and
/// the table has these and the new one afterwards, whatever it had before. Files that leave the table stay on disk until something is
/// added next, for readers from outside.
/// </remarks>
internal sealed partial class BatchTable
{
    private const string FingerprintTag = "fingerprint";
    private const string KeysTag = "keys";
    private const string RevisionFact = "revision";

    /// <summary>The facts that each commit of a view's table says anew.</summary>
    public static IReadOnlyCollection<string> LastingFacts { get; } = [RevisionFact];

    /// <summary>The folder of the lookup files, in that of the view.</summary>
    public const string LookupFolder = "_lookup";

    private readonly BatchContext _context;
    private readonly IStorage _storage;
    private readonly ViewPlan _plan;
    private readonly StateComputer _states;
    private readonly LogStates _log;
    private readonly LayerPatcher _patcher;
    private readonly string _folder;
    private DeltaTable? _table;
    private bool _isUnsure;

    /// <summary>
    /// Opens a view's table, or creates it. One that is damaged or another definition's stays as it is until there is a layer to be published: as
    /// long as that is not so, the other definition can still have it back.
    /// </summary>
    /// <param name="context">What all batch views share.</param>
    /// <param name="plan">The view.</param>
    /// <param name="merge">How its layers become one.</param>
    /// <param name="map">How layers of the view that it rolls up become one of its own.</param>
    public BatchTable(BatchContext context, ViewPlan plan, MergeLayers merge, MapLayers map)
    {
        _context = context;
        _storage = context.Storage;
        _plan = plan;
        _states = new StateComputer(context, plan, merge, map);
        _log = new LogStates(context, plan);
        Fingerprint = LayerFingerprint.Of(plan, context.Schema);
        _patcher = new LayerPatcher(context, plan, _states);
        FolderName = ViewFolder.NameOf(plan.Name);
        _folder = $"{ViewFolder.Parent}/{FolderName}";
        _storage.CreateFolder(_folder);
        _storage.CreateFolder($"{_folder}/{LookupFolder}");
        _table = Reopen();
    }

    /// <summary>The name of the view's folder.</summary>
    public string FolderName { get; }

    /// <summary>What layers must have in common to be of use.</summary>
    public string Fingerprint { get; }

    /// <summary>
    /// The revision of the log's content that all layers are the fold of, but for archive layers, whose events no change reaches any more. It stands in the commit, so that
    /// layers that a change did not touch follow it without being written.
    /// </summary>
    public long Revision => _table is { Files.Count: > 0 } table ? RevisionOf(table) : _context.Revision();

    /// <summary>The revision of the log's content.</summary>
    public long LogRevision => _context.Revision();

    /// <summary>The lookup file of a Parquet file, both in the view's folder.</summary>
    public static string LookupOf(string name) => $"{LookupFolder}/{Path.ChangeExtension(name, ".lookup")}";

    /// <summary>The layers that an earlier process left, if they are of use. A layer that is damaged is computed anew, and layers of an older revision of the log are healed.</summary>
    /// <param name="sealedEnd">The end of the master dataset; layers that claim to cover more are of no use.</param>
    /// <returns>The layers, oldest first; each is held once, for the caller.</returns>
    public IReadOnlyList<BatchView> Load(LogPosition sealedEnd)
    {
        if (_table is null || _table.Files.Count == 0)
        {
            ThrowUnlessArchived([]);
            return [];
        }

        if (Layers(_table) is not { } files || files[^1].Range.End > sealedEnd || Revision > _context.Revision())
        {
            Leave("its definition has changed, or it belongs to another log", null);
            return [];
        }

        ThrowUnlessArchived(files);
        List<BatchView> sound = [];
        List<LogRange> damaged = [];
        try
        {
            foreach ((LogRange range, DeltaFile file) in files)
            {
                try
                {
                    sound.Add(new BatchView(OpenLookup(file.Path, range), range, long.Parse(file.Tags[KeysTag], CultureInfo.InvariantCulture), file));
                }
                catch (LambdaCoreException error) when (range.Start < RawStart && !(error is StorageException && _storage.Exists(LookupPath(file.Path))))
                {
                    throw ArchiveDamaged(range, LookupPath(file.Path), error);
                }
                catch (LambdaCoreException error) when (range.Start >= RawStart)
                {
                    LogMessages.BatchLayerDiscarded(_context.Logger, _plan.Name, range.ToString(), error);
                    damaged.Add(range);
                }
            }

            if (damaged.Count > 0 || Revision != _context.Revision())
            {
                using RevisionChanges changes = new(_context, [.. _plan.ColumnsRead(_context.EventTimeColumn)]);
                using PatchedLayers patched = Patch(sound, damaged, changes, ProgressReporter.None, CancellationToken.None);
                IReadOnlyList<BatchView> layers = Publish(patched, ProgressReporter.None);
                sound.Except(layers).ToList().ForEach(view => view.Release());
                return layers;
            }
        }
        catch
        {
            sound.ForEach(view => view.Release());
            throw;
        }

        return sound;
    }

    /// <summary>Whether the table still has layers that are served. If not, for instance after a commit whose fate is unknown, they have to be computed anew.</summary>
    public bool Has(IEnumerable<BatchView> layers)
    {
        BeSure();
        HashSet<string> files = [.. (_table?.Files ?? []).Select(f => f.Path)];
        return layers.All(l => files.Contains(l.FileName));
    }

    /// <summary>Writes the layers that differ from what the log's content says now. Nothing is changed before <see cref="Publish(PatchedLayers, ProgressReporter)"/>.</summary>
    /// <param name="layers">The layers that are served and sound; all are of this table's <see cref="Revision"/>.</param>
    /// <param name="missing">The ranges of the others.</param>
    /// <param name="changes">Finds what has changed in the log.</param>
    /// <param name="progress">Is told how far it is.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public PatchedLayers Patch(
        IReadOnlyList<BatchView> layers, IReadOnlyList<LogRange> missing, RevisionChanges changes, ProgressReporter progress, CancellationToken cancellationToken) =>
        _patcher.Patch(
            layers,
            missing,
            Revision == _context.Revision() ? RowChanges.None : changes.Since(Revision, cancellationToken),
            progress,
            cancellationToken);

    /// <summary>Makes patched layers the table's, in one commit.</summary>
    /// <returns>All layers, oldest first; those that are new are held once, for the caller.</returns>
    public IReadOnlyList<BatchView> Publish(PatchedLayers patched, ProgressReporter progress)
    {
        BeSure();
        if (patched.Drafts.Count > 0 || Revision != patched.Revision)
        {
            long started = _context.Clock.GetTimestamp();
            IReadOnlyList<BatchView> layers = Commit(TableToChange(), patched.Kept, patched.Drafts, patched.Revision, "BATCH", [], progress);
            LogMessages.BatchViewHealed(_context.Logger, _plan.Name, patched.Revision, patched.Drafts.Count, _context.Clock.GetElapsedTime(started));
            return [.. patched.Kept.Concat(layers).OrderBy(l => l.Range.Start)];
        }

        return [.. patched.Kept.OrderBy(l => l.Range.Start)];
    }

    /// <summary>Computes the states of a range of events, and publishes them as a layer.</summary>
    /// <param name="kept">The layers that stay; the table has no others afterwards.</param>
    /// <param name="range">The events that count.</param>
    /// <param name="progress">Is told how far it is.</param>
    /// <param name="cancellationToken">Stops the computation; nothing is published then.</param>
    /// <returns>The layer, held once, for the caller.</returns>
    public BatchView Compute(IReadOnlyList<BatchView> kept, LogRange range, ProgressReporter progress, CancellationToken cancellationToken)
    {
        long started = _context.Clock.GetTimestamp();
        BatchView layer = Publish(kept, range, progress, files => _states.Compute(range, files, progress, cancellationToken));
        LogMessages.BatchViewBuilt(_context.Logger, _plan.Name, range.ToString(), layer.Keys, _context.Clock.GetElapsedTime(started));
        return layer;
    }

    /// <summary>Merges the states of the view that this one rolls up, and publishes them as a layer. If one of them is damaged, the range is computed from the log instead.</summary>
    /// <param name="kept">The layers that stay; the table has no others afterwards.</param>
    /// <param name="source">That view's layers over the range, oldest first.</param>
    /// <param name="range">The events that count.</param>
    /// <param name="progress">Is told how far it is.</param>
    /// <param name="cancellationToken">Stops the merge; nothing is published then.</param>
    /// <returns>The layer, held once, for the caller.</returns>
    public BatchView RollUp(
        IReadOnlyList<BatchView> kept, IReadOnlyList<BatchView> source, LogRange range, ProgressReporter progress, CancellationToken cancellationToken)
    {
        long started = _context.Clock.GetTimestamp();
        BatchView layer = Publish(kept, range, progress, files => MergeOrCompute(
            () => _states.RollUp([.. source.Select(l => l.Lookup)], range, files, progress, cancellationToken), range, files, progress, cancellationToken));
        LogMessages.BatchViewBuilt(_context.Logger, _plan.Name, range.ToString(), layer.Keys, _context.Clock.GetElapsedTime(started));
        return layer;
    }

    /// <summary>Merges layers that follow each other, and publishes the result in their place. If one of them is damaged, their range is computed from the log instead.</summary>
    /// <param name="kept">The layers that stay; the table has no others afterwards.</param>
    /// <param name="merged">The layers to merge, oldest first.</param>
    /// <param name="progress">Is told how far it is.</param>
    /// <param name="cancellationToken">Stops the merge; nothing is published then.</param>
    /// <returns>The layer, held once, for the caller.</returns>
    public BatchView Merge(IReadOnlyList<BatchView> kept, IReadOnlyList<BatchView> merged, ProgressReporter progress, CancellationToken cancellationToken)
    {
        LogRange range = new(merged[0].Range.Start, merged[^1].Range.End);
        long started = _context.Clock.GetTimestamp();
        BatchView layer = Publish(kept, range, progress, files => MergeOrCompute(
            () => _states.Merge([.. merged.Select(l => l.Lookup)], range, files, progress, cancellationToken), range, files, progress, cancellationToken));
        LogMessages.BatchViewMerged(_context.Logger, _plan.Name, merged.Count, range.ToString(), layer.Keys, _context.Clock.GetElapsedTime(started));
        return layer;
    }

    /// <summary>Computes the states of a range of sealed events without keeping them: of those that count at once.</summary>
    /// <param name="range">The events that count; not empty.</param>
    /// <param name="restriction">What is wanted of the keys. Others may come, but with parts of their states only.</param>
    /// <param name="visit">Takes in each row; a key may come several times, with parts of its state.</param>
    /// <param name="cancellationToken">Stops the computation.</param>
    /// <returns>The revision of the log's content that was read.</returns>
    public long Visit(LogRange range, KeyRestriction restriction, VisitStates visit, CancellationToken cancellationToken)
    {
        using MaterialisedSegments segments = _context.Segments(range);
        _log.Visit(segments, range, atOnce: true, restriction, visit, cancellationToken);
        return segments.Revision;
    }

    /// <summary>Computes states over the log as it was, as a batch over it would.</summary>
    /// <inheritdoc cref="PastLog.VisitAsync"/>
    public Task<PastReading> VisitAsync(PastLog past, KeyRestriction restriction, VisitStates visit, CancellationToken cancellationToken) =>
        past.VisitAsync(_log, restriction, visit, cancellationToken);

    /// <summary>Deletes the files that the table does not have any more. Who reads their lookup files goes on with them.</summary>
    /// <returns>How many, and their length.</returns>
    public (int Files, long Bytes) Vacuum()
    {
        BeSure();
        return _table is { } table ? DeleteUnused(table) : (0, 0);
    }

    private long MergeOrCompute(Func<long> merge, LogRange range, ScratchLayer files, ProgressReporter progress, CancellationToken cancellationToken)
    {
        try
        {
            return merge();
        }
        catch (LookupDamagedException damage) when (range.Start < RawStart)
        {
            throw ArchiveDamaged(range, damage.Path, damage);
        }
        catch (LookupDamagedException damage)
        {
            LogMessages.BatchLayerDiscarded(_context.Logger, _plan.Name, range.ToString(), damage);
            files.Discard();
            return _states.Compute(range, files, progress, cancellationToken);
        }
    }

    private BatchView Publish(IReadOnlyList<BatchView> kept, LogRange range, ProgressReporter progress, Func<ScratchLayer, long> write) =>
        Publish(kept, [(range, write)], "BATCH", [], progress)[0];

    /// <summary>Publishes any number of layers in one commit.</summary>
    private List<BatchView> Publish(
        IReadOnlyList<BatchView> kept,
        IReadOnlyList<(LogRange Range, Func<ScratchLayer, long> Write)> drafts,
        string operation,
        IEnumerable<KeyValuePair<string, string>> facts,
        ProgressReporter progress)
    {
        BeSure();
        long revision = _context.Revision();
        if (kept.Any(l => l.Range.Start >= RawStart) && Revision != revision)
        {
            throw new InvalidOperationException($"A layer of view '{_plan.Name}' was to be computed from revision {revision} of the log, beside others of revision {Revision}. Heal these first.");
        }

        DeltaTable table = TableToChange();
        List<LayerDraft> written = [];
        try
        {
            foreach ((LogRange range, Func<ScratchLayer, long> write) in drafts)
            {
                ScratchLayer files = new(_storage);
                written.Add(new LayerDraft(range, files, 0));
                written[^1] = written[^1] with { Keys = write(files) };
            }

            return Commit(table, kept, written, revision, operation, facts, progress);
        }
        finally
        {
            written.ForEach(draft => draft.Files.Dispose());
        }
    }

    /// <summary>Publishes the files of layers, and makes these and others the table.</summary>
    /// <returns>The new layers, each held once.</returns>
    private List<BatchView> Commit(
        DeltaTable table,
        IReadOnlyList<BatchView> kept,
        IReadOnlyList<LayerDraft> drafts,
        long revision,
        string operation,
        IEnumerable<KeyValuePair<string, string>> facts,
        ProgressReporter progress)
    {
        List<BatchView> layers = [];
        try
        {
            List<DeltaFile> added = [];
            foreach (LayerDraft draft in drafts)
            {
                progress.Begin(_plan.Name, BatchPhase.Publishing, draft.Keys);
                added.Add(Adopt(draft.Files, NewName(table, draft.Range), draft.Range, draft.Keys, []));
                progress.Advance(draft.Keys, added[^1].Size);
            }

            LogPosition covered = kept.Select(l => l.Range.End).Concat(drafts.Select(d => d.Range.End)).Max();
            table.Commit(
                added,
                [.. table.Files.Select(f => f.Path).Except(kept.Select(l => l.FileName))],
                covered.Value,
                operation,
                [.. facts, RevisionFactOf(revision)]);
            foreach ((LayerDraft draft, DeltaFile file) in drafts.Zip(added))
            {
                layers.Add(new BatchView(OpenLookup(file.Path, draft.Range), draft.Range, draft.Keys, file));
            }

            return layers;
        }
        catch
        {
            // Whether the commit exists is unknown if it failed; what comes next reads what is there.
            _isUnsure = true;
            layers.ForEach(layer => layer.Release());
            throw;
        }
    }

    private static KeyValuePair<string, string> RevisionFactOf(long revision) => new(RevisionFact, revision.ToString(CultureInfo.InvariantCulture));

    private static long RevisionOf(DeltaTable table) =>
        long.Parse(table.Snapshot.LastCommit.Facts[RevisionFact], NumberStyles.None, CultureInfo.InvariantCulture);

    private static string NewName(DeltaTable table, LogRange range) =>
        string.Create(CultureInfo.InvariantCulture, $"{range.Start.Value:D20}-{range.End.Value:D20}-{table.Version + 1}.parquet");

    /// <summary>Publishes the files of a layer, which are to be committed next.</summary>
    private DeltaFile Adopt(ScratchLayer files, string name, LogRange range, long keys, IEnumerable<KeyValuePair<string, string>> tags)
    {
        (string sha256, long size) = FileHash.Of(files.Parquet);
        _storage.Adopt(files.Lookup, LookupPath(name));
        _storage.Adopt(files.Parquet, $"{_folder}/{name}");
        return new DeltaFile(
            name, size, sha256, _context.Clock.GetUtcNow(), DeltaStats.Json(keys),
            [.. SegmentList.TagsOf(range), new(FingerprintTag, Fingerprint), new(KeysTag, keys.ToString(CultureInfo.InvariantCulture)), .. tags]);
    }

    /// <summary>
    /// The files of the table with their ranges, oldest first; null if they are of another definition, do not say of which revision they are, or do not follow each other
    /// from position zero to what the table covers. A view that was added after retention begins later, but not after the raw start.
    /// </summary>
    private List<(LogRange Range, DeltaFile File)>? Layers(DeltaTable table)
    {
        if (!long.TryParse(table.Snapshot.LastCommit.Facts.GetValueOrDefault(RevisionFact), NumberStyles.None, CultureInfo.InvariantCulture, out _))
        {
            return null;
        }

        List<(LogRange Range, DeltaFile File)> layers = [];
        foreach (DeltaFile file in table.Files)
        {
            if (file.Tags.GetValueOrDefault(FingerprintTag) != Fingerprint
                || SegmentList.RangeOf(file) is not { } range
                || !long.TryParse(file.Tags.GetValueOrDefault(KeysTag), NumberStyles.None, CultureInfo.InvariantCulture, out _))
            {
                return null;
            }

            layers.Add((range, file));
        }

        layers.Sort((left, right) => left.Range.Start.CompareTo(right.Range.Start));
        IEnumerable<LogPosition> starts = layers.Select(l => l.Range.Start).Append(new LogPosition(table.CoveredPosition));
        LogPosition first = layers[0].Range.Start <= RawStart ? layers[0].Range.Start : LogPosition.Zero;
        IEnumerable<LogPosition> ends = layers.Select(l => l.Range.End).Prepend(first);
        return starts.SequenceEqual(ends) ? layers : null;
    }

    private LookupFile OpenLookup(string name, LogRange range) =>
        LookupFile.Open(_storage.Map(LookupPath(name)), LookupPath(name), _plan.Fingerprint, range);

    private string LookupPath(string name) => $"{_folder}/{LookupOf(name)}";

    private void BeSure()
    {
        if (_isUnsure)
        {
            _table = Reopen();
            _isUnsure = false;
        }
    }

    /// <summary>The table, empty if it was of no use, and without files that it does not know any more.</summary>
    private DeltaTable TableToChange()
    {
        BeSure();
        DeltaTable table = _table ??= StartAnew();
        DeleteUnused(table);
        return table;
    }

    private DeltaTable? Reopen()
    {
        try
        {
            return OpenTable();
        }
        catch (LambdaCoreException error) when (error is not StorageException)
        {
            Leave("its table cannot be used", error);
            return null;
        }
    }

    /// <summary>Leaves a table alone that is of no use.</summary>
    private void Leave(string reason, Exception? error)
    {
        ThrowIfArchive(reason, error);
        LogMessages.BatchViewDiscarded(_context.Logger, _plan.Name, reason, error);
        _table = null;
    }

    private DeltaTable OpenTable() =>
        DeltaTable.OpenOrCreate(_storage, _context.Clock, _folder, _plan.Name, Schema(), _context.StoreId);

    private DeltaTable StartAnew()
    {
        foreach (string folder in new[] { $"{_folder}/_delta_log", $"{_folder}/{LookupFolder}", _folder })
        {
            foreach (string file in _storage.List(folder))
            {
                _storage.Delete($"{folder}/{file}");
            }

            _storage.FlushFolder(folder);
        }

        return OpenTable();
    }

    /// <summary>Deletes the files that left the table with the last commit, and what failed before its commit left behind.</summary>
    private (int Files, long Bytes) DeleteUnused(DeltaTable table)
    {
        HashSet<string> used = [.. table.Files.Select(f => f.Path)];
        string[] unused =
        [
            .. _storage.List(_folder).Where(f => f.EndsWith(".parquet", StringComparison.Ordinal) && !used.Contains(f)),
            .. _storage.List($"{_folder}/{LookupFolder}").Where(f => !used.Contains(Path.ChangeExtension(f, ".parquet"))).Select(f => $"{LookupFolder}/{f}"),
        ];
        long bytes = unused.Sum(f => _storage.Length($"{_folder}/{f}"));
        foreach (string file in unused)
        {
            _storage.Delete($"{_folder}/{file}");
        }

        table.Forget([.. table.Snapshot.Removed.Select(f => f.File.Path)]);
        return (unused.Length, bytes);
    }

    private DeltaSchema Schema() => new(
        _plan.RowKeys.Select(k => new DeltaColumn(k.Name, StoredType.Delta(k.Type.Kind), k.Type.IsNullable))
            .Concat(_plan.StateColumns.Select(c => new DeltaColumn(c.Name, StoredType.Delta(c.Column.Type.Kind), c.Column.Type.IsNullable))));
}
