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

    public static string? WriteAhead() => WriteAhead(null).Caught;

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

    /// <summary>Runs the write-ahead log until something is missed.</summary>
    /// <param name="ignores">Which flushes do nothing.</param>
    public static (string? Caught, int Seeds, long Crashes) WriteAhead(Func<StorageCall, bool>? ignores) => Simulate(ignores, withCrashes: true, (seed, states) =>
    {
        new WriteAheadSimulation(seed, states).Run();
        return Task.CompletedTask;
    });

    /// <summary>Runs whole stores until something is missed.</summary>
    /// <param name="ignores">Which flushes do nothing.</param>
    /// <param name="withCrashes">Whether there is a crash before every call; if not, only the steps themselves look for what is wrong.</param>
    public static (string? Caught, int Seeds, long Crashes) WholeStore(Func<StorageCall, bool>? ignores, bool withCrashes = true) => Simulate(ignores, withCrashes, async (seed, states) =>
    {
        using StoreSimulation simulation = new(seed, states) { WholeStoreEvery = 400 };
        await simulation.RunAsync();
    });

    private static (string? Caught, int Seeds, long Crashes) Simulate(Func<StorageCall, bool>? ignores, bool withCrashes, Func<int, CrashStates, Task> run)
    {
        CrashStates states = new(survivorsPerCall: 4) { Ignores = ignores, Most = 1, IsCounting = withCrashes };
        int seed = 0;
        while (seed < Seeds && states.Failures.Count == 0)
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
