using System.Collections.Immutable;
using LambdaCore.Storage;

namespace LambdaCore.Tables;

/// <summary>A Delta Lake table of the store: a folder of Parquet files and the transaction log that says which of them
/// are the table.</summary>
/// <remarks>
/// <para>Every commit records, as a transaction of the store's id, up to which log position the table's content goes. A
/// commit is durable and complete when it returns; after a crash the table is at the version before or after it.</para>
/// <para>One thread may commit at a time, and only the holder of the store's lock. <see cref="Snapshot"/> may be read
/// from any thread.</para>
/// </remarks>
internal sealed class DeltaTable
{
    private static readonly KeyValuePair<string, string>[] NoProperties = [];

    private readonly IStorage _storage;
    private readonly TimeProvider _clock;
    private readonly DeltaLog _log;
    private volatile DeltaSnapshot _snapshot;
    private Exception? _failure;
    private bool _keepsHead;

    private DeltaTable(IStorage storage, TimeProvider clock, string folder, DeltaLog log, DeltaSnapshot snapshot, Guid storeId)
    {
        _storage = storage;
        _clock = clock;
        _log = log;
        _snapshot = snapshot;
        Folder = folder;
        StoreId = storeId;
    }

    /// <summary>The table's folder in the store.</summary>
    public string Folder { get; }

    /// <summary>The id of the store: of the last transaction of its master dataset. A store that was forked from another has an id of its own, given by the first commit
    /// after the fork.</summary>
    public Guid StoreId { get; }

    /// <summary>The table as of the last commit.</summary>
    public DeltaSnapshot Snapshot => _snapshot;

    /// <summary>The version of the last commit, from 0.</summary>
    public long Version => _snapshot.Version;

    /// <summary>The files of the last version in ordinal order of their paths.</summary>
    public IReadOnlyList<DeltaFile> Files => _snapshot.Files;

    /// <summary>The log position before which the store's events are in the table, as of the last commit.</summary>
    public long CoveredPosition => _snapshot.CoveredPosition;

    /// <summary>Opens the table of a folder, or creates an empty one that covers nothing.</summary>
    /// <param name="storage">Where.</param>
    /// <param name="clock">Gives the times in the commits.</param>
    /// <param name="folder">The table's folder in the store.</param>
    /// <param name="name">The name that readers show.</param>
    /// <param name="schema">The columns that it must have.</param>
    /// <param name="storeId">The store's id; null for the table that gives it, the master dataset.</param>
    /// <exception cref="TableCorruptException">The transaction log is damaged or was written by another program.</exception>
    /// <exception cref="LambdaCoreException">The table has other columns, or belongs to another store.</exception>
    public static DeltaTable OpenOrCreate(
        IStorage storage, TimeProvider clock, string folder, string name, DeltaSchema schema, Guid? storeId)
    {
        DeltaTable table = Open(storage, clock, folder, storeId) ?? Create(storage, clock, folder, name, schema, NoProperties, storeId);
        IReadOnlyList<string> differences = table.Snapshot.Metadata.Schema.DifferencesTo(schema);
        return differences.Count == 0
            ? table
            : throw new LambdaCoreException(
                $"The table in '{folder}' has other columns than are wanted now: {string.Join("; ", differences)}. Change the definition back, or use another folder.");
    }

    /// <summary>
    /// Gives a table that was copied from another store to the store that it was copied to. Costs two small files, however long the table's history is; what is
    /// damaged in it is found when the table is opened.
    /// </summary>
    /// <param name="storage">The storage that it was copied to.</param>
    /// <param name="clock">Gives the time in the commit.</param>
    /// <param name="folder">The table's folder.</param>
    /// <param name="from">The store that it was copied from.</param>
    /// <param name="to">The store that it belongs to from now on.</param>
    /// <param name="lastingFacts">The facts of the newest version that the new one repeats.</param>
    /// <exception cref="TableCorruptException">The newest version is damaged, or not that store's.</exception>
    public static void HandOver(IStorage storage, TimeProvider clock, string folder, Guid from, Guid to, IReadOnlyCollection<string> lastingFacts)
    {
        var log = new DeltaLog(storage, folder);
        DeltaCommit last = log.ReadLast();
        log.Publish(new DeltaCommit
        {
            Version = last.Version + 1,
            Timestamp = Truncated(clock.GetUtcNow()),
            Operation = "FORK",
            Facts = ImmutableSortedDictionary.CreateRange(StringComparer.Ordinal, last.Facts.Where(f => lastingFacts.Contains(f.Key)).Append(new("from", from.ToString()))),
            Transactions = last.Owner == from
                ? TransactionOf(to, last.Transactions[from.ToString()])
                : throw TableCorruptException.At(log.PathOf(last.Version), 0, $"it is not of the store {from}"),
            IsDataChange = false,
        });
    }

