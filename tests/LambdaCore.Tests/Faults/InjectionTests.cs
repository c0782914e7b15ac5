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
        List<string> defects = [];
        FaultHost? host = null;
        try
        {
            for (int round = 0; round < rounds; round++)
            {
                if (host is null)
                {
                    host = FaultHost.Start();
                    await prepared.WarmAsync(host, Phases);
                }

                int seed = random.Next();
                try
                {
                    (int calls, FaultLife life) = await RunAsync(host, prepared, new Random(seed), seed);
                    hit += calls > 0 ? 1 : 0;
                    failed += life.Failures.Count > 0 ? 1 : 0;
                }
                catch (InjectionDefectException defect)
                {
                    // The others are tried as well, by a process that knows nothing of this.
                    defects.Add(defect.Message);
                    host.Dispose();
                    host = null;
                }
            }
        }
        finally
        {
            host?.Dispose();
        }

        await TestContext.Out.WriteLineAsync($"{rounds} faults, {hit} of them met a call, {failed} of these made something fail");
        Assert.That(defects, Is.Empty, string.Join("\n\n", defects));
        Assert.That(failed, Is.GreaterThan(rounds / 10), "Hardly any fault had an effect.");
    }

    private static async Task<(int Calls, FaultLife Life)> RunAsync(FaultHost host, PreparedStore prepared, Random random, int seed)
    {
        Injection injection = Injection.Of(random);
        bool retains = random.Next(6) == 0;
        string[] phases = retains ? ["retain", "append", "batch"] : [.. random.GetItems(Phases, 3), .. random.Next(3) == 0 ? ["fork"] : Array.Empty<string>()];
        StoreCopy store = prepared.Copy();
        using Tape tape = Tape.Open(store.TapePath);
        await host.SendAsync(["once", store.TapePath, 1, seed, store.Folder, .. phases]);
        bool hasEnded = false;
        string[] calls = await injection.RunAsync(host.Id, store.TapePath + ".strace", async () =>
        {
            tape.IsStarted = true;
            hasEnded = await host.WaitAsync(tape, lines => lines[^1] == "0 ended", TimeSpan.FromMinutes(1));
        });
        FaultLife life = FaultLife.Of(1, 0, tape.Lines());
        string? defect = !hasEnded ? $"The process {(host.HasExited ? "ended" : "came to no end")}." : life.Unclear.Count > 0 ? "It failed, but not clearly." : null;
        if (defect is null)
        {
            try
            {
                await store.Model.CheckAsync(store.Folder, life);
            }
            catch (Exception error)
            {
                defect = error.ToString();
            }
        }

        store.Delete();
        return defect is null ? (calls.Length, life) : throw new InjectionDefectException($"""
            {injection}, phases {string.Join(' ', phases)}, seed of the round {seed}: {defect}
            {string.Join('\n', calls.Take(5))}
            {string.Join('\n', life.Lines.Where(l => !l.StartsWith("try", StringComparison.Ordinal) && !l.StartsWith("ack", StringComparison.Ordinal)).TakeLast(30))}
            """);
    }

    /// <summary>A fault did what it must not.</summary>
    private sealed class InjectionDefectException(string message) : Exception(message);
}
