namespace LambdaCore.Tests.Simulation;

/// <summary>What looks like a check in the library's code, and is not one that could be missed.</summary>
internal static class CheckCalls
{
    private const string Writes = "It computes what is written.";
    private const string Input = "It refuses what a caller asks for, whatever happened before.";
    private const string Ends = "It refuses what comes after an end that was asked for.";

    /// <summary>Who computes checksums without comparing them.</summary>
    public static IReadOnlyDictionary<string, string> Writers { get; } = new Dictionary<string, string>
    {
        ["SegmentVerifier.Materialise"] = "HasItsHash compares it.",
        ["LookupFile.VerifyChecksums"] = "AreSoundChecksums compares it.",
        ["SegmentWriter.Write"] = Writes,
        ["WriteAheadFormat.WriteFileHeader"] = Writes,
        ["WriteAheadFormat.WriteFrame"] = Writes,
        ["RebuildFolder.Write"] = Writes,
        ["LookupWriter.Complete"] = Writes,
        ["LookupWriter.FlushBlocks"] = Writes,
        ["BatchTable.Adopt"] = Writes,
        ["LookupFooter.Write"] = Writes,
    };

    /// <summary>Who refuses something, but not because of an earlier failure.</summary>
    public static IReadOnlyDictionary<string, string> Refusals { get; } = new Dictionary<string, string>
    {
        ["SpeedLayer.ThrowIfUnusable"] = "No probe: SpeedLayerTests.A_fold_that_throws_stops_the_layer_and_nobody_sees_half_a_group holds it.",
        ["LogChanges.ThrowIfAmending"] = Input,
        ["AppendPipeline.ThrowIfStoppedOrClosed"] = "It tells what ThrowIfStopped would say, earlier.",
        ["EventLog.ThrowIfGone"] = Input,
        ["WriteAheadFormat.ThrowIfUnknown"] = "It refuses formats that there are not yet.",
        ["ProducerOrder.ThrowIfRetired"] = Ends,
        ["ProducerOrder.ThrowIfItPassesOver"] = "No probe: ProducerLivesTests.The_repetition_of_one_call_that_did_not_get_in_lets_nothing_pass_the_next_one_that_did_not holds it.",
        ["SchemaRefusals.ThrowIfAny"] = Input,
        ["PhysicalStorage.ThrowIfLink"] = "Hardening: HostileNameTests and LinkTests.",
        ["InMemoryFile.ThrowIfClosed"] = Ends,
        ["PhysicalFork.ThrowIfWithin"] = Input,
        ["PhysicalFork.ThrowIfTaken"] = Input,
        ["StoreOpening.ThrowIfPattern"] = Input,
        ["LambdaStore.ThrowIfDisposed"] = Ends,
        ["BatchRunner.ThrowIfClosing"] = Ends,
    };
}
