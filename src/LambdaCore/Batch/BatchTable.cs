using System.Globalization;
using LambdaCore.Diagnostics;
using LambdaCore.DuckDb;
using LambdaCore.Log;
using LambdaCore.Storage;
using LambdaCore.Tables;
using LambdaCore.Values;
using LambdaCore.Views;
using Microsoft.Extensions.Logging;

namespace LambdaCore.Batch;

/// <summary>
/// Where the batch views of one definition live on disk: a Delta table of keys and states, and beside each of its files a
/// lookup file of the same rows. All of it can be deleted; it is computed anew from the log.
/// </summary>
/// <remarks>One thread at a time. Files that a build replaces stay until the next build, for readers from outside.</remarks>
internal sealed class BatchTable
{
    private const string FingerprintTag = "fingerprint";
    private const string KeysTag = "keys";
    private const string LookupFolder = "_lookup";

    private readonly IStorage _storage;
    private readonly DuckDbEngine _duckDb;
    private readonly ViewPlan _plan;
    private readonly Guid _storeId;
    private readonly string _eventTimeColumn;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly string _folder;
    private DeltaTable _table;
    private bool _isUnsure;

    /// <summary>Opens a view's table, or creates it; one that is damaged or another definition's is emptied.</summary>
    public BatchTable(
        IStorage storage, DuckDbEngine duckDb, ViewPlan plan, Guid storeId, string eventTimeColumn, TimeProvider clock, ILogger logger)
    {
        _storage = storage;
        _duckDb = duckDb;
        _plan = plan;
        _storeId = storeId;
        _eventTimeColumn = eventTimeColumn;
        _clock = clock;
        _logger = logger;
        _folder = $"views/{ViewFolder.NameOf(plan.Name)}";
        storage.CreateFolder(_folder);
        storage.CreateFolder($"{_folder}/{LookupFolder}");
        _table = Reopen();
    }

    /// <summary>The batch view that an earlier process left, if it is of use.</summary>
    /// <param name="sealedEnd">The end of the master dataset; a view that claims to cover more is of no use.</param>
    public BatchView? Load(LogPosition sealedEnd)
    {
        if (_table.Files.Count == 0)
        {
            return null;
        }

        DeltaFile file = _table.Files[0];
        LogRange range = new(LogPosition.Zero, new LogPosition(_table.CoveredPosition));
        if (_table.Files.Count > 1 || file.Tags.GetValueOrDefault(FingerprintTag) != _plan.Fingerprint || range.End > sealedEnd)
        {
            _table = StartAnew("its definition has changed, or it belongs to another log", null);
            return null;
        }

        try
        {
            return new BatchView(OpenLookup(file.Path, range), range, file.ModificationTime);
        }
        catch (LambdaCoreException error)
        {
            _table = StartAnew("its lookup file is missing or damaged", error);
            return null;
        }
    }

    /// <summary>Computes the states of a range of events, and publishes them.</summary>
    /// <param name="segments">The segments that hold the range, and perhaps more.</param>
    /// <param name="range">The events that count; from position zero.</param>
    /// <param name="cancellationToken">Stops the computation; nothing is published then.</param>
    public (BatchView View, BatchRunView Report) Build(MaterialisedSegments segments, LogRange range, CancellationToken cancellationToken)
    {
        long started = _clock.GetTimestamp();
        if (_isUnsure)
        {
            _table = Reopen();
            _isUnsure = false;
        }

        DeleteUnused();
        string name = string.Create(CultureInfo.InvariantCulture, $"{range.End.Value:D20}-{_table.Version + 1}.parquet");
        string parquet = _storage.NewScratchPath(".parquet");
        string lookup = _storage.NewScratchPath(".lookup");
        try
        {
            long keys = Compute(segments, range, parquet, lookup, cancellationToken);
            (string sha256, long size) = FileHash.Of(parquet);
            _storage.Adopt(lookup, LookupPath(name));
            _storage.Adopt(parquet, $"{_folder}/{name}");
            DeltaFile added = new(
                name, size, sha256, _clock.GetUtcNow(), DeltaStats.Json(keys),
                [new(FingerprintTag, _plan.Fingerprint), new(KeysTag, keys.ToString(CultureInfo.InvariantCulture))]);
            _table.Commit([added], [.. _table.Files.Select(f => f.Path)], range.End.Value, "BATCH");
            TimeSpan elapsed = _clock.GetElapsedTime(started);
            LogMessages.BatchViewBuilt(_logger, _plan.Name, range.End.Value, keys, elapsed);
            BatchView view = new(OpenLookup(name, range), range, added.ModificationTime);
            return (view, new BatchRunView(_plan.Name, range, keys, size + view.Lookup.Length, elapsed));
        }
        catch
        {
            // Whether the commit exists is unknown if it failed; the next build reads what is there.
            _isUnsure = true;
            ScratchFile.Discard(parquet);
            ScratchFile.Discard(lookup);
            throw;
        }
    }

