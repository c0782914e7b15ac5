namespace LambdaCore.Storage;

/// <summary>A copy of a store's folder that is in the making: it becomes a folder of its own in one durable step, or leaves nothing behind.</summary>
/// <remarks>Not thread-safe. Disposing of it before <see cref="Publish"/> gives up the copy; after that it does nothing.</remarks>
internal interface IStorageFork : IDisposable
{
    /// <summary>Where the copy's own files are written. Not to be used after <see cref="Publish"/>: the copy is another's then.</summary>
    IStorage Storage { get; }

    /// <summary>
    /// Gives all published files directly in a folder the same names in the copy. Nothing is copied: since a published file never changes, both share its content,
    /// and each can delete its name without taking it from the other. Does nothing when there is no such folder.
    /// </summary>
    /// <param name="folder">The folder. No file in it may be open for writing, and none may be published or deleted meanwhile.</param>
    void Link(string folder);

    /// <summary>Gives the copy its place, with everything in it, in one durable step.</summary>
    void Publish();
}
