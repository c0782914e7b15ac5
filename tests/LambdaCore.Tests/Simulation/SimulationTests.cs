using System.Diagnostics;
using NUnit.Framework;

namespace LambdaCore.Tests.Simulation;

/// <summary>
/// Runs from one seed each, on simulated disks and simulated time, with a crash before every storage call: at length with LAMBDACORE_SIMULATIONS, which multiplies
/// the number of runs; one run again with LAMBDACORE_SEED and LAMBDACORE_SIMULATIONS=0.
/// </summary>
[TestFixture]
internal sealed class SimulationTests
{
    private const int WriteAheadRuns = 900;
    private const int StoreRuns = 12;

    [Test]
    public void The_write_ahead_log_survives_a_crash_before_any_of_its_calls()
    {
        (int first, int runs) = Runs(WriteAheadRuns, 20_261_122);
        CrashStates states = new(survivorsPerCall: 6);
        Run(states, first, runs, seed => new WriteAheadSimulation(seed, states).Run());
        Assert.That(states.Failures, Is.Empty);
        Assert.That(states.Distinct, Is.AtLeast(runs * 50));
    }

    [Test]
    public void A_whole_store_survives_a_crash_before_any_of_its_calls()
    {
        (int first, int runs) = Runs(StoreRuns, 20_261_122);
        CrashStates states = new(survivorsPerCall: 6);
        int whole = 0;
        int failed = 0;
        Run(states, first, runs, seed =>
        {
            using StoreSimulation simulation = new(seed, states);
            simulation.RunAsync().GetAwaiter().GetResult();
            Interlocked.Add(ref whole, simulation.WholeChecks);
            Interlocked.Add(ref failed, simulation.FailedSteps);
        });
        TestContext.Out.WriteLine($"{whole:N0} states were opened as whole stores; {failed:N0} steps met a failing disk");
        Assert.That(states.Failures, Is.Empty);
    }

    [Test]
    public async Task A_seed_makes_the_same_calls_with_the_same_bytes_each_time()
    {
        int first = int.TryParse(Environment.GetEnvironmentVariable("LAMBDACORE_SEED"), out int wanted) ? wanted : 20_261_122;
        for (int seed = first; seed < first + 4; seed++)
        {
            ulong[] journals = new ulong[2];
            for (int i = 0; i < 2; i++)
            {
                CrashStates none = new(survivorsPerCall: 0) { IsCounting = false };
                using StoreSimulation store = new(seed, none);
                await store.RunAsync();
                WriteAheadSimulation log = new(seed, none);
                log.Run();
                Assert.That(none.Failures, Is.Empty);
                journals[i] = store.Journal ^ log.Journal;
            }

            TestContext.Out.WriteLine($"seed {seed}: journal {journals[0]:x16}");
            Assert.That(journals[1], Is.EqualTo(journals[0]), $"seed {seed}");
        }
    }

    private static (int First, int Runs) Runs(int usual, int seed)
    {
        int times = int.TryParse(Environment.GetEnvironmentVariable("LAMBDACORE_SIMULATIONS"), out int given) ? given : 1;
        int first = int.TryParse(Environment.GetEnvironmentVariable("LAMBDACORE_SEED"), out int wanted) ? wanted : seed;
        return (first, Math.Max(1, usual * times));
    }

    private static void Run(CrashStates states, int first, int runs, Action<int> run)
    {
        long started = Stopwatch.GetTimestamp();
        Parallel.For(0, runs, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, (i, loop) =>
        {
            if (!states.IsEnough)
            {
                run(first + i);
            }
        });
        TestContext.Out.WriteLine(
            $"seeds {first} to {first + runs - 1}: {states.Simulated:N0} crashes simulated, {states.Distinct:N0} different states, in {Stopwatch.GetElapsedTime(started).TotalSeconds:N1} s");
    }
}
