using System.Collections.Immutable;

namespace LambdaCore.Tables;

/// <summary>A Delta table at one version: what it is, which files it has, and how far each application's data is in it
/// (PROTOCOL.md, "Action Reconciliation").</summary>
/// <remarks>Immutable; <see cref="Apply"/> makes the next one at a cost that follows the commit and not the
/// table.</remarks>
internal sealed class DeltaSnapshot
{
    private readonly ImmutableSortedDictionary<string, DeltaFile> _files;
    private readonly ImmutableHashSet<string> _removed;
    private readonly ImmutableSortedDictionary<string, long> _transactions;

    private DeltaSnapshot(
        DeltaCommit last,
        DeltaMetadata metadata,
        ImmutableSortedDictionary<string, DeltaFile> files,
        ImmutableHashSet<string> removed,
        ImmutableSortedDictionary<string, long> transactions)
    {
        LastCommit = last;
        Metadata = metadata;
        _files = files;
        _removed = removed;
        _transactions = transactions;
    }

    /// <summary>The commit that led here.</summary>
    public DeltaCommit LastCommit { get; }

    /// <summary>The version, from 0.</summary>
    public long Version => LastCommit.Version;

    /// <summary>What the table is.</summary>
    public DeltaMetadata Metadata { get; }

    /// <summary>The files in ordinal order of their paths.</summary>
    public IReadOnlyList<DeltaFile> Files => field ??= [.. _files.Values];

    /// <summary>How far an application's data is in the table; null if it never said.</summary>
    public long? TransactionVersion(Guid appId) => _transactions.TryGetValue(appId.ToString(), out long version) ? version : null;

    /// <summary>Whether a file is in this version or was in an earlier one.</summary>
    public bool Knows(string path) => _files.ContainsKey(path) || _removed.Contains(path);

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
                ImmutableSortedDictionary.Create<string, DeltaFile>(StringComparer.Ordinal),
                ImmutableHashSet.Create<string>(StringComparer.Ordinal),
                ImmutableSortedDictionary.Create<string, long>(StringComparer.Ordinal)).Apply(commit, out problem);
    }

    /// <summary>The table after a commit.</summary>
    /// <param name="commit">The commit.</param>
    /// <param name="problem">Why it does not fit, as a sentence without its full stop.</param>
    /// <returns>Null if it does not fit: it removes a file that is not there, or adds one that is or was.</returns>
    public DeltaSnapshot? Apply(DeltaCommit commit, out string? problem)
    {
        ImmutableSortedDictionary<string, DeltaFile>.Builder files = _files.ToBuilder();
        ImmutableHashSet<string>.Builder removed = _removed.ToBuilder();
        foreach (string path in commit.Removed)
        {
            if (!files.Remove(path))
            {
                problem = $"the file '{path}' is to be removed, but the table does not have it";
                return null;
            }

            removed.Add(path);
        }

        foreach (DeltaFile file in commit.Added)
        {
            // The protocol allows both, for new statistics; here a file never changes and a name is never used again.
            if (removed.Contains(file.Path) || !files.TryAdd(file.Path, file))
            {
                problem = $"the file '{file.Path}' is to be added, but the table has it or had it";
                return null;
            }
        }

        problem = null;
        return new DeltaSnapshot(
            commit, commit.Metadata ?? Metadata, files.ToImmutable(), removed.ToImmutable(), _transactions.SetItems(commit.Transactions));
    }
}