    /// <summary>Opens the table of a folder, whatever its columns are. Nothing is changed.</summary>
    /// <param name="storage">Where.</param>
    /// <param name="clock">Gives the times in the commits.</param>
    /// <param name="folder">The table's folder in the store.</param>
    /// <param name="storeId">The store's id; null for the table that gives it.</param>
    /// <returns>Null if there is none.</returns>
    /// <exception cref="TableCorruptException">The transaction log is damaged or was written by another program.</exception>
    /// <exception cref="LambdaCoreException">The table belongs to another store.</exception>
    public static DeltaTable? Open(IStorage storage, TimeProvider clock, string folder, Guid? storeId)
    {
        var log = new DeltaLog(storage, folder);
        if (log.Read() is not { } snapshot)
        {
            return null;
        }

        Guid owner = snapshot.LastCommit.Owner ?? throw TableCorruptException.At(log.PathOf(snapshot.Version), 0, "it does not say which store it belongs to: it has no 'txn' of one store's id");
        Guid store = storeId ?? owner;
        return owner == store
            ? new DeltaTable(storage, clock, folder, log, WithoutVacuumed(storage, folder, snapshot), store)
            : throw new LambdaCoreException(
                $"The table in '{folder}' belongs to another store: its last transaction is of {owner}, and this is the store {store}. Delete the folder if it was copied here; a batch view is built anew by the next batch.");
    }

    /// <summary>Creates an empty table that covers nothing, where there is none.</summary>
    /// <param name="storage">Where.</param>
    /// <param name="clock">Gives the times in the commits.</param>
    /// <param name="folder">The table's folder in the store.</param>
    /// <param name="name">The name that readers show.</param>
    /// <param name="schema">Its columns.</param>
    /// <param name="properties">Its properties, none of them the protocol's.</param>
    /// <param name="storeId">The store's id; null for the table that gives it.</param>
    public static DeltaTable Create(
        IStorage storage, TimeProvider clock, string folder, string name, DeltaSchema schema, IEnumerable<KeyValuePair<string, string>> properties, Guid? storeId)
    {
        var log = new DeltaLog(storage, folder);
        DeltaCommit creation = Creation(storage.NewId(), clock.GetUtcNow(), name, schema, storeId);
        creation = creation with { Metadata = creation.Metadata! with { Properties = ImmutableSortedDictionary.CreateRange(StringComparer.Ordinal, properties) } };
        DeltaSnapshot snapshot = DeltaLog.Next(null, creation, out _)!;
        log.Publish(creation);
        return new DeltaTable(storage, clock, folder, log, snapshot, storeId ?? snapshot.Metadata.Id);
    }

    /// <summary>Gives the table other columns and properties, durably and in one step; its files stay.</summary>
    /// <param name="schema">The columns: all that its files have, under names and with types that the protocol knows how to read them as.</param>
    /// <param name="properties">All properties that are not of the protocol.</param>
    /// <param name="operation">What was done, in one word.</param>
    /// <param name="facts">Facts about the operation, kept in the commit.</param>
    /// <exception cref="LambdaCoreException">Somebody else wrote the version, or an earlier commit failed.</exception>
    /// <exception cref="StorageException">The disk refused; nobody knows then whether the version exists.</exception>
    public DeltaSnapshot Change(
        DeltaSchema schema, IEnumerable<KeyValuePair<string, string>> properties, string operation, IEnumerable<KeyValuePair<string, string>> facts) =>
        Make(new DeltaCommit
        {
            Version = Version + 1,
            Timestamp = Truncated(_clock.GetUtcNow()),
            Operation = operation,
            Facts = ImmutableSortedDictionary.CreateRange(StringComparer.Ordinal, facts),
            Metadata = _snapshot.Metadata with { Schema = schema, Properties = ImmutableSortedDictionary.CreateRange(StringComparer.Ordinal, properties) },
            Transactions = TransactionOf(StoreId, CoveredPosition),
        });

    /// <summary>Makes the next version, durably and in one step.</summary>
    /// <param name="added">Files that are published already and join the table.</param>
    /// <param name="removed">Paths of files that leave it.</param>
    /// <param name="coveredPosition">The log position before which the store's events are in the table then.</param>
    /// <param name="operation">What was done, in one word, such as "SEAL".</param>
    /// <param name="facts">Facts about the operation, kept in the commit.</param>
    /// <param name="isDataChange">Whether the table's rows change.</param>
    /// <param name="transactions">How far the data of other applications than the store is in the table then, as far as that changes.</param>
    /// <returns>The table as of the new version.</returns>
    /// <exception cref="ArgumentException">The files do not fit the table.</exception>
    /// <exception cref="LambdaCoreException">Somebody else wrote the version, or an earlier commit failed.</exception>
    /// <exception cref="StorageException">The disk refused. Whether the version exists is unknown, so that the table
    /// takes no further commit until the store is opened anew.</exception>
    public DeltaSnapshot Commit(
        IReadOnlyList<DeltaFile> added,
        IReadOnlyList<string> removed,
        long coveredPosition,
        string operation,
        IEnumerable<KeyValuePair<string, string>>? facts = null,
        bool isDataChange = true,
        IEnumerable<KeyValuePair<string, long>>? transactions = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(coveredPosition);
        return Make(new DeltaCommit
        {
            Version = Version + 1,
            Timestamp = Truncated(_clock.GetUtcNow()),
            Operation = operation,
            Facts = ImmutableSortedDictionary.CreateRange(StringComparer.Ordinal, facts ?? []),
            Transactions = TransactionOf(StoreId, coveredPosition).AddRange(transactions ?? []),
            IsDataChange = isDataChange,
            Added = [.. added],
            Removed = [.. removed],
        });
    }

