using System.Diagnostics;
using LambdaCore.Storage;
using NUnit.Framework;

namespace LambdaCore.Tests.Simulation;

/// <summary>Takes one flush, one checksum, one check for poison away at a time: each time a simulation or a test must miss it.</summary>
[TestFixture]
internal sealed class SabotageTests
{
    private const string Wal = "wal/";

    [TestCaseSource(nameof(FlushesOfTheLog))]
    [TestCaseSource(nameof(FlushesOfTables))]
    public void A_flush_that_does_nothing_is_caught(Flush flush)
    {
        int ignored = 0;
        Func<StorageCall, bool> ignores = call => flush.Is(call) && Interlocked.Increment(ref ignored) > 0;
        (string? caught, int seeds, long crashes) = flush.OfLog ? SabotageProbes.WriteAhead(ignores) : SabotageProbes.WholeStore(ignores, flush.NeedsCrashes);
        TestContext.Out.WriteLine($"{flush}: {ignored} flushes ignored, {seeds} seeds, {crashes:N0} crashes: {caught}");
        Assert.That(ignored, Is.Positive, "The flush was never reached.");
        Assert.That(caught, Is.Not.Null, "Nobody misses it.");
    }

    [TestCase("LambdaCore.Log.WriteAheadFormat", "IsSoundFileHeader", nameof(SabotageProbes.FlippedClosedLog))]
    [TestCase("LambdaCore.Log.WriteAheadFormat", "IsSoundFrameHeader", nameof(SabotageProbes.FlippedLog))]
    [TestCase("LambdaCore.Log.WriteAheadFormat", "IsSoundPayload", nameof(SabotageProbes.FlippedLog))]
    [TestCase("LambdaCore.Log.WriteAheadFormat", "IsSoundPayload", nameof(SabotageProbes.WriteAhead))]
    [TestCase("LambdaCore.Tables.DeltaCommitReader", "IsAsWritten", nameof(SabotageProbes.FlippedCommit))]
    [TestCase("LambdaCore.Tables.DeltaCommitReader", "Follows", nameof(SabotageProbes.MixedCommits))]
    [TestCase("LambdaCore.Log.SegmentVerifier", "HasItsHash", nameof(SabotageProbes.FlippedSegment))]
    [TestCase("LambdaCore.Batch.LookupFile", "IsSoundBlock", nameof(SabotageProbes.FlippedState))]
    [TestCase("LambdaCore.Batch.LookupFooter", "IsSoundFooter", nameof(SabotageProbes.FlippedFooter))]
    [TestCase("LambdaCore.Log.WriteAheadLog", "ThrowIfPoisoned", nameof(SabotageProbes.WriteAhead))]
    [TestCase("LambdaCore.Tables.DeltaTable", "ThrowIfFailed", nameof(SabotageProbes.FailingCommit))]
    [TestCase("LambdaCore.Log.AppendPipeline`1", "ThrowIfStopped", nameof(SabotageProbes.FailedFlush))]
    public void A_check_that_is_missing_is_caught(string type, string method, string probe)
    {
        string? caught = new PatchedLibrary(type, method).Run(probe);
        TestContext.Out.WriteLine($"{type}.{method}, by {probe}: {caught}");
        Assert.That(caught, Is.Not.Null, "Nobody misses it.");
    }

    [TestCase(nameof(SabotageProbes.FlippedSegment))]
    [TestCase(nameof(SabotageProbes.FlippedState))]
    [TestCase(nameof(SabotageProbes.FlippedFooter))]
    [TestCase(nameof(SabotageProbes.FlippedClosedLog))]
    [TestCase(nameof(SabotageProbes.MixedCommits))]
    public void Nothing_is_missed_where_all_checks_are_there(string probe) =>
        Assert.That(typeof(SabotageProbes).GetMethod(probe, [])!.Invoke(null, null), Is.Null);

    [TestCase(nameof(SabotageProbes.FlippedLog))]
    [TestCase(nameof(SabotageProbes.FlippedCommit))]
    [TestCase(nameof(SabotageProbes.MixedCommits))]
    [TestCase(nameof(SabotageProbes.FailingCommit))]
    [TestCase(nameof(SabotageProbes.WriteAhead))]
    [TestCase(nameof(SabotageProbes.FailedFlush))]
    public void Nothing_is_missed_where_only_what_a_probe_does_not_need_is_gone(string probe) =>
        Assert.That(new PatchedLibrary("LambdaCore.Log.WriteAheadLog", "DeleteBefore").Run(probe), Is.Null);

