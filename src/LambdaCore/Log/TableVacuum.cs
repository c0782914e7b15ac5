using LambdaCore.Storage;
using LambdaCore.Tables;

namespace LambdaCore.Log;

/// <summary>Deletes the files of tables of events that no version within a window of time needs. Not thread-safe, and nobody may commit to a table meanwhile.</summary>
/// <param name="storage">The disk.</param>
/// <param name="now">The time.</param>
/// <param name="keep">How long a file stays after it left its table; zero if nothing is to stay, whatever the clock has done meanwhile.</param>
internal sealed class TableVacuum(IStorage storage, DateTimeOffset now, TimeSpan keep)
{
    private readonly List<RemainingFile> _remaining = [];

    /// <summary>How many files were deleted.</summary>
    public int Files { get; private set; }

    /// <summary>Their length.</summary>
    public long Bytes { get; private set; }

    /// <summary>What had to stay.</summary>
    public IReadOnlyList<RemainingFile> Remaining => _remaining;

    /// <summary>Goes through one table. It can be stopped between any two files, and be done again.</summary>
    /// <param name="table">The table.</param>
    /// <param name="leases">Who reads its files.</param>
    /// <param name="deleted">Is told of each file that is gone.</param>
    /// <exception cref="StorageException">The disk refused. What was deleted by then is gone.</exception>
    public void Run(DeltaTable table, SegmentLeases leases, Action<string> deleted)
    {
        // A commit that failed may exist all the same, and then its files are not left over.
        table.ThrowIfFailed();
        List<string> gone = [];
        try
        {
            // The oldest first, so that the versions that can be read are always those from one on.
            foreach (RemovedFile file in table.Snapshot.Removed.OrderBy(f => f.RemovedIn).ThenBy(f => f.File.Path, StringComparer.Ordinal))
            {
                string path = $"{table.Folder}/{file.File.Path}";
                RemainingFile remaining = Remains(table, file, keep);
                bool isDue = keep == TimeSpan.Zero || remaining.Until <= now;
                if (isDue && leases.TryDelete(file.File.Path, () => storage.Delete(path)))
                {
                    gone.Add(file.File.Path);
                    Count(file.File.Path, file.File.Size, deleted);
                }
                else
                {
                    _remaining.Add(remaining with { IsInUse = isDue });
                }
            }

            foreach (string orphan in table.UnknownFiles(".parquet"))
            {
                long length = storage.Length($"{table.Folder}/{orphan}");
                storage.Delete($"{table.Folder}/{orphan}");
                Count(orphan, length, deleted);
            }

            storage.FlushFolder(table.Folder);
        }
        finally
        {
            table.Forget(gone);
        }
    }

    /// <summary>The files that left a table and are on disk, the oldest first.</summary>
    /// <param name="table">The table.</param>
    /// <param name="keep">How long they stay.</param>
    public static IEnumerable<RemainingFile> RemainingOf(DeltaTable table, TimeSpan keep) =>
        table.Snapshot.Removed.OrderBy(f => f.RemovedIn).ThenBy(f => f.File.Path, StringComparer.Ordinal).Select(f => Remains(table, f, keep));

    /// <summary>Counts files that were deleted elsewhere.</summary>
    public void Add(int files, long bytes)
    {
        Files += files;
        Bytes += bytes;
    }

    private static RemainingFile Remains(DeltaTable table, RemovedFile file, TimeSpan keep)
    {
        DateTimeOffset until = DateTimeOffset.MaxValue - file.RemovedAt < keep ? DateTimeOffset.MaxValue : file.RemovedAt + keep;
        return new RemainingFile($"{table.Folder}/{file.File.Path}", file.File.Size, file.RemovedAt, until, IsInUse: false);
    }

    private void Count(string path, long bytes, Action<string> deleted)
    {
        Add(1, bytes);
        deleted(path);
    }
}
