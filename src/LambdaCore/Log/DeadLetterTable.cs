using System.Globalization;
using LambdaCore.DuckDb;
using LambdaCore.Storage;
using LambdaCore.Tables;
using LambdaCore.Values;

namespace LambdaCore.Log;

/// <summary>
/// The rejected events of the sealed part of the log: a Delta table beside the master dataset, made when the first event is rejected. One thread at a
/// time may change it; any thread may read.
/// </summary>
/// <remarks>
/// A range is committed here first and then to the master dataset, whose commit decides up to where the log is sealed. So files that begin at or after that
/// end are left over from a seal that failed between the two, or from one whose events a power cut took; they are removed when the store is opened, or when
/// the range is sealed again.
/// </remarks>
internal sealed partial class DeadLetterTable<TEvent>
{
    /// <summary>The table's folder in the store.</summary>
    public const string Folder = "deadletters";

    private readonly IStorage _storage;
    private readonly DuckDbEngine _duckDb;
    private readonly EventCodec<TEvent> _codec;
    private readonly TimeProvider _clock;
    private readonly Guid _storeId;
    private readonly SegmentVerifier _verifier;
    private readonly SegmentLeases _leases = new();
    private volatile DeltaTable? _table;
    private volatile StoredSchema _schema;

    /// <summary>Opens the table, if there is one.</summary>
    /// <param name="storage">Where it is.</param>
    /// <param name="duckDb">Reads its files.</param>
    /// <param name="codec">Restores events.</param>
    /// <param name="schema">What events have and had.</param>
    /// <param name="clock">Gives the times in the commits.</param>
    /// <param name="storeId">Which store it belongs to.</param>
    /// <param name="rawStart">Where the master dataset begins.</param>
    /// <param name="sealedEnd">Where it ends.</param>
    public DeadLetterTable(
        IStorage storage, DuckDbEngine duckDb, EventCodec<TEvent> codec, StoredSchema schema, TimeProvider clock, Guid storeId, LogPosition rawStart, LogPosition sealedEnd)
    {
        _storage = storage;
        _duckDb = duckDb;
        _codec = codec;
        _schema = schema;
        _clock = clock;
        _storeId = storeId;
        _verifier = new SegmentVerifier(storage, Folder);
        if (storage.List($"{Folder}/_delta_log").Count > 0)
        {
            _table = OpenOrCreate();
            foreach (string orphan in _table.UnknownFiles(".parquet"))
            {
                storage.Delete($"{Folder}/{orphan}");
            }

            if (FilesFrom(_table, sealedEnd) is { Count: > 0 } leftOver)
            {
                _table.Commit([], leftOver, sealedEnd.Value, "ROLLBACK");
            }

            DropBefore(rawStart, sealedEnd);
        }
    }

    /// <summary>Refuses a table of which the newest versions are gone, or all of them. Nothing is changed.</summary>
    /// <exception cref="TableCorruptException">It is so.</exception>
    public static void Check(IStorage storage)
    {
        long? newest = storage.List($"{Folder}/_delta_log").Max(DeltaLog.VersionOf);
        DeltaHead.Check(storage, Folder, newest);
        if (newest is null && storage.List(Folder).FirstOrDefault(f => f.EndsWith(".parquet", StringComparison.Ordinal)) is { } leftOver)
        {
            throw TableCorruptException.At(new DeltaLog(storage, Folder).PathOf(0), 0, $"the file is missing, but there is '{Folder}/{leftOver}', which is of the table");
        }
    }

    /// <summary>Whether an event was ever rejected.</summary>
    public bool Exists => _table is not null;

    /// <summary>Takes over the shape of events that the master dataset has now. A crash may have come between the two.</summary>
    public void Use(StoredSchema schema)
    {
        _schema = schema;
        DeltaSchema columns = MasterSchema.Delta(schema, MasterSchema.OwnOfDeadLetters);
        if (_table is { } table && !table.Snapshot.Metadata.Schema.IsLike(columns))
        {
            table.Change(columns, [], "EVOLVE", [schema.NewestTag]);
        }
    }

    /// <summary>Holds the files of now, so that they stay on disk.</summary>
    /// <param name="range">The events that count: from where raw events begin, as after a failing disk the table may still have older ones.</param>
    /// <param name="files">The files, in the order of the log.</param>
    /// <returns>Lets them go when it is disposed.</returns>
    public IDisposable Hold(LogRange range, out IReadOnlyList<SegmentFile> files) => _leases.Hold(
        () => [.. (_table?.Files ?? []).Select(f => new SegmentFile(SegmentList.RangeOf(Folder, f), f)).Where(f => f.Range.Start >= range.Start && f.Range.End <= range.End).OrderBy(f => f.File.Path, StringComparer.Ordinal)],
        out files);

