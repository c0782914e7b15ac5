using LambdaCore.DuckDb;
using LambdaCore.Storage;
using LambdaCore.Tables;
using LambdaCore.Values;

namespace LambdaCore.Log;

/// <summary>What tells the commit of a salvage.</summary>
internal static class LogSalvage
{
    /// <summary>The operation of the commit that adds all that was kept.</summary>
    public const string Operation = "SALVAGE";
}

/// <summary>
/// Makes the log of another store out of what is sound of a damaged one. Events keep their positions; where some are lost, a segment without events stands in
/// their place, as after an erasure. The new log begins a history of its own: its first version has all that could be kept.
/// </summary>
/// <remarks>What a crash leaves of it is refused when it is opened: the head says from the beginning that versions follow, and the versions come last.</remarks>
/// <typeparam name="TEvent">The event type.</typeparam>
internal sealed class LogSalvage<TEvent>
{
    private const string Folder = "log";

    private readonly IStorage _from;
    private readonly IStorage _to;
    private readonly DuckDbEngine _duckDb;
    private readonly EventCodec<TEvent> _codec;
    private readonly TimeProvider _clock;
    private readonly DeltaScraps _scraps;
    private readonly StoredSchema _schema;
    private readonly List<SalvagedDamage> _damage = [];
    private readonly List<LogRange> _lost = [];
    private readonly List<DeltaFile> _added = [];
    private readonly List<DeltaFile> _deadLetters = [];
    private readonly Dictionary<string, long> _producers;
    private LogPosition _end;
    private LogPosition _durableEnd;
    private long _lastIngestedAt;

    /// <summary>Looks at a damaged store.</summary>
    /// <param name="from">Its disk, of which nothing is changed.</param>
    /// <param name="to">The disk of the other store, which is empty.</param>
    /// <param name="duckDb">Writes there.</param>
    /// <param name="codec">The event type.</param>
    /// <param name="clock">Gives the times in the commits.</param>
    public LogSalvage(IStorage from, IStorage to, DuckDbEngine duckDb, EventCodec<TEvent> codec, TimeProvider clock)
    {
        _from = from;
        _to = to;
        _duckDb = duckDb;
        _codec = codec;
        _clock = clock;
        _scraps = DeltaScraps.Of(from, Folder);
        _schema = SchemaOf(_scraps, codec);
        Dropped = DroppedBy(_scraps);
        _producers = ProducersOf(_scraps);
    }

    /// <summary>The id of the new store.</summary>
    public Guid Id { get; } = Guid.NewGuid();

    /// <summary>The id of the damaged one; null if it is not known.</summary>
    public Guid? FormerId => _scraps.Owner;

    /// <summary>What retention had removed.</summary>
    public DroppedEvents Dropped { get; }

    /// <summary>Copies what is sound of the events, and fills what is not with holes. Nothing is committed.</summary>
    /// <param name="cancellationToken">Stops it.</param>
    public void Copy(CancellationToken cancellationToken)
    {
        DeltaHead.Write(_to, Folder, Dropped == DroppedEvents.None ? 1 : 2);
        _end = Dropped.End;
        _lastIngestedAt = Math.Max(0, Dropped.LastIngestedAt);
        LogPosition sealedEnd = LogPosition.Max(new LogPosition(_scraps.CoveredPosition), _end);
        List<SegmentFile> segments = SalvagedFiles.Copy(_from, _to, Folder, _scraps, _schema, _damage);
        cancellationToken.ThrowIfCancellationRequested();
        SalvagedGroups groups = SalvagedGroups.Of(_from, FormerId, sealedEnd, _damage);
        CopyDeadLetters();

        LogPosition segmentsEnd = segments.Count == 0 ? _end : segments[^1].Range.End;
        _durableEnd = LogPosition.Max(LogPosition.Max(groups.DurableEnd, sealedEnd), segmentsEnd);
        List<LogRange> replaceable = [.. Replaceable(segments, LogPosition.Max(sealedEnd, segmentsEnd))];
        foreach (SegmentFile segment in segments.Where(s => s.Range.Start >= _end))
        {
            AddGroups(groups.Groups, replaceable.Where(r => r.End <= segment.Range.Start), cancellationToken);
            FillUpTo(segment.Range.Start);
            Add(segment.Range, segment.File.As(SalvagedFiles.NewNameOf(segment)));
        }

        AddGroups(groups.Groups, replaceable, cancellationToken);
        FillUpTo(_durableEnd);
    }

