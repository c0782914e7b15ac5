using LambdaCore.CrashHost;
using LambdaCore.Tests.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.Faults;

/// <summary>
/// System calls of a real process fail, one of them or all from one on, or write nothing, or take long: each thing that it does succeeds or ends with an error that says so, no answer is
/// wrong meanwhile, the store closes, and without the fault it opens with all that was acknowledged.
/// </summary>
[TestFixture]
[Category("RealFaults")]
[Platform("Linux")]
internal sealed class InjectionTests
{
    private static readonly string[] Phases = ["append", "seal", "batch", "merge", "correct", "erase", "compact", "rebuild", "open"];

    [Test]
    public async Task A_system_call_that_fails_ends_in_a_clear_error_or_in_success_and_nothing_acknowledged_is_lost()
    {
        Tools.RequireOrIgnore(("strace", "strace"));
        Random random = Seed.Random(out _);
        int rounds = Rounds.Of(30);
        using PreparedStore prepared = await PreparedStore.MakeAsync(Path.GetTempPath());
        int hit = 0;
        int failed = 0;
        FaultHost host = FaultHost.Start();
        try
        {
            await prepared.WarmAsync(host, Phases);
            for (int round = 0; round < rounds; round++)
            {
                int seed = random.Next();
                (int calls, FaultLife life) = await RunAsync(host, prepared, new Random(seed), seed);
                hit += calls > 0 ? 1 : 0;
                failed += life.Failures.Count > 0 ? 1 : 0;
            }
        }
        finally
        {
            host.Dispose();
        }

        await TestContext.Out.WriteLineAsync($"{rounds} faults, {hit} of them met a call, {failed} of these made something fail");
        Assert.That(failed, Is.GreaterThan(rounds / 10), "Hardly any fault had an effect.");
    }

    private static async Task<(int Calls, FaultLife Life)> RunAsync(FaultHost host, PreparedStore prepared, Random random, int seed)
    {
        Injection injection = Injection.Of(random);
        bool retains = random.Next(6) == 0;
        string[] phases = retains ? ["retain", "append", "batch"] : [.. random.GetItems(Phases, 3), .. random.Next(3) == 0 ? ["fork"] : Array.Empty<string>()];
        string what = $"{injection}, phases {string.Join(' ', phases)}, seed of the round {seed}";
        StoreCopy store = prepared.Copy();
        using Tape tape = Tape.Open(store.TapePath);
        await host.SendAsync(["once", store.TapePath, 1, seed, store.Folder, .. phases]);
        string[] calls = await injection.RunAsync(host.Id, store.TapePath + ".strace", async () =>
        {
            tape.IsStarted = true;
            bool hasEnded = await host.WaitAsync(tape, lines => lines[^1] == "0 ended", TimeSpan.FromMinutes(2));
            Assert.That(hasEnded, Is.True, () => $"The process {(host.HasExited ? "ended" : "came to no end")} under {what}:\n{string.Join('\n', tape.Lines().TakeLast(10))}");
        });
        FaultLife life = FaultLife.Of(1, 0, tape.Lines());
        Assert.That(life.Unclear, Is.Empty, $"It failed, but not clearly, under {what}:\n{string.Join('\n', calls.Take(5))}");
        try
        {
            await store.Model.CheckAsync(store.Folder, life);
        }
        catch (Exception error)
        {
            throw new InvalidOperationException(
                $"Under {what}, in {store.Folder}:\n{string.Join('\n', calls.Take(5))}\n{string.Join('\n', life.Failures)}\n{string.Join('\n', life.Lines.Where(l => !l.StartsWith("try", StringComparison.Ordinal)).TakeLast(40))}", error);
        }

        store.Delete();
        return (calls.Length, life);
    }
}
