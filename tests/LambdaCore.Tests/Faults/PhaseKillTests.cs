using LambdaCore.CrashHost;
using LambdaCore.Tests.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.Faults;

/// <summary>
/// kill -9 of a real process that works on three stores, each in a phase of its own: what was acknowledged survives, what comes back is a prefix, changes and forks are there as a
/// whole or not at all, and every view is the fold of what is there.
/// </summary>
[TestFixture]
[Category("RealFaults")]
[Platform("Unix")]
internal sealed class PhaseKillTests
{
    private const int Stores = 3;
    private const int LivesOfStore = 12;
    private const int Chains = 2;
    private static readonly string[] Phases = ["open", "append", "seal", "batch", "merge", "correct", "erase", "compact", "retain", "rebuild", "fork"];

    [Test]
    public async Task A_process_that_is_killed_in_any_phase_leaves_stores_that_have_all_it_acknowledged()
    {
        Random random = Seed.Random(out _);
        int rounds = Rounds.Of(180);
        int[] seeds = [.. Enumerable.Range(0, Chains).Select(_ => random.Next())];
        SortedDictionary<string, int> hits = new(StringComparer.Ordinal);
        await Parallel.ForEachAsync(seeds, new ParallelOptions { MaxDegreeOfParallelism = Chains }, async (seed, _) => await KillAsync(new Random(seed), rounds / Chains, hits));
        await TestContext.Out.WriteLineAsync($"{rounds / Chains * Chains} kills, stores by what they were about: {string.Join(", ", hits.Select(h => $"{h.Key} {h.Value}"))}");
        Assert.That(hits.Values.Sum(), Is.EqualTo(rounds / Chains * Chains * Stores));
    }

    private static async Task KillAsync(Random random, int rounds, SortedDictionary<string, int> hits)
    {
        FaultHost next = FaultHost.Start();
        try
        {
            for (int round = 0; round < rounds;)
            {
                DirectoryInfo folder = Directory.CreateTempSubdirectory("lambdacore-phases-");
                FaultModel[] models = [.. Enumerable.Range(0, Stores).Select(_ => new FaultModel())];
                FaultLife[][] open = [.. Enumerable.Range(0, Stores).Select(_ => Array.Empty<FaultLife>())];
                string[] phases = [.. Enumerable.Range(0, Stores).Select(_ => "append")];
                for (int life = 0; life < LivesOfStore && round < rounds; life++, round++)
                {
                    using FaultHost host = next;
                    string[] tape = await LiveAsync(host, folder.FullName, life, phases, random);

                    // The next process starts while the stores of this one are checked.
                    next = FaultHost.Start();
                    phases = [.. Enumerable.Range(0, Stores).Select(_ => Phases[random.Next(Phases.Length)])];
                    for (int store = 0; store < Stores; store++)
                    {
                        FaultLife told = FaultLife.Of(life, store, tape);
                        Assert.That(told.Failures, Is.Empty, "Something failed without a fault.");
                        lock (hits)
                        {
                            hits[told.LastPhase] = hits.GetValueOrDefault(told.LastPhase) + 1;
                        }

                        open[store] = [.. open[store], told];

                        // Sometimes the next process finds what this one left, untouched by a check.
                        bool isChecked = phases[store] is "correct" or "erase" || told.Changes.Count > 0 || life == LivesOfStore - 1 || round == rounds - 1 || random.Next(3) > 0;
                        if (isChecked)
                        {
                            await models[store].CheckAsync(Path.Combine(folder.FullName, $"{store}"), open[store]);
                            open[store] = [];
                        }
                    }
                }

                folder.Delete(recursive: true);
            }
        }
        finally
        {
            next.Dispose();
        }
    }

    /// <summary>Lets a process work until a moment in the phase of one of its stores.</summary>
    private static async Task<string[]> LiveAsync(FaultHost host, string folder, int life, string[] phases, Random random)
    {
        string path = Path.Combine(folder, $"tape-{life}");
        using Tape tape = Tape.Open(path);
        await host.SendAsync([
            "repeat", path, life, random.Next(), .. phases.SelectMany((p, store) => new[] { Path.Combine(folder, $"{store}"), p })]);
        int aim = random.Next(phases.Length);
        string awaited = $"{aim} phase {phases[aim]}";
        Assert.That(
            await host.WaitAsync(tape, lines => lines.Any(l => l.StartsWith(awaited, StringComparison.Ordinal) || l.Contains(" failed ")), TimeSpan.FromMinutes(2)), Is.True,
            () => $"'{awaited}' was not reached: {string.Join('\n', tape.Lines().TakeLast(20))}");
        await Task.Delay(TimeSpan.FromMilliseconds(Math.Pow(10, -1 + (random.NextDouble() * 3.2))));
        string said = await host.KillAsync();
        Assert.That(said, Is.Empty);
        return tape.Lines();
    }
}
