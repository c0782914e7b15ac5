namespace LambdaCore.Storage;

/// <summary>What can be done with published files by the means of any storage.</summary>
internal static class StoredFile
{
    /// <summary>Publishes a copy of a published file, in one durable step.</summary>
    /// <exception cref="StorageConflictException">There is a file of the new name; it is untouched.</exception>
    public static void Copy(IStorage storage, string path, string newPath)
    {
        string aside = storage.NewScratchPath(".part");
        try
        {
            File.Copy(storage.Materialise(path), aside);
            storage.Adopt(aside, newPath);
        }
        catch (Exception error) when (SystemError.IsOfFiles(error))
        {
            throw SystemError.Of("copy", path, error);
        }
        finally
        {
            ScratchFile.Discard(aside);
        }
    }
}