    /// <summary>Makes what was copied the log of the new store, whose other files are complete.</summary>
    /// <param name="archives">The views whose archive layers were kept, by folder, and from where each counts.</param>
    /// <param name="damage">What was wrong with the others.</param>
    public SalvageReport Publish(IEnumerable<KeyValuePair<string, LogPosition>> archives, IEnumerable<SalvagedDamage> damage)
    {
        if (_deadLetters.Count > 0)
        {
            DeltaTable.Create(
                _to, _clock, DeadLetterTable<TEvent>.Folder, $"{_codec.Schema.EventType.Name} rejected", MasterSchema.Delta(_schema, MasterSchema.OwnOfDeadLetters), [], Id)
                .Commit(_deadLetters, [], _end.Value, LogSalvage.Operation);
        }

        // A store that has a head has a write-ahead file, too.
        WriteAheadLog.Open(_to, Id, _end, new WriteAheadLogOptions()).Dispose();

        DeltaTable table = DeltaTable.Create(
            _to, _clock, Folder, _codec.Schema.EventType.Name, MasterSchema.Delta(_schema, MasterSchema.OwnOfMaster), [StoredSchemaJson.Write(_schema)], Id);
        if (Dropped != DroppedEvents.None)
        {
            DroppedEvents dropped = Dropped with { Archives = DroppedEvents.None.Archives.AddRange(archives) };
            table.Commit([], [], dropped.End.Value, SegmentList.RetainOperation, dropped.Facts);
        }

        List<KeyValuePair<string, string>> facts = [new("lost", string.Join(',', _lost.Select(r => $"{r.Start}-{r.End}")))];
        if (FormerId is { } former)
        {
            facts.Add(new("from", former.ToString()));
        }

        if (_scraps.LastFacts(ContentChange.AmendOperation) is { } amendments)
        {
            facts.Add(new(ContentChange.AmendedFact, ContentChange.PositionOf(amendments).ToString()));
        }

        table.Commit(_added, [], _end.Value, LogSalvage.Operation, facts, transactions: _producers.Select(p => KeyValuePair.Create(ProducerName.TransactionOf(p.Key), p.Value)));
        return new SalvageReport(Dropped.End, _end, [.. _lost], [.. _damage, .. damage]);
    }

    private static StoredSchema SchemaOf(DeltaScraps scraps, EventCodec<TEvent> codec)
    {
        try
        {
            return scraps.Metadata is { } metadata
                ? StoredSchemaJson.Read(Folder, metadata)
                : StoredAmendments.First(codec);
        }
        catch (TableCorruptException)
        {
            return StoredAmendments.First(codec);
        }
    }

    /// <summary>How far each producer had come by what was sealed, as far as is known.</summary>
    private static Dictionary<string, long> ProducersOf(DeltaScraps scraps)
    {
        Dictionary<string, long> producers = new(StringComparer.Ordinal);
        foreach ((string application, long sequence) in scraps.Commits.SelectMany(c => c.Transactions))
        {
            if (ProducerName.OfTransaction(application) is not { } name)
            {
                continue;
            }

            if (sequence == DeltaCommit.Forgotten)
            {
                producers.Remove(name);
            }
            else
            {
                producers[name] = sequence;
            }
        }

        return producers;
    }

    private static DroppedEvents DroppedBy(DeltaScraps scraps) =>
        scraps.LastFacts(SegmentList.RetainOperation) is { } facts ? DroppedEvents.Read(facts) : DroppedEvents.None;

    private void CopyDeadLetters()
    {
        string folder = DeadLetterTable<TEvent>.Folder;
        if (_from.List(folder).Count + _from.List($"{folder}/_delta_log").Count > 0)
        {
            _deadLetters.AddRange(SalvagedFiles.Copy(_from, _to, folder, DeltaScraps.Of(_from, folder), _schema, _damage).Select(f => f.File.As(SalvagedFiles.NewNameOf(f))));
        }
    }

    /// <summary>
    /// The ranges whose events may be taken from the write-ahead log: those behind the last segment; and those of lost segments that were never written anew, as
    /// others have been corrected, or events in them erased, after they were sealed.
    /// </summary>
    private IEnumerable<LogRange> Replaceable(List<SegmentFile> kept, LogPosition sealedEnd)
    {
        HashSet<string> names = [.. kept.Select(k => k.File.Path)];
        if (_scraps.IsWhole)
        {
            foreach (LogRange range in _scraps.Live.Where(f => !names.Contains(f.Path)).Select(f => SegmentList.RangeOf(f)).OfType<LogRange>().OrderBy(r => r.Start))
            {
                if (_scraps.Live.Any(f => f.Path == SegmentList.PathOf(range)))
                {
                    yield return range;
                }
            }
        }

        LogPosition end = _from.List(Folder).Where(f => !_scraps.Knows(f) && !_scraps.IsWhole && SegmentList.RangeOf(f) is { } range && f != SegmentList.PathOf(range))
            .Select(f => SegmentList.RangeOf(f)!.Value.End).Append(sealedEnd).Max();
        yield return new LogRange(end, new LogPosition(long.MaxValue));
    }

    /// <summary>Seals the groups of some ranges.</summary>
    private void AddGroups(IReadOnlyList<SalvagedGroup> groups, IEnumerable<LogRange> ranges, CancellationToken cancellationToken)
    {
        foreach (LogRange range in ranges.Where(r => r.End > _end))
        {
            List<SalvagedGroup> run = [];
            foreach (SalvagedGroup group in groups.Where(g => g.Range.Start >= range.Start && g.Range.End <= range.End && g.Range.Start >= _end))
            {
                LogPosition runEnd = run.Count == 0 ? _end : run[^1].Range.End;
                if (group.Range.Start < runEnd)
                {
                    continue;
                }

                if (group.Range.Start > runEnd)
                {
                    Seal(run);
                    run = [];

                    // Beyond what was durable nothing was acknowledged: there the log ends with the first gap, as it does after any crash.
                    if (_end >= _durableEnd)
                    {
                        break;
                    }
                }

                run.Add(group);
            }

            cancellationToken.ThrowIfCancellationRequested();
            Seal(run);
        }
    }

