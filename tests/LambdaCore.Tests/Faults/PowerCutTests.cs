using LambdaCore.CrashHost;
using LambdaCore.Tests.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.Faults;

/// <summary>
/// The power of a real file system is cut at random moments of a process that works on a store there: every call fails from then on, the process says so and lets go of all
/// files, and when the file system is back, the store has all that was acknowledged.
/// </summary>
[TestFixture]
[Category("RealFaults")]
[Platform("Linux")]
internal sealed class PowerCutTests
{
    private static readonly string[] Phases = ["append", "seal", "batch", "merge", "correct", "erase", "compact", "rebuild", "open"];

    [TestCase("ext4")]
    [TestCase("xfs")]
    public async Task What_was_acknowledged_survives_a_power_cut_on(string kind)
    {
        Random random = Seed.Random(out _);
        int rounds = Rounds.Of(8);
        int cut = 0;
        using LoopDisk disk = LoopDisk.MakeOrIgnore(kind);
        using PreparedStore prepared = await PreparedStore.MakeAsync(Path.GetTempPath());
        using FaultHost host = FaultHost.Start();
        await prepared.WarmAsync(host, Phases);
        for (int round = 0; round < rounds; round++)
        {
            string[] phases = random.Next(6) == 0 ? ["retain", "append", "retain"] : [.. random.GetItems(Phases, 4), "fork"];
            int seed = random.Next();
            StoreCopy store = prepared.Copy(disk.Folder);
            Tools.Do("sync", "-f", disk.Folder);
            using Tape tape = Tape.Open(store.TapePath);
            tape.IsStarted = true;
            await host.SendAsync(["once", store.TapePath, 1, seed, store.Folder, .. phases]);
            string aim = $"0 phase {phases[random.Next(phases.Length)]}";
            _ = await host.WaitAsync(tape, lines => lines.Any(l => l.StartsWith(aim, StringComparison.Ordinal)) || lines[^1] == "0 ended", TimeSpan.FromMinutes(1));
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Pow(10, -1 + (random.NextDouble() * 2.5))));
            disk.CutPower();
            Assert.That(
                await host.WaitAsync(tape, lines => lines[^1] == "0 ended", TimeSpan.FromMinutes(1)), Is.True, () => $"The process came to no end:\n{string.Join('\n', tape.Lines().TakeLast(10))}");
            FaultLife life = FaultLife.Of(1, 0, tape.Lines());
            cut += life.Failures.Count > 0 ? 1 : 0;

            Assert.That(life.Unclear, Is.Empty);

            // It fails where the process still holds a file of the store that it has closed.
            disk.Restart();
            try
            {
                await store.Model.CheckAsync(store.Folder, life);
            }
            catch (Exception error)
            {
                throw new InvalidOperationException($"Round {round}, seed of the round {seed}, phases {string.Join(' ', phases)}:\n{string.Join('\n', life.Lines.TakeLast(40))}", error);
            }

            store.Delete();
        }

        await TestContext.Out.WriteLineAsync($"{rounds} power cuts on {kind}, {cut} of them before the process was done");
        Assert.That(cut, Is.GreaterThan(rounds / 4), "Hardly any cut came in time.");
    }
}
