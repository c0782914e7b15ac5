using System.Globalization;
using LambdaCore.Storage;

namespace LambdaCore.Tables;

/// <summary>The folder <c>_delta_log</c> of a table: one file per version, contiguous from 0, never changed (PROTOCOL.md,
/// "Delta Log Entries").</summary>
/// <remarks>Files with other names, such as another program's checkpoints, are not ours and are left alone; what our
/// own publishing leaves behind in a crash lies in the scratch folder. Not thread-safe.</remarks>
internal sealed class DeltaLog
{
    private const string Extension = ".json";
    private const int VersionDigits = 20;

    private readonly IStorage _storage;
    private readonly string _folder;
    private string _lastHash = DeltaCommitWriter.NoHash;

    /// <summary>Looks at a table's log without touching it.</summary>
    /// <param name="storage">Where.</param>
    /// <param name="tableFolder">The table's folder.</param>
    public DeltaLog(IStorage storage, string tableFolder)
    {
        _storage = storage;
        _folder = $"{tableFolder}/_delta_log";
    }

    /// <summary>The file of a version, in the store.</summary>
    public string PathOf(long version) => $"{_folder}/{version.ToString("D20", CultureInfo.InvariantCulture)}{Extension}";

    /// <summary>Replays all versions.</summary>
    /// <returns>The newest, or null if there is none.</returns>
    /// <exception cref="TableCorruptException">A version is missing, damaged, or does not fit the one before.</exception>
    public DeltaSnapshot? Read()
    {
        DeltaSnapshot? snapshot = Replay().LastOrDefault();
        if (snapshot is not null)
        {
            // A process that was killed may have named its last commit without making the name durable; what is built
            // upon it from here on must not outlive it.
            _storage.FlushFolder(_folder);
        }

        return snapshot;
    }

    /// <summary>Replays the versions, one after the other. Once for each instance.</summary>
    /// <exception cref="TableCorruptException">A version is missing, damaged, or does not fit the one before.</exception>
    public IEnumerable<DeltaSnapshot> Replay()
    {
        DeltaSnapshot? snapshot = null;
        long expected = 0;
        foreach (string name in _storage.List(_folder))
        {
            if (!TryParseVersion(name, out long version))
            {
                continue;
            }

            string path = PathOf(expected);
            if (version != expected)
            {
                throw TableCorruptException.At(path, 0, $"the file is missing, but there is a later one, '{name}'");
            }

            DeltaCommit commit = DeltaCommitReader.Read(path, version, _storage.ReadAll(path), _lastHash, out _lastHash);
            snapshot = Next(snapshot, commit, out string? problem) ?? throw TableCorruptException.At(path, 0, problem!);
            expected++;
            yield return snapshot;
        }
    }

    /// <summary>Reads the newest version alone, so that another can follow it.</summary>
    /// <exception cref="TableCorruptException">There is none, or it is damaged.</exception>
    public DeltaCommit ReadLast()
    {
        long? newest = null;
        foreach (string name in _storage.List(_folder))
        {
            newest = TryParseVersion(name, out long version) ? version : newest;
        }

        string path = PathOf(newest ?? 0);
        return newest is null
            ? throw TableCorruptException.At(path, 0, "the file is missing")
            : DeltaCommitReader.Read(path, newest.Value, _storage.ReadAll(path), previousHash: null, out _lastHash);
    }

    /// <summary>Makes a commit durable as one file that must not exist.</summary>
    /// <exception cref="StorageConflictException">It exists.</exception>
    public void Publish(DeltaCommit commit)
    {
        byte[] content = DeltaCommitWriter.Write(commit, _lastHash, out string hash);
        _storage.CreateFolder(_folder);
        _storage.PublishNew(PathOf(commit.Version), content);
        _lastHash = hash;
    }

    /// <summary>The table after a commit, or why it does not fit.</summary>
    public static DeltaSnapshot? Next(DeltaSnapshot? snapshot, DeltaCommit commit, out string? problem) =>
        snapshot is null ? DeltaSnapshot.Begin(commit, out problem) : snapshot.Apply(commit, out problem);

    /// <summary>The version that a file's name says; null for a file that is none of the log's.</summary>
    public static long? VersionOf(string name) => TryParseVersion(name, out long version) ? version : null;

    private static bool TryParseVersion(string name, out long version)
    {
        version = 0;
        return name.Length == VersionDigits + Extension.Length
            && name.EndsWith(Extension, StringComparison.Ordinal)
            && long.TryParse(name.AsSpan(0, VersionDigits), NumberStyles.None, CultureInfo.InvariantCulture, out version);
    }
}
