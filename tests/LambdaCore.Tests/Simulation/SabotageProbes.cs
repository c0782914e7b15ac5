using System.Buffers.Binary;
using System.Reflection;
using LambdaCore.Batch;
using LambdaCore.Log;
using LambdaCore.Storage;
using LambdaCore.Tables;
using LambdaCore.Tests.Batch;
using LambdaCore.Tests.EndToEnd;
using LambdaCore.Tests.Log;
using LambdaCore.Tests.Tables;
using NUnit.Framework.Internal;

namespace LambdaCore.Tests.Simulation;

/// <summary>What is run against a library that lacks a check: simulations, tests of the suite, and damage of a kind. Each says what it missed, or null.</summary>
internal static class SabotageProbes
{
    private const int Seeds = 40;
    private const int LogSeeds = 600;

    public static string? WriteAhead() => WriteAhead(null).Caught;

    public static string? WholeStore() => WholeStore(null).Caught;

    public static string? WholeStoreSteps() => WholeStore(null, withCrashes: false).Caught;

    public static string? ErasedLog() => Afterwards(null, t => t.Write_ahead_files_of_erased_events_stay_deleted());

    public static string? ErasedViews() => Afterwards(null, t => t.Views_of_erased_events_with_which_the_store_was_not_opened_stay_deleted());

    public static string? DroppedView() => Afterwards(null, t => t.A_dropped_view_stays_deleted());

    public static string? TableAnew() => Afterwards(null, t => t.A_table_that_began_anew_is_not_mixed_with_the_one_before());

    public static string? DoneOrder() => Afterwards(null, t => t.An_order_that_was_carried_out_does_not_come_back());

    public static string? ForkedTail() => Afterwards(null, t => t.A_fork_has_what_was_not_sealed_when_it_was_made());

    /// <summary>Whether the log is closed so that damage to its last group is found.</summary>
    public static string? ClosedLog()
    {
        using InMemoryStorage disk = new();
        LambdaStoreOptions<Reading> options = new LambdaStoreOptions<Reading> { BatchThreads = 1 }.EventTime(e => e.At);
        LambdaStore<Reading> store = StoreOpening.Open("memory", disk, options);
        store.AppendAsync(new Reading(DateTimeOffset.UtcNow, 1, 1, "the last words")).AsTask().GetAwaiter().GetResult();
        store.DisposeAsync().AsTask().GetAwaiter().GetResult();
        Flip(disk, $"wal/{disk.List("wal")[^1]}", "the last words"u8);
        return Refused<LogCorruptException>(() => StoreOpening.Open("memory", disk, options), "a damaged group was taken for one that a crash has left");
    }

    public static string? FlippedLog() => Caught(() => new WriteAheadDamageTests().A_flipped_bit_in_a_killed_log_is_found_or_cuts_only_what_was_not_acknowledged());

    public static string? FlippedClosedLog() => Caught(() => new WriteAheadDamageTests().A_flipped_bit_in_a_cleanly_closed_log_is_found_or_does_no_harm());

    public static string? FailedFlush() =>
        Caught(() => new AppendingTests().After_a_failed_flush_the_store_takes_nothing_more_and_a_new_one_has_what_was_acknowledged().GetAwaiter().GetResult());

    public static string? FlippedCommit() => Caught(() => new DeltaDamageTests().Every_flipped_bit_is_found());

    public static string? MixedCommits() => Caught(() => new DeltaDamageTests().Commits_in_another_order_or_of_another_table_are_refused());

    public static string? FailingCommit() => Caught(() => new DeltaDurabilityTests().After_a_fault_at_any_call_the_table_is_at_the_old_or_the_new_version(DeltaDurabilityTests.Fault.FailingCall));