    /// <summary>Deletes what is not needed any more.</summary>
    public void Vacuum(TableVacuum vacuum)
    {
        if (_table is { } table)
        {
            vacuum.Run(table, _leases, _verifier.Forget);
        }
    }

    /// <summary>Publishes the rejected events of a range that is about to be sealed, in place of what an earlier attempt left.</summary>
    public void Publish(LogRange range, SegmentFileDraft draft)
    {
        DeltaTable table = _table ??= OpenOrCreate();
        table.ThrowIfFailed();
        string name = string.Create(CultureInfo.InvariantCulture, $"{range.Start.Value:D20}-{range.End.Value:D20}-{table.Version + 1}.parquet");

        // An attempt that failed before its commit may have left a file of that name.
        _storage.Delete($"{Folder}/{name}");
        _storage.Adopt(draft.ScratchPath, $"{Folder}/{name}");
        DeltaFile added = new(name, draft.Size, draft.Sha256, _clock.GetUtcNow(), draft.Stats, SegmentList.TagsOf(range).Append(_schema.NewestTag));
        table.Commit([added], FilesFrom(table, range.Start), range.End.Value, "REJECT");
        _verifier.Trust(added);
    }

    /// <summary>Removes the files whose events all lie before a position: the master dataset has said that they have gone.</summary>
    public void DropBefore(LogPosition rawStart, LogPosition sealedEnd)
    {
        if (_table is { } table && table.Files.Where(f => SegmentList.RangeOf(Folder, f).End <= rawStart).Select(f => f.Path).ToList() is { Count: > 0 } gone)
        {
            table.Commit([], gone, sealedEnd.Value, SegmentList.RetainOperation);
        }
    }

    /// <summary>Reads the events of one file, in order.</summary>
    /// <exception cref="LogCorruptException">The file is damaged or missing.</exception>
    public List<DeadLetter<TEvent>> Read(SegmentFile file)
    {
        string path = _verifier.Materialise(file);
        IReadOnlyList<FileColumn> columns = [.. MasterSchema.OfEvents(_schema), .. MasterSchema.OwnOfDeadLetters];
        int own = _schema.Active.Count;
        EventFile[] files = [new EventFile(path, StoredSchema.VersionOf(file.File))];
        string source = new SegmentSource(_schema, MasterSchema.OwnOfDeadLetters).Of(files);
        return SealedRows.Read(files, () => Read(columns, own, source));
    }

    private List<DeadLetter<TEvent>> Read(IReadOnlyList<FileColumn> columns, int own, string source)
    {
        List<DeadLetter<TEvent>> letters = [];
        using DuckDbConnection connection = _duckDb.Connect();
        using DuckDbResult result = connection.Query(
            $"SELECT {string.Join(", ", columns.Select(c => Sql.Name(c.Name)))} FROM {source} ORDER BY {EventSchema.PositionColumn}");
        EventRowReader<TEvent> events = new(_codec);
        while (result.NextChunk())
        {
            for (int row = 0; row < result.RowCount; row++)
            {
                letters.Add(new DeadLetter<TEvent>(
                    new LogPosition(EventColumnReader.Present(result.Column(own), row).Int64(row)),
                    events.Read(result, row),
                    UnixTime.ToDateTimeOffset(EventColumnReader.Present(result.Column(own + 1), row).Int64(row)),
                    TimeSpan.FromTicks(EventColumnReader.Present(result.Column(own + 2), row).Int64(row)),
                    EventColumnReader.Present(result.Column(own + 3), row).Text(row)));
            }
        }

        return letters;
    }

    private DeltaTable OpenOrCreate()
    {
        _storage.CreateFolder(Folder);
        DeltaTable table = DeltaTable.Open(_storage, _clock, Folder, _storeId)
            ?? DeltaTable.Create(
                _storage, _clock, Folder, $"{_codec.Schema.EventType.Name} rejected", MasterSchema.Delta(_schema, MasterSchema.OwnOfDeadLetters), [], _storeId);
        table.KeepHead();
        return table;
    }

    private static List<string> FilesFrom(DeltaTable table, LogPosition start) =>
        [.. table.Files.Where(f => SegmentList.RangeOf(Folder, f).Start >= start).Select(f => f.Path)];
}
