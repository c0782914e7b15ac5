using System.Security.Cryptography;
using LambdaCore.Storage;
using LambdaCore.Tables;

namespace LambdaCore.Log;

/// <summary>The files of a table of events that are sound, copied into another store's scratch folder on the way.</summary>
/// <remarks>
/// Only a hash in a commit says that a Parquet file is sound. So a file that no sound commit names is not kept; and where such a file may have taken the place of
/// others, because a commit is gone, these are not kept either: a correction or an erasure would be undone.
/// </remarks>
internal sealed class SalvagedFiles
{
    private const int BufferBytes = 1 << 20;

    private readonly IStorage _from;
    private readonly IStorage _to;
    private readonly string _folder;
    private readonly DeltaScraps _scraps;
    private readonly List<SalvagedDamage> _damage;

    private SalvagedFiles(IStorage from, IStorage to, string folder, DeltaScraps scraps, List<SalvagedDamage> damage)
    {
        _from = from;
        _to = to;
        _folder = folder;
        _scraps = scraps;
        _damage = damage;
    }

    /// <summary>Copies the sound files of a table to where they are in the other store.</summary>
    /// <param name="from">The damaged store, of which nothing is changed.</param>
    /// <param name="to">The other store.</param>
    /// <param name="folder">The table's folder in both.</param>
    /// <param name="scraps">What is left of its transaction log.</param>
    /// <param name="schema">The shapes of events that are known.</param>
    /// <param name="damage">Takes in what is wrong.</param>
    /// <returns>The files that were kept, in the order of the log, without overlaps.</returns>
    public static List<SegmentFile> Copy(IStorage from, IStorage to, string folder, DeltaScraps scraps, StoredSchema schema, List<SalvagedDamage> damage)
    {
        damage.AddRange(scraps.Lost.Select(l => new SalvagedDamage(l.Path, l.Problem, null)));
        damage.AddRange(scraps.Restored.Select(r => new SalvagedDamage(r, "one bit of it was turned; it could be restored", null)));
        return new SalvagedFiles(from, to, folder, scraps, damage).Copy(schema);
    }

    /// <summary>What a file is called in the other store: the number of the version that made it would come again there, in a history that begins anew.</summary>
    public static string NewNameOf(SegmentFile file) => SegmentList.PathOf(file.Range);

    private List<SegmentFile> Copy(StoredSchema schema)
    {
        _to.CreateFolder(_folder);
        List<LogRange> doubtful = [.. Doubtful()];
        HashSet<int> shapes = [.. schema.Versions.Select(v => v.Id)];
        List<SegmentFile> kept = [];
        foreach (SegmentFile file in _scraps.Live.Where(f => SegmentList.RangeOf(f) is not null).Select(f => new SegmentFile(SegmentList.RangeOf(f)!.Value, f)).OrderBy(f => f.Range.Start))
        {
            string path = $"{_folder}/{file.File.Path}";
            if (doubtful.Any(r => r.Start < file.Range.End && file.Range.Start < r.End))
            {
                Lose(path, "another file may have taken its place, but the commit that says so is lost", file.Range);
            }
            else if (!shapes.Contains(StoredSchema.VersionOf(file.File)))
            {
                Lose(path, "its events have a shape of which the commit is lost", file.Range);
            }
            else if (kept.Count > 0 && kept[^1].Range.End > file.Range.Start)
            {
                Lose(path, $"its events overlap with those of '{kept[^1].File.Path}'", file.Range);
            }
            else if (CopyIfSound(file, path))
            {
                kept.Add(file);
            }
        }

        return kept;
    }

    /// <summary>The ranges of files that may be of the table, although no commit is left that says so.</summary>
    private IEnumerable<LogRange> Doubtful()
    {
        if (_scraps.IsWhole)
        {
            yield break;
        }

        foreach (string name in _from.List(_folder).Where(f => f.EndsWith(".parquet", StringComparison.Ordinal) && !_scraps.Knows(f)))
        {
            LogRange? range = SegmentList.RangeOf(name);
            Lose($"{_folder}/{name}", "the commit with its hash is lost, so that nobody can tell whether it is sound", range);
            if (range is { } known)
            {
                yield return known;
            }
        }
    }

    private bool CopyIfSound(SegmentFile file, string path)
    {
        if (!_from.Exists(path))
        {
            Lose(path, "the file is missing", file.Range);
            return false;
        }

        string scratch = _to.NewScratchPath(".parquet");
        try
        {
            (string sha256, long length) = CopyTo(scratch, path);
            if (HasItsHash(file, sha256) && length == file.File.Size)
            {
                _to.Adopt(scratch, $"{_folder}/{NewNameOf(file)}");
                return true;
            }

            Lose(path, length == file.File.Size ? "its content has changed" : $"it has {length} bytes instead of {file.File.Size}", file.Range);
        }
        catch (StorageException error) when (error.Message.Contains(path, StringComparison.Ordinal))
        {
            Lose(path, error.Message, file.Range);
        }

        ScratchFile.Discard(scratch);
        return false;
    }

    // On its own, so that tests can take it away and see that it is missed.
    private static bool HasItsHash(SegmentFile file, string sha256) => sha256 == file.File.Sha256;

    private (string Sha256, long Length) CopyTo(string scratch, string path)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using IStorageFile source = _from.Open(path, FileAccess.Read);
        using ScratchFile copy = new(scratch);
        byte[] buffer = new byte[Math.Clamp(source.Length, 1, BufferBytes)];
        for (int read; (read = source.Read(copy.Length, buffer)) > 0;)
        {
            hash.AppendData(buffer, 0, read);
            copy.Append(buffer.AsSpan(0, read));
        }

        return (Convert.ToHexStringLower(hash.GetHashAndReset()), copy.Length);
    }

    private void Lose(string path, string problem, LogRange? range) => _damage.Add(new SalvagedDamage(path, problem, range));
}
