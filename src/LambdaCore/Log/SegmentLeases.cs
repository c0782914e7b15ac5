using LambdaCore.Tables;

namespace LambdaCore.Log;

/// <summary>
/// Who reads which files of the log just now: DuckDB opens a file by its name, perhaps several times in one query, so a file that somebody has named to it stays
/// on disk until he lets it go. Thread-safe.
/// </summary>
internal sealed class SegmentLeases
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _held = new(StringComparer.Ordinal);

    /// <summary>Holds files, in one step with choosing them: none of them can be deleted in between.</summary>
    /// <param name="choose">Names the files; called once.</param>
    /// <param name="chosen">What it named.</param>
    /// <returns>Lets the files go when it is disposed.</returns>
    public IDisposable Hold(Func<IReadOnlyList<SegmentFile>> choose, out IReadOnlyList<SegmentFile> chosen)
    {
        lock (_lock)
        {
            chosen = choose();
            foreach (SegmentFile segment in chosen)
            {
                _held[segment.File.Path] = _held.GetValueOrDefault(segment.File.Path) + 1;
            }
        }

        return new Lease(this, chosen);
    }

    /// <summary>Deletes a file, unless somebody holds it.</summary>
    /// <param name="path">The file's path in its table.</param>
    /// <param name="delete">Deletes it; nobody can begin to hold a file meanwhile.</param>
    /// <returns>Whether it was deleted.</returns>
    public bool TryDelete(string path, Action delete)
    {
        lock (_lock)
        {
            if (_held.ContainsKey(path))
            {
                return false;
            }

            delete();
            return true;
        }
    }

    private void Release(IReadOnlyList<SegmentFile> segments)
    {
        lock (_lock)
        {
            foreach (SegmentFile segment in segments)
            {
                if (--_held[segment.File.Path] == 0)
                {
                    _held.Remove(segment.File.Path);
                }
            }
        }
    }

    private sealed class Lease(SegmentLeases leases, IReadOnlyList<SegmentFile> segments) : IDisposable
    {
        private int _released;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _released, 1) == 0)
            {
                leases.Release(segments);
            }
        }
    }
}
