using LambdaCore.Storage;

namespace LambdaCore.Batch;

/// <summary>The two files of a layer while they are being written in the scratch folder. What was not adopted by then is deleted in the end.</summary>
internal sealed class ScratchLayer(IStorage storage) : IDisposable
{
    /// <summary>The Parquet file: key columns and state columns.</summary>
    public string Parquet { get; } = storage.NewScratchPath(".parquet");

    /// <summary>The lookup file of the same rows.</summary>
    public string Lookup { get; } = storage.NewScratchPath(".lookup");

    /// <summary>Deletes what there is, so that the files can be written again.</summary>
    public void Discard()
    {
        ScratchFile.Discard(Parquet);
        ScratchFile.Discard(Lookup);
    }

    /// <inheritdoc/>
    public void Dispose() => Discard();
}