    /// <summary>Reads all versions up to the last commit from disk, the oldest first. Files of older versions need not exist any more.</summary>
    /// <exception cref="TableCorruptException">A version is missing or damaged.</exception>
    public IEnumerable<DeltaSnapshot> ReadHistory()
    {
        long newest = Version;
        return new DeltaLog(_storage, Folder).Replay().TakeWhile(s => s.Version <= newest);
    }

    /// <summary>From now on writes down which version is the newest (<see cref="DeltaHead"/>), so that it is noticed if it is gone when the table is opened next.</summary>
    public void KeepHead()
    {
        DeltaHead.Write(_storage, Folder, Version);
        _keepsHead = true;
    }

    /// <summary>Raises the failure of an earlier commit, for those who want to know before they do the work for another.</summary>
    /// <exception cref="LambdaCoreException">A commit failed, and it is unknown whether it exists.</exception>
    public void ThrowIfFailed()
    {
        if (_failure is not null)
        {
            throw new LambdaCoreException(
                $"The table in '{Folder}' takes no more commits, because one failed and it is unknown whether it exists: {_failure.Message} Close the store and open it again.", _failure)
            {
                LastsUntilReopened = true,
            };
        }
    }

    /// <summary>Forgets files that left the table, because they are gone from the disk.</summary>
    public void Forget(IEnumerable<string> gone) => _snapshot = _snapshot.Without(gone);

    /// <summary>The paths of files directly in the table's folder that no version has or had: what a crash between
    /// publishing a file and its commit left behind.</summary>
    /// <param name="extension">Only files of this extension, with its dot.</param>
    public IReadOnlyList<string> UnknownFiles(string extension) =>
        [.. _storage.List(Folder).Where(name => name.EndsWith(extension, StringComparison.Ordinal) && !_snapshot.Knows(name))];

    /// <summary>Forgets what earlier vacuums deleted, so that what is remembered does not grow with the age of the store.</summary>
    private static DeltaSnapshot WithoutVacuumed(IStorage storage, string folder, DeltaSnapshot snapshot)
    {
        if (!snapshot.Removed.Any())
        {
            return snapshot;
        }

        HashSet<string> left = [.. storage.List(folder)];
        return snapshot.Without([.. snapshot.Removed.Select(f => f.File.Path).Where(path => !path.Contains('/', StringComparison.Ordinal) && !left.Contains(path))]);
    }

    private DeltaSnapshot Make(DeltaCommit commit)
    {
        ThrowIfFailed();
        DeltaSnapshot next = DeltaLog.Next(_snapshot, commit, out string? problem)
            ?? throw new ArgumentException($"The commit does not fit the table in '{Folder}': {problem}.");
        Publish(commit);
        _snapshot = next;
        return next;
    }

    private void Publish(DeltaCommit commit)
    {
        try
        {
            _log.Publish(commit);
            if (_keepsHead)
            {
                DeltaHead.Write(_storage, Folder, commit.Version);
            }
        }
        catch (StorageConflictException exception)
        {
            _failure = new LambdaCoreException(
                $"Version {commit.Version} of the table in '{Folder}' exists already ('{_log.PathOf(commit.Version)}'), so another program wrote to it. A store is the only writer of its tables: stop the other program, and restore the folder from a copy.", exception);
            throw _failure;
        }
        catch (Exception exception)
        {
            _failure = exception;
            throw;
        }
    }

    private static DeltaCommit Creation(Guid id, DateTimeOffset now, string name, DeltaSchema schema, Guid? storeId) => new()
    {
        Version = 0,
        Timestamp = Truncated(now),
        Operation = "CREATE TABLE",
        Metadata = new DeltaMetadata(id, name, schema, Truncated(now)),
        Transactions = TransactionOf(storeId ?? id, 0),
    };

    private static ImmutableSortedDictionary<string, long> TransactionOf(Guid appId, long position) =>
        ImmutableSortedDictionary.Create<string, long>(StringComparer.Ordinal).Add(appId.ToString(), position);

    private static DateTimeOffset Truncated(DateTimeOffset time) => DateTimeOffset.FromUnixTimeMilliseconds(time.ToUnixTimeMilliseconds());
}
