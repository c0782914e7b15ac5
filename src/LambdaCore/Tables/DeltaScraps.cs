using System.Text;
using LambdaCore.Storage;

namespace LambdaCore.Tables;

/// <summary>What can still be told of a table whose transaction log may be damaged.</summary>
/// <remarks>
/// A commit carries its own SHA-256, so one in which a single bit was turned is found again by turning each in its turn: what has the hash is what was written. Of a
/// commit that is damaged further nothing is believed.
/// </remarks>
internal sealed class DeltaScraps
{
    // Trying costs a hash of the whole for each of its bits: some seconds for a commit of this length.
    private const int LongestTried = 32 * 1024;

    private readonly OrderedDictionary<string, DeltaFile> _live = new(StringComparer.Ordinal);
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    private DeltaScraps()
    {
    }

    /// <summary>The commits that are sound, oldest first.</summary>
    public List<DeltaCommit> Commits { get; } = [];

    /// <summary>The files of the commits that are damaged or missing, and what is wrong with each.</summary>
    public List<(string Path, string Problem)> Lost { get; } = [];

    /// <summary>The commits that were damaged and could be restored, byte by byte as they were.</summary>
    public List<string> Restored { get; } = [];

    /// <summary>The files that the table has, as far as is known, in the order in which they were added.</summary>
    public IReadOnlyCollection<DeltaFile> Live => _live.Values;

    /// <summary>What the table is; null if no commit is left that says it.</summary>
    public DeltaMetadata? Metadata => Commits.LastOrDefault(c => c.Metadata is not null)?.Metadata;

    /// <summary>Which store the table belongs to; null if no commit says it.</summary>
    public Guid? Owner => Commits.LastOrDefault(c => c.Owner is not null)?.Owner;

    /// <summary>Up to which position the events are in the table, as far as is known.</summary>
    public long CoveredPosition => Commits.Select(c => c.Owner is { } owner ? c.Transactions[owner.ToString()] : 0).DefaultIfEmpty(0).Max();

    /// <summary>Whether every version is there, so that a file that no commit has is of no table.</summary>
    public bool IsWhole => Lost.Count == 0;

    /// <summary>Whether a sound commit has or had a file.</summary>
    public bool Knows(string path) => _known.Contains(path);

    /// <summary>The facts of the newest sound commit of an operation; null if there is none.</summary>
    public IReadOnlyDictionary<string, string>? LastFacts(string operation) => Commits.LastOrDefault(c => c.Operation == operation)?.Facts;

    /// <summary>Reads what there is; nothing is changed.</summary>
    /// <param name="storage">Where.</param>
    /// <param name="folder">The table's folder.</param>
    public static DeltaScraps Of(IStorage storage, string folder)
    {
        DeltaScraps scraps = new();
        DeltaLog log = new(storage, folder);
        HashSet<string> files = [.. storage.List($"{folder}/_delta_log").Select(f => $"{folder}/_delta_log/{f}")];
        long newest = files.Select(f => DeltaLog.VersionOf(Path.GetFileName(f)) ?? -1).Append(DeltaHead.Read(storage, folder) ?? -1).Max();
        string? previous = DeltaCommitWriter.NoHash;
        for (long version = 0; version <= newest; version++)
        {
            string path = log.PathOf(version);
            previous = files.Contains(path) ? scraps.Take(storage, path, version, previous) : scraps.Lose(path, "the file is missing");
        }

        if (newest < 0)
        {
            scraps.Lose(log.PathOf(0), "the table has no transaction log");
        }

        return scraps;
    }

    private string? Take(IStorage storage, string path, long version, string? previous)
    {
        try
        {
            byte[] content = storage.ReadAll(path);
            DeltaCommit commit = Read(path, version, content, previous, out string hash) ?? Restore(path, version, content, previous, out hash);
            Commits.Add(commit);
            foreach (string removed in commit.Removed)
            {
                _live.Remove(removed);
            }

            foreach (DeltaFile added in commit.Added)
            {
                _live[added.Path] = added;
                _known.Add(added.Path);
            }

            _known.UnionWith(commit.Removed);
            return hash;
        }
        catch (Exception error) when (error is TableCorruptException or StorageException)
        {
            return Lose(path, error.Message);
        }
    }

    private string? Lose(string path, string problem)
    {
        Lost.Add((path, problem));
        return null;
    }

    private static DeltaCommit? Read(string path, long version, byte[] content, string? previous, out string hash)
    {
        try
        {
            return DeltaCommitReader.Read(path, version, content, previous, out hash);
        }
        catch (TableCorruptException)
        {
            hash = "";
            return null;
        }
    }

    /// <summary>Looks for the one bit that was turned.</summary>
    private DeltaCommit Restore(string path, long version, byte[] damaged, string? previous, out string hash)
    {
        int firstLine = damaged.AsSpan().IndexOf((byte)'\n') + 1;
        int hashEnd = firstLine - DeltaCommitWriter.BytesAfterHash;
        int hashStart = hashEnd - DeltaCommitWriter.NoHash.Length;
        if (damaged.Length <= LongestTried && hashStart >= 0)
        {
            byte[] content = (byte[])damaged.Clone();
            string expected = Encoding.ASCII.GetString(content, hashStart, hashEnd - hashStart);
            string actual = DeltaCommitWriter.HashOf(content, hashEnd);
            for (int bit = 0; bit < content.Length * 8; bit++)
            {
                content[bit / 8] ^= (byte)(1 << (bit % 8));
                if (DeltaCommitWriter.HashOf(content, hashEnd) == expected)
                {
                    Restored.Add(path);
                    return DeltaCommitReader.Read(path, version, content, previous, out hash);
                }

                content[bit / 8] ^= (byte)(1 << (bit % 8));
            }

            // Perhaps it was the hash itself that was hit: no more than one of its digits differs then.
            if (expected.Zip(actual).Count(d => d.First != d.Second) == 1)
            {
                Encoding.ASCII.GetBytes(actual, content.AsSpan(hashStart));
                Restored.Add(path);
                return DeltaCommitReader.Read(path, version, content, previous, out hash);
            }
        }

        return DeltaCommitReader.Read(path, version, damaged, previous, out hash);
    }
}
