using LambdaCore.Storage;

namespace LambdaCore.Batch;

/// <summary>A layer that was computed, but is in no table yet: its files lie in the scratch folder. Not thread-safe.</summary>
internal sealed class PreparedLayer : IDisposable
{
    /// <summary>Takes the files of a layer.</summary>
    /// <param name="files">The files, complete; they are the layer's from here on.</param>
    /// <param name="fingerprint">The view.</param>
    /// <param name="range">The events that the states are the fold of.</param>
    /// <param name="keys">The number of rows of the Parquet file.</param>
    public PreparedLayer(ScratchLayer files, string fingerprint, LogRange range, long keys)
    {
        Files = files;
        Range = range;
        Keys = keys;
        try
        {
            Lookup = LookupFile.Open(ScratchFile.Map(files.Lookup), files.Lookup, fingerprint, range);
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    /// <summary>The files.</summary>
    public ScratchLayer Files { get; }

    /// <summary>The events that the states are the fold of.</summary>
    public LogRange Range { get; }

    /// <summary>The number of rows of the Parquet file.</summary>
    public long Keys { get; }

    /// <summary>The states. Not once the files are published.</summary>
    public LookupFile Lookup { get; }

    /// <summary>Closes and deletes the files, or what is left of them.</summary>
    public void Dispose()
    {
        Lookup.Dispose();
        Files.Dispose();
    }
}
