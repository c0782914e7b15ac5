using LambdaCore.Diagnostics;
using LambdaCore.Storage;
using LambdaCore.Tables;
using Microsoft.Extensions.Logging;

namespace LambdaCore.Batch;

/// <summary>The batch views of a store that is forked from another.</summary>
internal static class ForkedViews
{
    private const string Folder = "views";

    /// <summary>
    /// Gives a copy of a store the batch views of it, also of those views that the store was not opened with. What is damaged is computed anew there. A rebuild
    /// that is under way goes on in the store alone: its folder changes meanwhile.
    /// </summary>
    /// <param name="storage">The disk of the store.</param>
    /// <param name="copy">The copy.</param>
    /// <param name="clock">Gives the times in the commits.</param>
    /// <param name="from">The id of the store.</param>
    /// <param name="to">The id of the store that the copy will be.</param>
    /// <param name="logger">Logs.</param>
    /// <param name="cancellationToken">Stops the copying.</param>
    public static void Link(IStorage storage, IStorageFork copy, TimeProvider clock, Guid from, Guid to, ILogger logger, CancellationToken cancellationToken)
    {
        foreach (string view in storage.ListFolders(Folder))
        {
            cancellationToken.ThrowIfCancellationRequested();
            foreach (string below in storage.ListFolders($"{Folder}/{view}").Where(f => f != RebuildFolder.Name))
            {
                copy.Link($"{Folder}/{view}/{below}");
            }

            copy.Link($"{Folder}/{view}");
            try
            {
                DeltaTable.HandOver(copy.Storage, clock, $"{Folder}/{view}", from, to, BatchTable.LastingFacts);
            }
            catch (TableCorruptException error)
            {
                LogMessages.BatchViewDiscarded(logger, view, "its table cannot be given to the fork", error);
            }
        }
    }
}
