using System.Diagnostics;
using System.Reflection;
using LambdaCore.Storage;
using NUnit.Framework;

namespace LambdaCore.Tests.Simulation;

/// <summary>Takes one flush, one checksum, one check for poison away at a time: each time a simulation or a test must miss it.</summary>
[TestFixture]
internal sealed class SabotageTests
{
    [TestCaseSource(typeof(FlushCalls), nameof(FlushCalls.Missed))]
    public void A_flush_that_is_not_called_is_caught(CallSite site)
    {
        Assert.That(FlushCalls.Probes, Contains.Key(site.Name), "Nobody has said who misses this flush: add it to FlushCalls.Probes, with a probe, or with a reason why there is none.");
        string probe = FlushCalls.Probes[site.Name];
        string? caught = new PatchedLibrary(site).Run(probe);
        TestContext.Out.WriteLine($"{site}, by {probe}: {caught}");
        Assert.That(caught, Is.Not.Null, "Nobody misses it.");
    }

    [Test]
    public void Whoever_publishes_is_named_by_the_flush_that_would_be_missed()
    {
        string[] named = [.. FlushesOfTables().SelectMany(f => f.Of), .. FlushCalls.PublishingElsewhere.Keys];
        string[] publishing = [.. FlushCalls.Publishing().Select(s => s.Name)];
        Assert.Multiple(() =>
        {
            Assert.That(string.Join("\n", publishing.Except(named)), Is.Empty, "Nobody has said who misses the flushes that are part of these calls.");
            Assert.That(string.Join("\n", named.Except(publishing)), Is.Empty, "There are no such calls.");
            Assert.That(string.Join("\n", FlushCalls.Probes.Keys.Except(FlushCalls.All().Select(s => s.Name))), Is.Empty, "There are no such flushes.");
        });
    }

    [Test]
    public void Whoever_computes_a_checksum_or_refuses_to_go_on_is_known()
    {
        string[] checks = [.. typeof(SabotageTests).GetMethod(nameof(A_check_that_is_missing_is_caught))!.GetCustomAttributes<TestCaseAttribute>().Select(c => $"{((string)c.Arguments[0]!).Split('.')[^1].Split('`')[0]}.{c.Arguments[1]}")];
        string[] checksums = [.. CallSite.Find(PatchedLibrary.ReadLibrary(), c => c is "Crc32C.Of" or "FileHash.Of").Select(s => s.Caller)];
        string[] refusals = [.. CallSite.Methods(PatchedLibrary.ReadLibrary()).Where(m => m.Contains(".ThrowIf", StringComparison.Ordinal))];
        Assert.Multiple(() =>
        {
            Assert.That(string.Join("\n", checksums.Except(checks).Except(CheckCalls.Writers.Keys)), Is.Empty, "Is it a check? Then put it into a method of its own, and give that a probe; else say in CheckCalls.Writers what it is.");
            Assert.That(string.Join("\n", refusals.Except(checks).Except(CheckCalls.Refusals.Keys)), Is.Empty, "Does it refuse what an earlier failure has made unsure? Then give it a probe; else say in CheckCalls.Refusals what it refuses.");
            Assert.That(string.Join("\n", CheckCalls.Writers.Keys.Except(checksums).Concat(CheckCalls.Refusals.Keys.Except(refusals))), Is.Empty, "There are no such methods.");
        });
    }