    public static string? FlippedSegment()
    {
        using InMemoryStorage disk = new();
        disk.CreateFolder("log");
        disk.PublishNew("log/1.parquet", [1, 2, 3, 5]);
        DeltaFile file = new("1.parquet", 4, Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData([1, 2, 3, 4])), DateTimeOffset.UnixEpoch, null, []);
        return Refused<LogCorruptException>(
            () => new SegmentVerifier(disk, "log").Materialise(new SegmentFile(new LogRange(new LogPosition(0), new LogPosition(1)), file)), "a segment was handed out whose SHA-256 is another");
    }

    public static string? FlippedState()
    {
        SortedDictionary<byte[], byte[]> rows = LookupScene.NewOracle();
        byte[] state = [.. Enumerable.Repeat((byte)0xAB, 40)];
        rows.Add([1, 2, 3], state);
        byte[] content = LookupScene.Write(rows);
        content[content.AsSpan().IndexOf(state) + 7] ^= 4;
        return Refused<LookupDamagedException>(() => LookupScene.Get(LookupScene.Open(content), [1, 2, 3]), "a state was read that nobody wrote");
    }

    public static string? FlippedFooter()
    {
        SortedDictionary<byte[], byte[]> rows = LookupScene.NewOracle();
        rows.Add([1, 2, 3], [4]);
        byte[] content = LookupScene.Write(rows);

        // The number of rows stands behind the fingerprint and the range.
        content[content.Length - LookupFooter.Length + 32 + 16] ^= 2;
        return Refused<LookupDamagedException>(() => LookupScene.Open(content), "a number of rows was believed that nobody wrote");
    }

    public static string? FlippedChecksum()
    {
        SortedDictionary<byte[], byte[]> rows = LookupScene.NewOracle();
        byte[] state = [.. Enumerable.Repeat((byte)0xAB, 40)];
        rows.Add([1, 2, 3], state);
        byte[] content = LookupScene.Write(rows);

        // Behind the blocks stand their checksums, then the footer.
        const int blockLength = LookupFooter.BlockLength;
        int blocks = Enumerable.Range(1, content.Length).First(n => (content.Length - LookupFooter.Length - (4 * n) + blockLength - 1) / blockLength == n);
        int end = content.Length - LookupFooter.Length - (4 * blocks);
        int at = content.AsSpan().IndexOf(state) + 7;
        content[at] ^= 4;
        int block = at / blockLength;
        BinaryPrimitives.WriteUInt32LittleEndian(content.AsSpan(end + (4 * block)), Crc32C.Of(content.AsSpan((block * blockLength)..Math.Min(end, (block + 1) * blockLength))));
        return Refused<LookupDamagedException>(() => LookupScene.Get(LookupScene.Open(content), [1, 2, 3]), "a checksum was believed that nobody wrote");
    }

    public static string? FlippedOrder()
    {
        using InMemoryStorage disk = new();
        disk.CreateFolder("views/any");
        RebuildFolder folder = new(disk, "views/any");
        folder.Begin(new RebuildOrder { Id = Guid.Empty, Kind = RebuildKind.Reprocessing, Fingerprint = "sound", OrderedAt = DateTimeOffset.UnixEpoch });
        Flip(disk, $"views/any/{RebuildFolder.Name}/order.json", "sound"u8);
        return folder.Order() is { } order ? $"an order was read that nobody gave: {order}" : null;
    }

    public static string? FlippedSalvage()
    {
        using InMemoryStorage disk = new();
        LambdaStoreOptions<Reading> options = new LambdaStoreOptions<Reading> { BatchThreads = 1 }.EventTime(e => e.At);
        LambdaStore<Reading> store = StoreOpening.Open("memory", disk, options);
        store.AppendAsync(new Reading(DateTimeOffset.UtcNow, 1, 1, "the last words")).AsTask().GetAwaiter().GetResult();
        store.RunBatchAsync().GetAwaiter().GetResult();
        store.DisposeAsync().AsTask().GetAwaiter().GetResult();
        Flip(disk, $"log/{disk.List("log")[0]}", "the last words"u8);
        using InMemoryStorage salvaged = new();
        return StoreSalvage.Run(disk, salvaged, options, CancellationToken.None).Damage.Count > 0 ? null : "a damaged segment was salvaged";
    }

    public static string? MissingCommit() => Afterwards(null, t => t.The_newest_commit_of_the_log_is_missed());

    public static string? FaultedSpill() => Caught(() =>
    {
        Speed.SpillTests test = new();
        test.A_full_disk_stops_the_layer_with_its_reason_and_nobody_hangs(0);
    });

    public static string? DamagedArchive() => Caught(() =>
    {
        EndToEnd.Retaining.ArchiveLayerTests test = new();
        test.BeginAsync().GetAwaiter().GetResult();
        try
        {
            test.Another_definition_under_the_name_is_refused_as_long_as_there_is_an_archive().GetAwaiter().GetResult();
        }
        finally
        {
            test.End();
        }
    });

    /// <summary>Runs the write-ahead log until something is missed.</summary>
    /// <param name="ignores">Which flushes do nothing.</param>
    public static (string? Caught, int Seeds, long Crashes) WriteAhead(Func<StorageCall, bool>? ignores) => Simulate(ignores, withCrashes: true, (seed, states) =>
    {
        new WriteAheadSimulation(seed, states).Run();
        return Task.CompletedTask;
    }, LogSeeds);

    /// <summary>Runs whole stores until something is missed.</summary>
    /// <param name="ignores">Which flushes do nothing.</param>
    /// <param name="withCrashes">Whether there is a crash before every call; if not, only the steps themselves look for what is wrong.</param>
    public static (string? Caught, int Seeds, long Crashes) WholeStore(Func<StorageCall, bool>? ignores, bool withCrashes = true) => Simulate(ignores, withCrashes, async (seed, states) =>
    {
        using StoreSimulation simulation = new(seed, states) { WholeStoreEvery = 400 };
        await simulation.RunAsync();
    });

    private static (string? Caught, int Seeds, long Crashes) Simulate(Func<StorageCall, bool>? ignores, bool withCrashes, Func<int, CrashStates, Task> run, int seeds = Seeds)
    {
        CrashStates states = new(survivorsPerCall: 4) { Ignores = ignores, Most = 1, IsCounting = withCrashes };
        int seed = 0;
        while (seed < seeds && states.Failures.Count == 0)
        {
            using (new TestExecutionContext.IsolatedContext())
            {
                run(seed++, states).GetAwaiter().GetResult();
            }
        }

        return (states.Failures.FirstOrDefault()?.Split('\n')[0], seed, states.Simulated);
    }

    private static string? Caught(Action test)
    {
        using (new TestExecutionContext.IsolatedContext())
        {
            try
            {
                test();
                return null;
            }
            catch (Exception error)
            {
                return (error as TargetInvocationException)?.InnerException?.Message ?? error.Message;
            }
        }
    }

    /// <summary>Runs a test that cuts the power after something was done.</summary>
    /// <param name="ignores">Which flushes do nothing.</param>
    /// <param name="test">The test.</param>
    public static string? Afterwards(Func<StorageCall, bool>? ignores, Func<PowerCutAfterwardsTests, Task> test) =>
        Caught(() => test(new PowerCutAfterwardsTests { Ignores = ignores }).GetAwaiter().GetResult());

    public static string? Afterwards(Func<StorageCall, bool>? ignores, Action<PowerCutAfterwardsTests> test) => Caught(() => test(new PowerCutAfterwardsTests { Ignores = ignores }));

    private static void Flip(InMemoryStorage disk, string path, ReadOnlySpan<byte> text)
    {
        using IStorageFile file = disk.Open(path, FileAccess.ReadWrite);
        file.Write(disk.ReadAll(path).AsSpan().IndexOf(text), [(byte)(text[0] ^ 4)]);
    }

    private static string? Refused<TError>(Action action, string otherwise)
        where TError : Exception
    {
        try
        {
            action();
            return otherwise;
        }
        catch (TError)
        {
            return null;
        }
    }
}
