using System.Collections.Immutable;

namespace LambdaCore.Tables;

/// <summary>The action <c>metaData</c>: what a Delta table is.</summary>
/// <param name="Id">The table's own id.</param>
/// <param name="Name">The name that readers show.</param>
/// <param name="Schema">The columns.</param>
/// <param name="CreatedTime">When it was made, to the millisecond.</param>
internal sealed record DeltaMetadata(Guid Id, string Name, DeltaSchema Schema, DateTimeOffset CreatedTime)
{
    /// <summary>The table's properties that are not of the protocol, which this library writes for itself.</summary>
    public ImmutableSortedDictionary<string, string> Properties { get; init; } = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);
}

/// <summary>One version of a Delta table: the actions that lead to it from the version before.</summary>
/// <remarks>Immutable. What it holds is written by <see cref="DeltaCommitWriter"/> and read by
/// <see cref="DeltaCommitReader"/>.</remarks>
internal sealed record DeltaCommit
{
    /// <summary>The version of a transaction that says that its application is forgotten.</summary>
    public const long Forgotten = -1;

    /// <summary>The version; 0 for the commit that creates the table.</summary>
    public required long Version { get; init; }

    /// <summary>When it was made, to the millisecond.</summary>
    public required DateTimeOffset Timestamp { get; init; }

    /// <summary>What was done, in one word, such as "SEAL".</summary>
    public required string Operation { get; init; }

    /// <summary>Facts about the operation.</summary>
    public ImmutableSortedDictionary<string, string> Facts { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>What the table is; in version 0 and wherever it changes.</summary>
    public DeltaMetadata? Metadata { get; init; }

    /// <summary>How far each application's data is in the table, as far as this commit says.</summary>
    public ImmutableSortedDictionary<string, long> Transactions { get; init; } = ImmutableSortedDictionary<string, long>.Empty;

    /// <summary>The store whose commit it is: the one whose transaction it holds; null if it is not of one store. Transactions of other applications, which have other ids than a store's, do not count.</summary>
    public Guid? Owner
    {
        get
        {
            Guid[] stores = [.. Transactions.Keys.Where(IsStore).Select(Guid.Parse)];
            return stores is [Guid store] ? store : null;
        }
    }

    /// <summary>Whether the id of an application is that of a store.</summary>
    public static bool IsStore(string application) => Guid.TryParseExact(application, "D", out Guid id) && id.ToString() == application;

    /// <summary>Whether the rows of the table change; not where files are only put in place of others that hold the same.</summary>
    public bool IsDataChange { get; init; } = true;

    /// <summary>The files that join the table.</summary>
    public IReadOnlyList<DeltaFile> Added { get; init; } = [];

    /// <summary>The paths of the files that leave it.</summary>
    public IReadOnlyList<string> Removed { get; init; } = [];
}
