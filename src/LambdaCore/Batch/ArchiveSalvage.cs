using LambdaCore.Log;
using LambdaCore.Storage;
using LambdaCore.Tables;

namespace LambdaCore.Batch;

/// <summary>
/// Gives a salvaged store the archive layers of the damaged one, whose events have gone by retention. All other layers are computed anew from what is left of the
/// log.
/// </summary>
/// <param name="from">The disk of the damaged store, of which nothing is changed.</param>
/// <param name="to">The disk of the other one.</param>
/// <param name="clock">Gives the times in the commits.</param>
/// <param name="dropped">What retention had removed.</param>
/// <param name="id">The id of the new store.</param>
internal sealed class ArchiveSalvage(IStorage from, IStorage to, TimeProvider clock, DroppedEvents dropped, Guid id)
{
    /// <summary>What was wrong.</summary>
    public List<SalvagedDamage> Damage { get; } = [];

    /// <summary>Copies the archive layers.</summary>
    /// <returns>The folders of the views that have all of theirs, and from where each counts.</returns>
    public IReadOnlyDictionary<string, LogPosition> Copy()
    {
        Dictionary<string, LogPosition> kept = new(StringComparer.Ordinal);
        foreach ((string view, LogPosition start) in dropped.Archives)
        {
            if (Copy($"{ViewFolder.Parent}/{view}", start))
            {
                kept.Add(view, start);
            }
        }

        return kept;
    }

    private bool Copy(string folder, LogPosition start)
    {
        DeltaScraps scraps = DeltaScraps.Of(from, folder);
        Damage.AddRange(scraps.Lost.Select(l => new SalvagedDamage(l.Path, l.Problem, null)));
        LogPosition end = start;
        List<DeltaFile> layers = [];
        foreach ((LogRange range, DeltaFile file) in scraps.Live
            .Select(f => (Range: SegmentList.RangeOf(f) ?? default, File: f)).Where(f => f.Range.Start < dropped.End && !f.Range.IsEmpty).OrderBy(f => f.Range.Start))
        {
            if (range.Start != end)
            {
                break;
            }

            layers.Add(file);
            end = range.End;
        }

        LogRange archive = new(start, dropped.End);
        if (!scraps.IsWhole || end != dropped.End)
        {
            Damage.Add(new SalvagedDamage(folder, $"the archive layers of the events {archive} are not known whole; the view counts from {dropped.End}", archive));
            return false;
        }

        // Each file ends in checksums of its own, or has its hash in the commit: what is damaged is refused when the view is opened, and named.
        to.CreateFolder(folder);
        to.CreateFolder($"{folder}/{BatchTable.LookupFolder}");
        foreach (string path in layers.SelectMany(f => new[] { $"{folder}/{BatchTable.LookupOf(f.Path)}", $"{folder}/{f.Path}" }))
        {
            SalvageCopy copy = SalvageCopy.Of(from, path, to, ".part");
            if (copy.Problem is { } problem)
            {
                ScratchFile.Discard(copy.ScratchPath);
                Damage.Add(new SalvagedDamage(path, $"its events have gone by retention, so the view counts from {dropped.End}: {problem}", archive));
                return false;
            }

            to.Adopt(copy.ScratchPath, path);
        }

        DeltaTable.Create(to, clock, folder, scraps.Metadata!.Name, scraps.Metadata.Schema, [], id).Commit(
            layers, [], dropped.End.Value, BatchTable.ArchiveOperation, [new(SegmentList.RawStartFact, dropped.End.ToString()), new(BatchTable.LastingFacts.Single(), "0")]);
        return true;
    }
}
