using System.Collections.Immutable;
using System.Globalization;
using LambdaCore.Log;
using LambdaCore.Storage;
using LambdaCore.Tables;

namespace LambdaCore.Batch;

/// <summary>
/// Gives the files of a view another name, while the view is not open: copies them into a table of the new name, which one commit completes, and then deletes the old folder. Wherever that stops,
/// the next opening goes on.
/// </summary>
/// <param name="storage">The disk.</param>
/// <param name="clock">Gives the times in the commits.</param>
/// <param name="storeId">The store's id.</param>
/// <param name="dropped">What retention has removed from the log.</param>
/// <param name="moveArchive">Lets the log say that archive layers have moved, from one folder's name to another's.</param>
internal sealed class ViewRename(IStorage storage, TimeProvider clock, Guid storeId, Func<DroppedEvents> dropped, Action<string, string> moveArchive)
{
    /// <summary>The operation of the commit.</summary>
    public const string Operation = "RENAME";

    private const string FormerFact = "former";
    private const string FormerTableFact = "former_table";

    /// <summary>Renames a view, unless that is done already or there is none of the former name.</summary>
    /// <exception cref="LambdaCoreException">There are views of both names.</exception>
    /// <exception cref="TableCorruptException">The former view's table is damaged.</exception>
    public void Run(string formerName, string name)
    {
        if (!ViewFolder.StoredViews(storage).Contains(formerName))
        {
            return;
        }

        string former = ViewFolder.NameOf(formerName);
        string current = ViewFolder.NameOf(name);
        DeltaSnapshot? target = new DeltaLog(storage, FolderOf(current)).Read();
        if (target?.LastFacts(Operation) is { } facts && facts[FormerFact] == formerName)
        {
            if (IsOther(former, facts[FormerTableFact]) || (dropped().Archives.ContainsKey(former) && dropped().Archives.ContainsKey(current)))
            {
                throw BothExist(formerName, name);
            }
        }
        else if (target is { Files.Count: > 0 })
        {
            throw BothExist(formerName, name);
        }
        else if (new DeltaLog(storage, FolderOf(former)).Read() is { } source)
        {
            Copy(formerName, source, name);
        }
        else
        {
            return;
        }

        moveArchive(former, current);
        ViewFolder.Delete(storage, formerName);
    }

    private void Copy(string formerName, DeltaSnapshot source, string name)
    {
        string from = FolderOf(ViewFolder.NameOf(formerName));
        string to = FolderOf(ViewFolder.NameOf(name));

        // Whose table it is, is looked at by opening it.
        DeltaTable old = DeltaTable.OpenOrCreate(storage, clock, from, formerName, source.Metadata.Schema, storeId);
        storage.CreateFolder(to);
        storage.CreateFolder($"{to}/{BatchTable.LookupFolder}");
        DeltaTable table = DeltaTable.OpenOrCreate(storage, clock, to, name, source.Metadata.Schema, storeId);
        List<DeltaFile> files = [];
        foreach (DeltaFile file in old.Files)
        {
            LogRange range = SegmentList.RangeOf(from, file);
            string newName = string.Create(CultureInfo.InvariantCulture, $"{range.Start.Value:D20}-{range.End.Value:D20}-{table.Version + 1}.parquet");
            CopyAnew($"{from}/{BatchTable.LookupOf(file.Path)}", $"{to}/{BatchTable.LookupOf(newName)}");
            CopyAnew($"{from}/{file.Path}", $"{to}/{newName}");
            files.Add(new DeltaFile(newName, file.Size, file.Sha256, file.ModificationTime, file.Stats, file.Tags));
        }

        // What commits said of the layers still holds, and is looked for here.
        ImmutableSortedDictionary<string, string> facts = old.Snapshot.LastFacts(BatchTable.ArchiveOperation) ?? ImmutableSortedDictionary<string, string>.Empty;
        facts = facts.SetItems(old.Snapshot.LastCommit.Facts).SetItem(FormerFact, formerName).SetItem(FormerTableFact, source.Metadata.Id.ToString());
        table.Commit(files, [], old.CoveredPosition, Operation, facts);
    }

    private void CopyAnew(string path, string newPath)
    {
        // A layer whose lookup file is gone is computed anew when the view is opened, or refused if it is an archive layer.
        storage.Delete(newPath);
        if (storage.Exists(path))
        {
            StoredFile.Copy(storage, path, newPath);
        }
    }

    /// <summary>Whether a folder has another table than the one that was renamed. What cannot be read is what is left of that.</summary>
    private bool IsOther(string folder, string tableId)
    {
        try
        {
            return new DeltaLog(storage, FolderOf(folder)).Read() is { } table && table.Metadata.Id.ToString() != tableId;
        }
        catch (TableCorruptException)
        {
            return false;
        }
    }

    private static string FolderOf(string folderName) => $"{ViewFolder.Parent}/{folderName}";

    private static LambdaCoreException BothExist(string formerName, string name) => new(
        $"The view '{formerName}' cannot be renamed to '{name}', because the store has views of both names. Nothing was changed. Open the store without one of them and drop that (DropViewAsync), or leave the former name out.");
}