    private static Flush[] FlushesOfTheLog() =>
    [
        new("a group", StorageOperation.Flush, Wal, In: "WriteAheadLog.Flush(") { OfLog = true },
        new("a file that is full", StorageOperation.Flush, Wal, In: "WriteAheadLog.Roll(", NotIn: "WriteAheadFile.Create") { OfLog = true, Which = 1 },
        new("the mark of the next file", StorageOperation.Flush, Wal, In: "WriteAheadLog.Roll(", NotIn: "WriteAheadFile.Create") { OfLog = true, Which = 2 },
        new("the length of a new file", StorageOperation.Flush, Wal, In: "WriteAheadFile.Create") { OfLog = true, Which = 1 },
        new("the header of a new file", StorageOperation.Flush, Wal, In: "WriteAheadFile.Create") { OfLog = true, Which = 2 },
        new("the name of a new file", StorageOperation.FlushFolder, "wal", In: "WriteAheadFile.Create") { OfLog = true },
        new("what recovery found", StorageOperation.Flush, Wal, In: "WriteAheadRecovery.MakeDurable") { OfLog = true },
        new("the name of the file that recovery found", StorageOperation.FlushFolder, "wal", In: "WriteAheadRecovery.MakeDurable") { OfLog = true },
        new("the mark of a durable end", StorageOperation.Flush, Wal, In: "WriteAheadLog.MarkDurable") { OfLog = true },
        new("the mark of the next file that recovery writes", StorageOperation.Flush, Wal, In: "WriteAheadRecovery.MarkRolled") { OfLog = true },
        new("the name of the log's folder", StorageOperation.FlushFolder, "") { OfLog = true, Within = StorageOperation.CreateFolder },
    ];

    private static Flush[] FlushesOfTables() =>
    [
        new("a commit of the log", StorageOperation.Flush, "log/_delta_log/") { Within = StorageOperation.Rename },
        new("the name of a commit of the log", StorageOperation.FlushFolder, "log/_delta_log") { Within = StorageOperation.Rename },
        new("the name of a commit that a killed process left", StorageOperation.FlushFolder, "log/_delta_log"),
        new("a segment", StorageOperation.Flush, "log/0") { Within = StorageOperation.Rename },
        new("the name of a segment", StorageOperation.FlushFolder, "log") { Within = StorageOperation.Rename },
        new("the deletion of a segment", StorageOperation.FlushFolder, "log") { NeedsCrashes = false },
        new("a commit of a view", StorageOperation.Flush, "views/by_group/_delta_log/") { Within = StorageOperation.Rename },
        new("the name of a commit of a view", StorageOperation.FlushFolder, "views/by_group/_delta_log") { Within = StorageOperation.Rename },
        new("a layer", StorageOperation.Flush, "views/by_group/0") { Within = StorageOperation.Rename },
        new("the name of a layer", StorageOperation.FlushFolder, "views/by_group") { Within = StorageOperation.Rename },
        new("a lookup file", StorageOperation.Flush, "views/by_group/_lookup/") { Within = StorageOperation.Rename },
        new("the name of a lookup file", StorageOperation.FlushFolder, "views/by_group/_lookup") { Within = StorageOperation.Rename },
        new("the names of the store's folders", StorageOperation.FlushFolder, "") { Within = StorageOperation.CreateFolder },
        new("the name of the folder of commits", StorageOperation.FlushFolder, "log") { Within = StorageOperation.CreateFolder },
    ];

    /// <summary>A flush of the library, by what it flushes and who calls it.</summary>
    internal sealed record Flush(string Name, StorageOperation Operation, string Path, string? In = null, string? NotIn = null)
    {
        private int _met;

        /// <summary>Whether the write-ahead log alone shows it; otherwise a whole store does.</summary>
        public bool OfLog { get; init; }

        /// <summary>The operation of the storage that it is a part of.</summary>
        public StorageOperation? Within { get; init; }

        /// <summary>Whether it is missed in a crash before some call, rather than after a step.</summary>
        public bool NeedsCrashes { get; init; } = true;

        /// <summary>Which one of two in the same method; 0 for each.</summary>
        public int Which { get; init; }

        public bool Is(StorageCall call)
        {
            if (call.Operation != Operation || call.Within != Within || !(Operation == StorageOperation.FlushFolder ? call.Path == Path : call.Path.StartsWith(Path, StringComparison.Ordinal)))
            {
                return false;
            }

            // What a crash has left is opened within the call before which it is looked at; only who asked last counts.
            string callers = In is null ? "" : new StackTrace().ToString().Split($"{nameof(CrashStates)}.{nameof(CrashStates.Crash)}(")[0];
            return (In is null || callers.Contains(In, StringComparison.Ordinal))
                && (NotIn is null || !callers.Contains(NotIn, StringComparison.Ordinal))
                && (Which == 0 || (_met++ % 2) + 1 == Which);
        }

        public override string ToString() => Name;
    }
}