    /// <summary>Computes the states of a range of sealed events without keeping them, for the speed layer to begin with.</summary>
    /// <param name="segments">The segments that hold the range, and perhaps more.</param>
    /// <param name="range">The events that count.</param>
    /// <param name="visit">Takes in each row.</param>
    public void Visit(MaterialisedSegments segments, LogRange range, VisitStates visit)
    {
        using DuckDbConnection connection = _duckDb.Connect();
        StateRows.Visit(connection, StateRows.Select(_plan, _eventTimeColumn, segments, range), _plan, visit, CancellationToken.None);
    }

    private long Compute(
        MaterialisedSegments segments, LogRange range, string parquet, string lookup, CancellationToken cancellationToken)
    {
        using DuckDbConnection connection = _duckDb.Connect();
        using CancellationTokenRegistration registration = cancellationToken.Register(connection.Interrupt);
        try
        {
            long keys = connection.Execute(
                $"COPY (\n{StateRows.Select(_plan, _eventTimeColumn, segments, range)}\n) TO {Sql.Text(parquet)} (FORMAT parquet, COMPRESSION snappy, PARQUET_VERSION v1)");
            string stored = Sql.Parquet([parquet]);
            long states = _plan.SessionKey is null ? keys : connection.Scalar<long>(StateRows.CountOfStates(_plan, stored));
            using LookupWriter writer = new(lookup, _plan.Fingerprint, range.End.Value, states);
            long rows = StateRows.Visit(connection, $"SELECT * FROM {stored}", _plan, writer.Add, cancellationToken);
            if (rows != keys)
            {
                throw new LambdaCoreException($"DuckDB wrote {keys} rows of view '{_plan.Name}', but reads back {rows}. Run the batch again.");
            }

            writer.Complete();
            return keys;
        }
        catch (DuckDbException error) when (error.IsInterrupt && cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException($"The batch run for view '{_plan.Name}' was cancelled.", error, cancellationToken);
        }
    }

    private LookupFile OpenLookup(string name, LogRange range) =>
        LookupFile.Open(_storage.Map(LookupPath(name)), LookupPath(name), _plan.Fingerprint, range.End.Value);

    private string LookupPath(string name) => $"{_folder}/{LookupFolder}/{Path.ChangeExtension(name, ".lookup")}";

    private DeltaTable Reopen()
    {
        try
        {
            return OpenTable();
        }
        catch (LambdaCoreException error) when (error is not StorageException)
        {
            return StartAnew("its table cannot be used", error);
        }
    }

    private DeltaTable OpenTable() =>
        DeltaTable.OpenOrCreate(_storage, _clock, _folder, _plan.Name, Schema(), _storeId);

    private DeltaTable StartAnew(string reason, Exception? error)
    {
        LogMessages.BatchViewDiscarded(_logger, _plan.Name, reason, error);
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

    /// <summary>Deletes the files that the last build replaced, and what builds that failed left behind.</summary>
    private void DeleteUnused()
    {
        HashSet<string> used = [.. _table.Files.Select(f => f.Path)];
        foreach (string file in _storage.List(_folder).Where(f => f.EndsWith(".parquet", StringComparison.Ordinal) && !used.Contains(f)))
        {
            _storage.Delete($"{_folder}/{file}");
        }

        foreach (string file in _storage.List($"{_folder}/{LookupFolder}").Where(f => !used.Contains(Path.ChangeExtension(f, ".parquet"))))
        {
            _storage.Delete($"{_folder}/{LookupFolder}/{file}");
        }
    }

    private DeltaSchema Schema() => new(
        _plan.RowKeys.Select(k => new DeltaColumn(k.Name, StoredType.Delta(k.Type.Kind), k.Type.IsNullable))
            .Concat(_plan.StateColumns.Select(c => new DeltaColumn(c.Name, StoredType.Delta(c.Column.Type.Kind), c.Column.Type.IsNullable))));
}
