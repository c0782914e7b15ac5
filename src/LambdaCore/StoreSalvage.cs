using LambdaCore.Batch;
using LambdaCore.Diagnostics;
using LambdaCore.DuckDb;
using LambdaCore.Log;
using LambdaCore.Storage;
using LambdaCore.Tables;
using Microsoft.Extensions.Logging;

namespace LambdaCore;

/// <summary>Makes another store of what is sound of a damaged one.</summary>
internal static class StoreSalvage
{
    /// <summary>Salvages a store in a folder of this machine.</summary>
    public static SalvageReport Run<TEvent>(string folder, string target, LambdaStoreOptions<TEvent> options, CancellationToken cancellationToken)
    {
        StoreOpening.ThrowIfPattern(target);
        return Run(PhysicalStorage.OfExisting(folder), PhysicalStorage.OfEmpty(target, folder), options, cancellationToken);
    }

    /// <summary>Salvages a store on any storage.</summary>
    /// <param name="from">The damaged store. Nothing is changed there.</param>
    /// <param name="to">Where the other one shall be; there is nothing yet.</param>
    /// <param name="options">What it keeps, as for opening it.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static SalvageReport Run<TEvent>(IStorage from, IStorage to, LambdaStoreOptions<TEvent> options, CancellationToken cancellationToken)
    {
        using IDisposable fromLock = from.Lock(StoreOpening.LockFile);
        using IDisposable toLock = to.Lock(StoreOpening.LockFile);
        using DuckDbEngine duckDb = new(
            new DuckDbOptions { AllowedDirectories = [to.PhysicalFolder], TempDirectory = to.ScratchFolder, MemoryLimitBytes = options.BatchMemoryBytes, Threads = options.BatchThreads },
            _ => { });
        LogSalvage<TEvent> log = new(from, to, duckDb, new EventCodec<TEvent>(options.Schema, options.EventTimeProperty!, options.AmendmentProperties), options.TimeProvider);
        log.Copy(cancellationToken);
        ArchiveSalvage archives = new(from, to, options.TimeProvider, log.Dropped, log.Id);
        IReadOnlyDictionary<string, LogPosition> kept = archives.Copy();
        SalvageReport report = log.Publish(kept, archives.Damage);
        LogMessages.StoreSalvaged(options.LoggerFactory.CreateLogger("LambdaCore"), report.KeptPositions, report.LostPositions, report.Damage.Count);
        return report;
    }
}