    private void Seal(List<SalvagedGroup> run)
    {
        if (run.Count == 0)
        {
            return;
        }

        LogRange range = new(run[0].Range.Start, run[^1].Range.End);
        SegmentSealer.SealedRange written;
        try
        {
            using WriteAheadLog log = CopyGroups(run, range);
            using WriteAheadReader reader = log.Read(range);
            written = new SegmentSealer(_to, _duckDb, _schema, _codec.Schema.EventType).Write(reader, range, int.MaxValue);
        }
        catch (LambdaCoreException error) when (error is not (StorageException or LogPoisonedException or DuckDbException))
        {
            if (run.Count == 1)
            {
                _damage.Add(new SalvagedDamage(run[0].Path, error.Message, range));
            }
            else
            {
                // One group costs the others nothing.
                Seal(run[..(run.Count / 2)]);
                Seal(run[(run.Count / 2)..]);
            }

            return;
        }

        FillUpTo(range.Start);
        _lastIngestedAt = written.LastIngestedAt;
        foreach ((string name, long sequence) in written.Producers)
        {
            _producers[name] = Math.Max(sequence, _producers.GetValueOrDefault(name, long.MinValue));
        }

        Add(range, Adopt(Folder, range, written.Master, TagsOf(range, written.Tally)));
        if (written.DeadLetters is { } letters && _deadLetters.Select(SegmentList.RangeOf).Any(r => r is { } kept && kept.Start < range.End && range.Start < kept.End))
        {
            // They were sealed before, and are kept.
            ScratchFile.Discard(letters.ScratchPath);
        }
        else if (written.DeadLetters is { } rejected)
        {
            _to.CreateFolder(DeadLetterTable<TEvent>.Folder);
            _deadLetters.Add(Adopt(DeadLetterTable<TEvent>.Folder, range, rejected, SegmentList.TagsOf(range).Append(_schema.NewestTag)));
        }
    }

    /// <summary>Gives groups the form of a write-ahead log of the new store, from which they are sealed like others.</summary>
    private WriteAheadLog CopyGroups(List<SalvagedGroup> run, LogRange range)
    {
        // What is there is sealed, or could not be.
        foreach (string left in _to.List(WriteAheadFormat.Folder))
        {
            _to.Delete($"{WriteAheadFormat.Folder}/{left}");
        }

        WriteAheadLog log = WriteAheadLog.Open(_to, Id, range.Start, new WriteAheadLogOptions { FileLength = 1 << 16 });
        try
        {
            foreach (IGrouping<(string Path, uint Seed), SalvagedGroup> ofFile in run.GroupBy(g => (g.Path, g.Seed)))
            {
                using IStorageFile file = _from.Open(ofFile.Key.Path, FileAccess.Read);
                WriteAheadScanner scanner = new(file, ofFile.Key.Seed);
                foreach (SalvagedGroup group in ofFile)
                {
                    if (!scanner.TryRead(group.Offset, out WriteAheadFrame frame))
                    {
                        throw new StorageException($"The file '{file.Path}' has changed while it was salvaged. Let nothing else touch the store, and try again into an empty folder.");
                    }

                    log.Append(frame.First, frame.Count, frame.IngestedAtMicroseconds, frame.Payload.Span);
                }
            }

            // Not flushed: it is read at once, and what is sealed of it is published elsewhere.
            return log;
        }
        catch
        {
            log.Dispose();
            throw;
        }
    }

    private void FillUpTo(LogPosition end)
    {
        if (end <= _end)
        {
            return;
        }

        LogRange hole = new(_end, end);
        using DuckDbConnection connection = _duckDb.Connect();
        using SegmentRows nothing = new(_to, connection, $"hole_{hole.Start}", _schema, MasterSchema.OwnOfMaster);
        Add(hole, Adopt(Folder, hole, nothing.Write(), TagsOf(hole, EventTimeTally.None)));
        _lost.Add(hole);
    }

    private DeltaFile Adopt(string folder, LogRange range, SegmentFileDraft draft, IEnumerable<KeyValuePair<string, string>> tags)
    {
        string name = SegmentList.PathOf(range);
        _to.Adopt(draft.ScratchPath, $"{folder}/{name}");
        return new DeltaFile(name, draft.Size, draft.Sha256, _clock.GetUtcNow(), draft.Stats, tags);
    }

    private IEnumerable<KeyValuePair<string, string>> TagsOf(LogRange range, EventTimeTally tally) => SegmentTags.Of(range, tally, _lastIngestedAt, _schema);

    private void Add(LogRange range, DeltaFile file)
    {
        _added.Add(file);
        _end = range.End;
        _lastIngestedAt = SegmentTags.LastIngestedAt(new SegmentFile(range, file));
    }
}