    [TestCaseSource(nameof(FlushesOfTables))]
    public void A_flush_that_does_nothing_is_caught(Flush flush)
    {
        int ignored = 0;
        Func<StorageCall, bool> ignores = call => flush.Is(call) && Interlocked.Increment(ref ignored) > 0;
        string? caught = flush.Probe(ignores);
        TestContext.Out.WriteLine($"{flush}: {ignored} flushes ignored: {caught}");
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
    [TestCase("LambdaCore.Batch.LookupFile", "AreSoundChecksums", nameof(SabotageProbes.FlippedChecksum))]
    [TestCase("LambdaCore.Batch.RebuildFolder", "IsSoundNote", nameof(SabotageProbes.FlippedOrder))]
    [TestCase("LambdaCore.Log.SalvagedFiles", "HasItsHash", nameof(SabotageProbes.FlippedSalvage))]
    [TestCase("LambdaCore.Tables.DeltaHead", "Check", nameof(SabotageProbes.MissingCommit))]
    [TestCase("LambdaCore.Speed.SpillStore", "ThrowIfFaulted", nameof(SabotageProbes.FaultedSpill))]
    [TestCase("LambdaCore.Batch.BatchTable", "ThrowIfArchive", nameof(SabotageProbes.DamagedArchive))]
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
    [TestCase(nameof(SabotageProbes.FlippedChecksum))]
    [TestCase(nameof(SabotageProbes.FlippedOrder))]
    [TestCase(nameof(SabotageProbes.FlippedSalvage))]
    [TestCase(nameof(SabotageProbes.ClosedLog))]
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

    private static Flush[] FlushesOfTables()
    {
        const StorageOperation content = StorageOperation.Flush;
        const StorageOperation name = StorageOperation.FlushFolder;
        const StorageOperation publishing = StorageOperation.Rename;
        const StorageOperation folders = StorageOperation.CreateFolder;
        string[] commits = ["DeltaLog.Publish PublishNew 1"];
        string[] salvage = ["LogSalvage.Adopt Adopt 1", "SalvagedFiles.CopyIfSound Adopt 1", "ArchiveSalvage.Copy Adopt 1"];
        return
        [
            new("the name of the log's folder", name, "") { Within = folders, Probe = i => SabotageProbes.WriteAhead(i).Caught, Of = ["WriteAheadLog.Open CreateFolder 1"] },
            new("a commit of the log", content, "log/_delta_log/") { Within = publishing, Of = commits },
            new("the name of a commit of the log", name, "log/_delta_log") { Within = publishing, Of = commits },
            new("the name of a commit that a killed process left", name, "log/_delta_log"),
            new("the name of the number of the newest version", name, "log/_head")
            {
                Within = publishing,
                Of = ["DeltaHead.Write PublishNew 1", "DeltaHead.Write CreateFolder 1"],
                Probe = i => SabotageProbes.Afterwards(i, t => t.The_newest_commit_of_the_log_is_missed()),
            },
            new("a segment", content, "log/0") { Within = publishing, Of = ["EventLog.SealSegment Adopt 1"] },
            new("the name of a segment", name, "log") { Within = publishing, Of = ["EventLog.SealSegment Adopt 1"] },
            new("a rewritten segment", content, "log/0", In: "CommitRewrite") { Within = publishing, Of = ["EventLog.CommitRewrite Adopt 1"] },
            new("the name of a rewritten segment", name, "log", In: "CommitRewrite") { Within = publishing, Of = ["EventLog.CommitRewrite Adopt 1"] },
            new("a merged segment", content, "log/0", In: "CommitCompaction") { Within = publishing, Of = ["EventLog.CommitCompaction Adopt 1"] },
            new("the name of a merged segment", name, "log", In: "CommitCompaction") { Within = publishing, Of = ["EventLog.CommitCompaction Adopt 1"] },
            new("the deletion of a segment", name, "log") { Probe = i => SabotageProbes.WholeStore(i, withCrashes: false).Caught },
            new("a commit of a view", content, "views/by_group/_delta_log/") { Within = publishing, Of = commits },
            new("the name of a commit of a view", name, "views/by_group/_delta_log") { Within = publishing, Of = commits },
            new("a layer", content, "views/by_group/0") { Within = publishing, Of = ["BatchTable.Adopt Adopt 2"] },
            new("the name of a layer", name, "views/by_group") { Within = publishing, Of = ["BatchTable.Adopt Adopt 2"] },
            new("a lookup file", content, "views/by_group/_lookup/") { Within = publishing, Of = ["BatchTable.Adopt Adopt 1"] },
            new("the name of a lookup file", name, "views/by_group/_lookup") { Within = publishing, Of = ["BatchTable.Adopt Adopt 1"] },
            new("the names of the store's folders", name, "") { Within = folders, Of = ["EventLog.Open CreateFolder 1"] },
            new("the name of the folder of commits", name, "log") { Within = folders, Of = ["DeltaLog.Publish CreateFolder 1"] },
            new("a dead letter", content, "deadletters/0") { Within = publishing, Of = ["DeadLetterTable.Publish Adopt 1"], Probe = DeadLetters },
            new("the name of a dead letter", name, "deadletters") { Within = publishing, Of = ["DeadLetterTable.Publish Adopt 1"], Probe = DeadLetters },
            new("what an erasure leaves of dead letters", content, "deadletters/0", In: "DeadLetterTable`1.Commit") { Within = publishing, Of = ["DeadLetterTable.Commit Adopt 1"], Probe = DeadLetters },
            new("the name of what an erasure leaves of dead letters", name, "deadletters", In: "DeadLetterTable`1.Commit")
            {
                Within = publishing,
                Of = ["DeadLetterTable.Commit Adopt 1"],
                Probe = DeadLetters,
            },
            new("the name of the folder of dead letters", name, "") { Within = folders, Of = ["DeadLetterTable.OpenOrCreate CreateFolder 1"], Probe = DeadLetters },
            new("the name of the folder of views", name, "") { Within = folders, Of = ["BatchTable..ctor CreateFolder 1", "BatchTable..ctor CreateFolder 2"], Probe = Renames },
            new("an order to compute a view anew", content, "views/any/_rebuild/") { Within = publishing, Of = ["RebuildFolder.Write PublishNew 1"], Probe = Orders },
            new("the name of such an order", name, "views/any/_rebuild") { Within = publishing, Of = ["RebuildFolder.Write PublishNew 1"], Probe = Orders },
            new("a part of a view that is computed anew", content, "views/any/_rebuild/0") { Within = publishing, Of = ["RebuildFolder.Add Adopt 1"], Probe = Orders },
            new("the name of the folder of orders", name, "views/any") { Within = folders, Of = ["RebuildFolder.Begin CreateFolder 1"], Probe = Orders },
            new("a copied layer", content, "views/renamed/") { Within = publishing, Of = ["StoredFile.Copy Adopt 1"], Probe = Renames },
            new("the name of a copied layer", name, "views/renamed") { Within = publishing, Of = ["StoredFile.Copy Adopt 1"], Probe = Renames },
            new("the name of a view's folder", name, "views") { Within = folders, Of = ["ViewRename.Copy CreateFolder 1", "ViewRename.Copy CreateFolder 2"], Probe = Renames },
            new("the names of the folders of a salvaged store", name, "", In: "Salvage")
            {
                Within = folders,
                Of = ["LogSalvage.Seal CreateFolder 1", "SalvagedFiles.Copy CreateFolder 1"],
                Probe = Salvages,
            },
            new("the name of the folder of a salvaged view", name, "views", In: "ArchiveSalvage")
            {
                Within = folders,
                Of = ["ArchiveSalvage.Copy CreateFolder 1", "ArchiveSalvage.Copy CreateFolder 2"],
                Probe = Salvages,
            },
            new("a salvaged segment", content, "log/0", In: "LogSalvage") { Within = publishing, Of = salvage, Probe = Salvages },
            new("a salvaged dead letter", content, "deadletters/0", In: "LogSalvage") { Within = publishing, Of = salvage, Probe = Salvages },
            new("a salvaged layer", content, "views/changed/0", In: "ArchiveSalvage") { Within = publishing, Of = salvage, Probe = Salvages },
            new("the name of a salvaged segment", name, "log", In: "LogSalvage") { Within = publishing, Of = salvage, Probe = Salvages },
            new("the name of a salvaged dead letter", name, "deadletters", In: "LogSalvage") { Within = publishing, Of = salvage, Probe = Salvages },
            new("the name of a salvaged layer", name, "views/changed", In: "ArchiveSalvage") { Within = publishing, Of = salvage, Probe = Salvages },
        ];
    }

    private static string? DeadLetters(Func<StorageCall, bool> ignores) => SabotageProbes.Afterwards(ignores, t => t.What_was_rejected_is_among_the_dead_letters());

    private static string? Orders(Func<StorageCall, bool> ignores) => SabotageProbes.Afterwards(ignores, t => t.An_order_and_its_parts_are_there_until_it_was_carried_out());

    private static string? Renames(Func<StorageCall, bool> ignores) => SabotageProbes.Afterwards(ignores, t => t.A_renamed_view_has_its_layers());

    private static string? Salvages(Func<StorageCall, bool> ignores) => SabotageProbes.Afterwards(ignores, t => t.A_salvaged_store_is_whole());

    /// <summary>A flush of the library, by what it flushes and who calls it.</summary>
    internal sealed record Flush(string Name, StorageOperation Operation, string Path, string? In = null)
    {
        /// <summary>What must miss it: it is told which flushes do nothing, and says what it has missed.</summary>
        public Func<Func<StorageCall, bool>, string?> Probe { get; init; } = ignores => SabotageProbes.WholeStore(ignores).Caught;

        /// <summary>The calls of the library that it is a part of.</summary>
        public IReadOnlyList<string> Of { get; init; } = [];

        /// <summary>The operation of the storage that it is a part of.</summary>
        public StorageOperation? Within { get; init; }

        public bool Is(StorageCall call)
        {
            if (call.Operation != Operation || call.Within != Within || !(Operation == StorageOperation.FlushFolder ? call.Path == Path : call.Path.StartsWith(Path, StringComparison.Ordinal)))
            {
                return false;
            }

            // What a crash has left is opened within the call before which it is looked at; only who asked last counts.
            return In is null || new StackTrace().ToString().Split($"{nameof(CrashStates)}.{nameof(CrashStates.Crash)}(")[0].Contains(In, StringComparison.Ordinal);
        }

        public override string ToString() => Name;
    }
}
