using LambdaCore.Diagnostics;
using LambdaCore.Storage;
using LambdaCore.Views;

namespace LambdaCore.Batch;

/// <summary>
/// The states of a view that are computed anew, from the first event on that there is, beside those that serve: in parts, each durable as soon as it is
/// finished, which are merged into layers in the end.
/// </summary>
/// <remarks>One thread at a time.</remarks>
internal sealed class RebuildComputation : IDisposable
{
    private readonly BatchContext _context;
    private readonly ViewPlan _plan;
    private readonly StateComputer _states;
    private readonly RebuildFolder _folder;
    private readonly PieceSize _pieces;
    private readonly WindowSpan? _windows;
    private readonly List<(RebuildPart Part, LookupFile File)> _parts = [];
    private readonly List<PreparedLayer> _prepared = [];
    private long _preparedRevision;

    /// <summary>Goes on with a rebuild where it was left.</summary>
    /// <param name="context">What all batch views share.</param>
    /// <param name="plan">The view.</param>
    /// <param name="states">Computes its states.</param>
    /// <param name="folder">Has the order, and keeps the parts.</param>
    /// <param name="order">The order.</param>
    public RebuildComputation(BatchContext context, ViewPlan plan, StateComputer states, RebuildFolder folder, RebuildOrder order)
    {
        _context = context;
        _plan = plan;
        _states = states;
        _folder = folder;
        _pieces = new PieceSize(plan, context.MemoryBytes);
        _windows = order.WindowsOf(plan);
        Order = order;
        foreach (RebuildPart part in folder.Parts(order.Id))
        {
            Take(part);
        }
    }

    /// <summary>What is to be computed.</summary>
    public RebuildOrder Order { get; }

    /// <summary>Whether the rows of some windows only are computed; the others are those of the layers that serve.</summary>
    public bool IsOfWindows => _windows is not null;

    /// <summary>The first event that there is: what retention has removed stays as it is.</summary>
    public LogPosition Start => _context.Dropped().End;

    /// <summary>The end of the parts that follow each other from the first event on.</summary>
    public LogPosition ComputedEnd
    {
        get
        {
            LogPosition end = Start;
            foreach ((RebuildPart part, _) in _parts.TakeWhile(p => p.Part.Range.Start <= end))
            {
                end = part.Range.End;
            }

            return end;
        }
    }

    /// <summary>How many events are in finished parts.</summary>
    public long Events => _parts.Sum(p => p.Part.Range.Count);

    /// <summary>The new layers, oldest first; none as long as the parts are not merged.</summary>
    public IReadOnlyList<PreparedLayer> Prepared => _prepared;

    /// <summary>The end of the new layers.</summary>
    public LogPosition PreparedEnd => _prepared.Count == 0 ? Start : _prepared[^1].Range.End;

    /// <summary>Computes the first part that is missing.</summary>
    /// <param name="end">Where parts end for now.</param>
    /// <param name="maxEvents">The most events of a part.</param>
    /// <param name="cancellationToken">Stops the computation; nothing is left then.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public void ComputeNext(LogPosition end, long maxEvents, CancellationToken cancellationToken)
    {
        LogPosition start = ComputedEnd;
        LogPosition next = _parts.Select(p => p.Part.Range.Start).Where(s => s > start).Append(end).Min();
        LogRange range = new(start, LogPosition.Min(next, new LogPosition(start.Value + Math.Min(Math.Min(maxEvents, _pieces.Events), next.Value - start.Value))));

        // Before the segments: what is rewritten meanwhile is taken for older than it is, and computed once more.
        long revision = _context.Revision();
        string path = _context.Storage.NewScratchPath(".run");
        try
        {
            if (_states.TryComputeRun(range, new StateSource(_context.Segments, Windows: _windows), path, _pieces, ProgressReporter.None, cancellationToken))
            {
                RebuildPart part = new(Order.Id, range.Start.Value, range.End.Value, revision, new FileInfo(path).Length);
                _folder.Add(path, part);
                Take(part);
            }
        }
        finally
        {
            ScratchFile.Discard(path);
        }
    }

