using LambdaCore.Storage;
using LambdaCore.Tables;

namespace LambdaCore.Log;

/// <summary>The files of a table of events that are sound, copied into another store's scratch folder on the way.</summary>
/// <remarks>
/// Only a hash in a commit says that a Parquet file is sound. So a file that no sound commit names is not kept; and where such a file may have taken the place of
/// others, because a commit is gone, these are not kept either: a correction or an erasure would be undone. For the same reason a file goes before one of the same
/// events that was committed earlier.
/// </remarks>
internal sealed class SalvagedFiles
{
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
        SegmentFile[] live = [.. _scraps.Live.Where(f => SegmentList.RangeOf(f) is not null).Select(f => new SegmentFile(SegmentList.RangeOf(f)!.Value, f))];
        foreach ((int i, SegmentFile file) in live.Index().OrderBy(f => f.Item.Range.Start))
        {
            string path = $"{_folder}/{file.File.Path}";
            if (doubtful.Any(r => Overlap(r, file.Range)))
            {
                Lose(path, "another file may have taken its place, but the commit that says so is lost", file.Range);
            }
            else if (live.Skip(i + 1).Where(later => Overlap(later.Range, file.Range)).Select(later => later.File.Path).FirstOrDefault() is { } later)
            {
                Lose(path, $"'{later}' has its events since, but the commit that took it away is lost", file.Range);
            }
            else if (!shapes.Contains(StoredSchema.VersionOf(file.File)))
            {
                Lose(path, "its events have a shape of which the commit is lost", file.Range);
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
        SalvageCopy copy = SalvageCopy.Of(_from, path, _to, ".parquet");
        string? problem = copy.Problem
            ?? (copy.Length != file.File.Size ? $"it has {copy.Length} bytes instead of {file.File.Size}"
            : !HasItsHash(file, copy) ? "its content has changed"
            : null);
        if (problem is null)
        {
            _to.Adopt(copy.ScratchPath, $"{_folder}/{NewNameOf(file)}");
            return true;
        }

        ScratchFile.Discard(copy.ScratchPath);
        Lose(path, problem, file.Range);
        return false;
    }

    private static bool Overlap(LogRange one, LogRange other) => one.Start < other.End && other.Start < one.End;

    // On its own, so that tests can take it away and see that it is missed.
    private static bool HasItsHash(SegmentFile file, SalvageCopy copy) => copy.Sha256 == file.File.Sha256;

    private void Lose(string path, string problem, LogRange? range) => _damage.Add(new SalvagedDamage(path, problem, range));
}
