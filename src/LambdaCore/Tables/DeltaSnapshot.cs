using System.Collections.Immutable;

namespace LambdaCore.Tables;

/// <summary>A Delta table at one version: what it is, which files it has, and how far each application's data is in it
/// (PROTOCOL.md, "Action Reconciliation").</summary>
/// <remarks>Immutable; <see cref="Apply"/> makes the next one at a cost that follows the commit and not the
/// table. What was removed is remembered until it is forgotten (<see cref="Without"/>), so that older versions can be read.</remarks>
internal sealed class DeltaSnapshot
{
    private readonly ImmutableSortedDictionary<string, (DeltaFile File, long AddedIn)> _files;
    private readonly ImmutableDictionary<string, RemovedFile> _removed;
    private readonly ImmutableSortedDictionary<string, long> _transactions;
    private readonly ImmutableSortedDictionary<string, (long Version, ImmutableSortedDictionary<string, string> Facts)> _operations;

    private DeltaSnapshot(
        DeltaCommit last,
        DeltaMetadata metadata,
        ImmutableSortedDictionary<string, (DeltaFile File, long AddedIn)> files,
        ImmutableDictionary<string, RemovedFile> removed,
        ImmutableSortedDictionary<string, long> transactions,
        ImmutableSortedDictionary<string, (long Version, ImmutableSortedDictionary<string, string> Facts)> operations,
        (long Version, DateTimeOffset Since) oldestWhole)
    {
        LastCommit = last;
        Metadata = metadata;
        _files = files;
        _removed = removed;
        _transactions = transactions;
        _operations = operations;
        OldestWhole = oldestWhole;
    }

    /// <summary>The commit that led here.</summary>
    public DeltaCommit LastCommit { get; }

    /// <summary>The version, from 0.</summary>
    public long Version => LastCommit.Version;

    /// <summary>What the table is.</summary>
    public DeltaMetadata Metadata { get; }

    /// <summary>The files in ordinal order of their paths.</summary>
    public IReadOnlyList<DeltaFile> Files => field ??= [.. _files.Values.Select(f => f.File)];

    /// <summary>The files that left the table and are not forgotten, in no order.</summary>
    public IEnumerable<RemovedFile> Removed => _removed.Values;

    /// <summary>The oldest version of which, and of all versions after it, no file is forgotten; and when it was made.</summary>
    public (long Version, DateTimeOffset Since) OldestWhole { get; }

    /// <summary>The log position before which the events of its store are in the table: of the store that made this version, from which the one at hand may have been forked.</summary>
    public long CoveredPosition => TransactionVersion(LastCommit.Owner!.Value)!.Value;

    /// <summary>How far an application's data is in the table; null if it never said.</summary>
    public long? TransactionVersion(Guid appId) => _transactions.TryGetValue(appId.ToString(), out long version) ? version : null;

    /// <summary>How far each application's data is in the table: stores', by their ids, and others'.</summary>
    public IReadOnlyDictionary<string, long> Transactions => _transactions;

    /// <summary>The facts of the newest commit of an operation; null if there is none.</summary>
    public ImmutableSortedDictionary<string, string>? LastFacts(string operation) => _operations.GetValueOrDefault(operation).Facts;