    /// <summary>Forgets parts and layers whose events were rewritten since they were computed.</summary>
    /// <param name="end">Parts that go on behind this are of no use either.</param>
    /// <returns>Whether there were any.</returns>
    public bool DropStale(LogPosition end)
    {
        bool any = false;
        LogPosition start = Start;
        foreach ((RebuildPart part, LookupFile file) in _parts.Where(p => p.Part.Range.Start < start || p.Part.Range.End > end || _context.IsRewritten(p.Part.Range, p.Part.Revision)).ToList())
        {
            Drop(part, file);
            any = true;
        }

        if (_prepared.Count > 0 && (_prepared[0].Range.Start < start || _context.IsRewritten(new LogRange(start, PreparedEnd), _preparedRevision)))
        {
            Discard();
            any = true;
        }

        return any;
    }

    /// <summary>Merges the parts into the first layer.</summary>
    /// <param name="serving">The layers that serve, held, up to just where the parts end, whose rows of other windows stay; none if all is computed.</param>
    /// <param name="cancellationToken">Stops the merge.</param>
    /// <remarks>If a part is damaged, or its events were rewritten, it is dropped, and nothing is merged.</remarks>
    /// <exception cref="LookupDamagedException">A layer that serves is damaged.</exception>
    public void Merge(IReadOnlyList<BatchView> serving, CancellationToken cancellationToken)
    {
        Discard();

        // Before it is looked whether all parts are current: what is rewritten after that is newer than the layer.
        long revision = _context.Revision();
        LogRange range = new(Start, ComputedEnd);
        if (DropStale(range.End))
        {
            return;
        }

        try
        {
            LookupFile[] files = [.. serving.Select(l => l.Lookup), .. _parts.Where(p => p.Part.Range.End <= range.End).Select(p => p.File)];
            LayerCursor rows = new(files) { SupersededFiles = serving.Count, Supersedes = _windows is null ? null : _windows.Contains };
            _preparedRevision = revision;
            Prepare(range, target => _states.Merge(rows, files.Sum(f => f.Count), range, target, ProgressReporter.None, cancellationToken));
        }
        catch (LookupDamagedException damage) when (_parts.Find(p => p.File.Path == damage.Path) is { Part: { } part, File: { } file })
        {
            LogMessages.RebuildPartDiscarded(_context.Logger, _plan.Name, part.Range.ToString(), damage);
            Drop(part, file);
        }
    }

    /// <summary>Adds a layer, from where the others end.</summary>
    /// <param name="end">Where it ends; nothing happens if the others do already.</param>
    /// <param name="cancellationToken">Stops the computation.</param>
    public void Extend(LogPosition end, CancellationToken cancellationToken)
    {
        if (end > PreparedEnd)
        {
            LogRange range = new(PreparedEnd, end);
            Prepare(range, target => _states.Compute(range, target, ProgressReporter.None, cancellationToken));
        }
    }

    /// <summary>Forgets the new layers; the parts stay.</summary>
    public void Discard()
    {
        _prepared.ForEach(l => l.Dispose());
        _prepared.Clear();
    }

    /// <summary>Forgets the order and deletes all that was computed for it.</summary>
    public void End()
    {
        Dispose();
        _folder.End();
    }

    /// <summary>Closes the files. The rebuild can go on later.</summary>
    public void Dispose()
    {
        Discard();
        _parts.ForEach(p => p.File.Dispose());
        _parts.Clear();
    }

    private void Prepare(LogRange range, Func<ScratchLayer, long> write)
    {
        ScratchLayer files = new(_context.Storage);
        long keys;
        try
        {
            keys = write(files);
        }
        catch
        {
            files.Dispose();
            throw;
        }

        _prepared.Add(new PreparedLayer(files, _plan.Fingerprint, range, keys));
    }

    /// <summary>Opens a part that lies in the folder; one that overlaps another, or cannot be opened, is deleted.</summary>
    private void Take(RebuildPart part)
    {
        if (_parts.Exists(p => p.Part.Range.Start < part.Range.End && part.Range.Start < p.Part.Range.End))
        {
            _folder.Remove(part);
            return;
        }

        try
        {
            _parts.Add((part, _folder.Open(part, _plan.Fingerprint)));
            _parts.Sort((left, right) => left.Part.Start.CompareTo(right.Part.Start));
        }
        catch (LambdaCoreException error) when (error is not StorageException)
        {
            LogMessages.RebuildPartDiscarded(_context.Logger, _plan.Name, part.Range.ToString(), error);
            _folder.Remove(part);
        }
    }

    private void Drop(RebuildPart part, LookupFile file)
    {
        _parts.RemoveAll(p => p.Part == part);
        file.Dispose();
        _folder.Remove(part);
        Discard();
    }
}
