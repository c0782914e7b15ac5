using System.Diagnostics.CodeAnalysis;
using LambdaCore.Diagnostics;
using LambdaCore.Storage;
using LambdaCore.Tables;

namespace LambdaCore.Log;

/// <content>The shape of the event type, which may have been another when events were written.</content>
internal sealed partial class EventLog<TEvent>
{
    private const string EvolveOperation = "EVOLVE";

    private StoredSchema _schema;
    private SegmentSource _source;
    private SegmentSealer _sealer;
    private SegmentRewriter _rewriter;

    /// <summary>What events have and had.</summary>
    public StoredSchema Schema => _schema;

    private static DeltaTable CreateTable(IStorage storage, TimeProvider clock, EventCodec<TEvent> codec)
    {
        StoredSchema schema = StoredAmendments.First(codec);
        return DeltaTable.Create(
            storage, clock, Folder, codec.Schema.EventType.Name, MasterSchema.Delta(schema, MasterSchema.OwnOfMaster), [StoredSchemaJson.Write(schema)], storeId: null);
    }

    /// <summary>The master dataset; null if there is none and nothing of one either.</summary>
    private static DeltaTable? OpenTable(IStorage storage, TimeProvider clock)
    {
        DeltaTable? table = DeltaTable.Open(storage, clock, Folder, storeId: null);
        DeltaHead.Check(storage, Folder, table?.Version);
        DeadLetterTable<TEvent>.Check(storage);
        if (table is null && LeftOver(storage) is { } leftOver)
        {
            throw TableCorruptException.At(new DeltaLog(storage, Folder).PathOf(0), 0, $"the file is missing, but there is '{leftOver}', which is part of a store");
        }

        return table;
    }

    /// <summary>A file that a store without a transaction log cannot have.</summary>
    private static string? LeftOver(IStorage storage) => new[] { Folder, WriteAheadFormat.Folder, DeadLetterTable<TEvent>.Folder }
        .SelectMany(folder => storage.List(folder).Select(file => $"{folder}/{file}"))
        .FirstOrDefault(f => f.EndsWith(".parquet", StringComparison.Ordinal) || f.EndsWith(".wal", StringComparison.Ordinal));

    /// <summary>The end of the log, found without changing anything.</summary>
    /// <exception cref="LogCorruptException">Acknowledged events are damaged or missing.</exception>
    private static LogPosition EndOf(IStorage storage, DeltaTable table)
    {
        LogPosition sealedEnd = new(table.CoveredPosition);
        WriteAheadRecovery found = WriteAheadRecovery.Scan(storage, table.StoreId, sealedEnd);

        // The head is written when the log has been opened once, and since then there was never none of its files.
        return found.HasFile || DeltaHead.Read(storage, Folder) is null
            ? LogPosition.Max(sealedEnd, found.End)
            : throw LogCorruptException.Missing(WriteAheadFormat.PathOf(sealedEnd), new LogRange(sealedEnd, sealedEnd));
    }

    [MemberNotNull(nameof(_schema), nameof(_source), nameof(_sealer), nameof(_rewriter))]
    private void Use(StoredSchema schema)
    {
        _schema = schema;
        _source = new SegmentSource(schema, MasterSchema.OwnOfMaster);
        _sealer = new SegmentSealer(_storage, _duckDb, schema, _codec.Schema.EventType);
        _rewriter = new SegmentRewriter(_storage, _duckDb, new EventFileColumns(schema, MasterSchema.OwnOfMaster), _codec.Schema.EventType.Name);
    }

    /// <summary>
    /// Gives events another shape. First what stands in the write-ahead log is sealed in the shape that it was written in, so that the log never holds two; then one
    /// commit of the master dataset decides; then the table of dead letters follows. After a crash between any two of these the next opening goes on.
    /// </summary>
    private void Evolve(StoredSchema wanted)
    {
        if (wanted != _schema)
        {
            while (SealedEnd < _wal.End)
            {
                SealSegment(new LogRange(SealedEnd, _wal.End));
            }

            // Nothing has been replayed yet: what comes to count begins after these.
            _sealedBytes = 0;
            _table.Change(MasterSchema.Delta(wanted, MasterSchema.OwnOfMaster), [StoredSchemaJson.Write(wanted)], EvolveOperation, [wanted.NewestTag]);
            _content = Content.Of(_table);
            _replayed = _content.Tally.Whole;
            Use(wanted);
            LogMessages.SchemaEvolved(_logger, wanted.Newest.Id, wanted.DescribeNewest());
        }

        _deadLetters.Use(_schema);
    }
}
