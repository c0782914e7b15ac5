using LambdaCore.Storage;

namespace LambdaCore.Batch;

/// <summary>The states of the pieces of a range, each a lookup file in the scratch folder, until they are merged into one.</summary>
internal sealed class SortedRuns : IDisposable
{
    private readonly List<(LookupFile File, string Path)> _runs = [];

    /// <summary>The runs, in the order of the log.</summary>
    public IReadOnlyList<LookupFile> Files => [.. _runs.Select(r => r.File)];

    /// <summary>Takes a finished file.</summary>
    /// <param name="path">Its physical path; the file is deleted with the runs, also when this fails.</param>
    /// <param name="fingerprint">The view.</param>
    /// <param name="range">The piece.</param>
    public LookupFile Add(string path, string fingerprint, LogRange range)
    {
        try
        {
            LookupFile file = LookupFile.Open(ScratchFile.Map(path), path, fingerprint, range);
            _runs.Add((file, path));
            return file;
        }
        catch
        {
            ScratchFile.Discard(path);
            throw;
        }
    }

    /// <summary>Closes and deletes the files.</summary>
    public void Dispose()
    {
        foreach ((LookupFile file, string path) in _runs)
        {
            file.Dispose();
            ScratchFile.Discard(path);
        }
    }
}
