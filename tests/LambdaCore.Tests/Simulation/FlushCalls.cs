namespace LambdaCore.Tests.Simulation;

/// <summary>All calls of the library that flush something, as its code has them, and who misses each.</summary>
internal static class FlushCalls
{
    private const string OfTheRealDisk =
        "No simulated disk has it: Faults.InjectionTests lets the system call fail, Faults.PowerCutTests cuts the power of real file systems.";

    private const string OfTheSimulatedDisk = "It is a part of the simulated disk.";

    private static readonly string[] Flushing =
    [
        "IStorageFile.Flush", "IStorage.FlushFolder",
        "WriteAheadLog.Flush", "WriteAheadLog.FlushCurrent", "WriteAheadLog.MarkDurable", "WriteAheadLog.Close", "WriteAheadRecovery.MakeDurable", "WriteAheadRecovery.MarkRolled",
        "PhysicalFile.Flush", "PhysicalStorage.FlushFolder", "PhysicalStorage.FlushPhysicalFolder", "SystemCalls.FlushFile", "SystemCalls.FlushFileAndAttributes", "SystemCalls.FlushFolder",
        "InMemoryFile.Flush", "InMemoryStorage.FlushFolder",
    ];

    private static readonly string[] Publishes = ["IStorage.PublishNew", "IStorage.Adopt", "IStorage.CreateFolder"];

    /// <summary>The probe that misses each call, or why there is none.</summary>
    public static IReadOnlyDictionary<string, string> Probes { get; } = new Dictionary<string, string>
    {
        ["WriteAheadFile.Create Flush 1"] = nameof(SabotageProbes.WriteAhead),
        ["WriteAheadFile.Create Flush 2"] = nameof(SabotageProbes.WriteAhead),
        ["WriteAheadFile.Create FlushFolder 1"] = nameof(SabotageProbes.WriteAhead),
        ["WriteAheadLog.Open MakeDurable 1"] = nameof(SabotageProbes.WriteAhead),
        ["WriteAheadLog.Open MarkRolled 1"] = nameof(SabotageProbes.WriteAhead),
        ["WriteAheadLog.Open MarkDurable 1"] = nameof(SabotageProbes.WriteAhead),
        ["WriteAheadLog.Flush FlushCurrent 1"] = nameof(SabotageProbes.WriteAhead),
        ["WriteAheadLog.FlushCurrent Flush 1"] = nameof(SabotageProbes.WriteAhead),
        ["WriteAheadLog.Close Flush 1"] = nameof(SabotageProbes.WriteAhead),
        ["WriteAheadLog.Close MarkDurable 1"] = nameof(SabotageProbes.WriteAhead),
        ["WriteAheadLog.MarkDurable Flush 1"] = nameof(SabotageProbes.WriteAhead),
        ["WriteAheadLog.Roll FlushCurrent 1"] = nameof(SabotageProbes.WriteAhead),
        ["WriteAheadLog.Roll Flush 1"] = nameof(SabotageProbes.WriteAhead),
        ["WriteAheadRecovery.MakeDurable Flush 1"] = nameof(SabotageProbes.WriteAhead),
        ["WriteAheadRecovery.MakeDurable FlushFolder 1"] = nameof(SabotageProbes.WriteAhead),
        ["WriteAheadRecovery.MarkRolled Flush 1"] = nameof(SabotageProbes.WriteAhead),
        ["DeltaLog.Read FlushFolder 1"] = nameof(SabotageProbes.WholeStore),
        ["AppendPipeline.WriteGroupsAsync Flush 1"] = nameof(SabotageProbes.WholeStore),
        ["TableVacuum.Run FlushFolder 1"] = nameof(SabotageProbes.WholeStoreSteps),
        ["WriteAheadLog.DeleteBefore FlushFolder 1"] = nameof(SabotageProbes.ErasedLog),
        ["LogErasure.DeleteFiles FlushFolder 1"] = nameof(SabotageProbes.ErasedViews),
        ["ViewFolder.Delete FlushFolder 1"] = nameof(SabotageProbes.DroppedView),
        ["BatchTable.StartAnew FlushFolder 1"] = nameof(SabotageProbes.TableAnew),
        ["RebuildFolder.End FlushFolder 1"] = nameof(SabotageProbes.DoneOrder),
        ["EventLog.CopyTail Close 1"] = nameof(SabotageProbes.ForkedTail),
        ["EventLog.DisposeAsync Close 1"] = nameof(SabotageProbes.ClosedLog),
        ["InMemoryFork.Publish FlushFolder 1"] = OfTheSimulatedDisk,
        ["InMemoryStorage.LinkTo FlushFolder 1"] = OfTheSimulatedDisk,
        ["PhysicalFile.Flush FlushFile 1"] = OfTheRealDisk,
        ["PhysicalFork.Link FlushFolder 1"] = OfTheRealDisk,
        ["PhysicalFork.Publish FlushFolder 1"] = OfTheRealDisk,
        ["PhysicalFork.Publish FlushPhysicalFolder 1"] = OfTheRealDisk,
        ["PhysicalStorage..ctor FlushFolder 1"] = OfTheRealDisk,
        ["PhysicalStorage.CreateFolder FlushPhysicalFolder 1"] = OfTheRealDisk,
        ["PhysicalStorage.Adopt FlushFileAndAttributes 1"] = OfTheRealDisk,
        ["PhysicalStorage.Adopt FlushPhysicalFolder 1"] = OfTheRealDisk,
        ["PhysicalStorage.CreatePhysicalFolder FlushPhysicalFolder 1"] = OfTheRealDisk,
        ["SystemCalls.FlushFileAndAttributes FlushFile 1"] = OfTheRealDisk,
        ["PhysicalStorage.FlushFolder FlushPhysicalFolder 1"] = OfTheRealDisk,
        ["PhysicalStorage.FlushPhysicalFolder FlushFolder 1"] = OfTheRealDisk,
        ["UnixCalls.FlushFolder FlushFileAndAttributes 1"] = OfTheRealDisk,
    };

    /// <summary>Who publishes something whose flushes no probe takes away, and why.</summary>
    public static IReadOnlyDictionary<string, string> PublishingElsewhere { get; } = new Dictionary<string, string>
    {
        ["SpillDevice.CreateSegment CreateFolder 1"] = "What is spilled is of no use to the next process.",
    };

    /// <summary>All calls that flush.</summary>
    public static IReadOnlyList<CallSite> All() => CallSite.Find(PatchedLibrary.ReadLibrary(), Flushing.Contains);

    /// <summary>All that somebody must miss: every one for which no reason is given.</summary>
    public static IEnumerable<CallSite> Missed() => All().Where(s => Probes.GetValueOrDefault(s.Name) is not (OfTheRealDisk or OfTheSimulatedDisk));

    /// <summary>All calls, but for those of the disks themselves, that publish something: flushes are a part of them.</summary>
    public static IReadOnlyList<CallSite> Publishing() => CallSite.Find(PatchedLibrary.ReadLibrary(), Publishes.Contains);
}