    /// <summary>The files that an older version had, in ordinal order of their paths; null if some are forgotten.</summary>
    /// <param name="version">From 0 to <see cref="Version"/>.</param>
    public IReadOnlyList<DeltaFile>? FilesAt(long version)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(version, Version);
        return version < OldestWhole.Version
            ? null
            : [.. _files.Values.Where(f => f.AddedIn <= version).Select(f => f.File)
                .Concat(_removed.Values.Where(f => f.AddedIn <= version && version < f.RemovedIn).Select(f => f.File))
                .OrderBy(f => f.Path, StringComparer.Ordinal)];
    }

    /// <summary>The newest version, up to this one, that was made by an operation; null if there is none.</summary>
    public long? LastVersionOf(string operation) => _operations.TryGetValue(operation, out (long Version, ImmutableSortedDictionary<string, string> Facts) last) ? last.Version : null;

    /// <summary>Whether a file is in this version, or was in an earlier one and is not forgotten.</summary>
    public bool Knows(string path) => _files.ContainsKey(path) || _removed.ContainsKey(path);

    /// <summary>The first version.</summary>
    /// <param name="commit">The commit of version 0.</param>
    /// <param name="problem">Why there is none, as a sentence without its full stop.</param>
    public static DeltaSnapshot? Begin(DeltaCommit commit, out string? problem)
    {
        problem = commit.Metadata is null ? "the first version has no 'metaData'" : null;
        return commit.Metadata is null
            ? null
            : new DeltaSnapshot(
                commit,
                commit.Metadata,
                ImmutableSortedDictionary.Create<string, (DeltaFile, long)>(StringComparer.Ordinal),
                ImmutableDictionary.Create<string, RemovedFile>(StringComparer.Ordinal),
                ImmutableSortedDictionary.Create<string, long>(StringComparer.Ordinal),
                ImmutableSortedDictionary.Create<string, (long, ImmutableSortedDictionary<string, string>)>(StringComparer.Ordinal),
                (commit.Version, commit.Timestamp)).Apply(commit, out problem);
    }

    /// <summary>The table after a commit.</summary>
    /// <param name="commit">The commit.</param>
    /// <param name="problem">Why it does not fit, as a sentence without its full stop.</param>
    /// <returns>Null if it does not fit: it removes a file that is not there, or adds one that is or was.</returns>
    public DeltaSnapshot? Apply(DeltaCommit commit, out string? problem)
    {
        ImmutableSortedDictionary<string, (DeltaFile File, long AddedIn)>.Builder files = _files.ToBuilder();
        ImmutableDictionary<string, RemovedFile>.Builder removed = _removed.ToBuilder();
        foreach (string path in commit.Removed)
        {
            if (!files.Remove(path, out (DeltaFile File, long AddedIn) file))
            {
                problem = $"the file '{path}' is to be removed, but the table does not have it";
                return null;
            }

            removed.Add(path, new RemovedFile(file.File, file.AddedIn, commit.Version, commit.Timestamp));
        }

        foreach (DeltaFile file in commit.Added)
        {
            // The protocol allows both, for new statistics; here a file never changes and a name is never used again.
            if (removed.ContainsKey(file.Path) || !files.TryAdd(file.Path, (file, commit.Version)))
            {
                problem = $"the file '{file.Path}' is to be added, but the table has it or had it";
                return null;
            }
        }

        problem = null;
        return new DeltaSnapshot(
            commit,
            commit.Metadata ?? Metadata,
            files.ToImmutable(),
            removed.ToImmutable(),
            _transactions.SetItems(commit.Transactions).RemoveRange(commit.Transactions.Where(t => t.Value == DeltaCommit.Forgotten).Select(t => t.Key)),
            _operations.SetItem(commit.Operation, (commit.Version, commit.Facts)),
            OldestWhole);
    }

    /// <summary>The same version, but files that left the table and are gone from the disk are forgotten.</summary>
    /// <param name="gone">Their paths; what was not removed, or is forgotten already, is passed over.</param>
    public DeltaSnapshot Without(IEnumerable<string> gone)
    {
        ImmutableDictionary<string, RemovedFile>.Builder removed = _removed.ToBuilder();
        (long Version, DateTimeOffset Since) oldest = OldestWhole;
        foreach (string path in gone)
        {
            if (removed.Remove(path, out RemovedFile? file) && file.RemovedIn > oldest.Version)
            {
                oldest = (file.RemovedIn, file.RemovedAt);
            }
        }

        return removed.Count == _removed.Count ? this : new DeltaSnapshot(LastCommit, Metadata, _files, removed.ToImmutable(), _transactions, _operations, oldest);
    }
}
