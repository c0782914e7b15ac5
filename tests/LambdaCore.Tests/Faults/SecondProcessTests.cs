using LambdaCore.CrashHost;
using NUnit.Framework;

namespace LambdaCore.Tests.Faults;

/// <summary>One process has a store at a time.</summary>
[TestFixture]
[Category("RealFaults")]
[Platform("Unix")]
internal sealed class SecondProcessTests
{
    [Test]
    public async Task A_second_process_is_refused_told_who_has_the_store_and_let_in_when_that_one_is_killed()
    {
        string folder = Directory.CreateTempSubdirectory("lambdacore-second-").FullName;
        try
        {
            string store = Path.Combine(folder, "store");
            string path = Path.Combine(folder, "tape");
            using Tape tape = Tape.Open(path);
            using FaultHost host = FaultHost.Start();
            await host.SendAsync("repeat", path, 0, 1, store, "append");
            Assert.That(await host.WaitAsync(tape, lines => lines.Any(l => l.StartsWith("0 ack", StringComparison.Ordinal)), TimeSpan.FromMinutes(1)), Is.True);

            Assert.That(
                () => LambdaStore.OpenAsync<MarkedEvent>(store, MarkedViews.Configure), Throws.InstanceOf<StoreLockedException>().With.Message.Contains($"process {host.Id}"));

            // The refused one has done no harm to the other.
            int seen = tape.Lines().Length;
            Assert.That(await host.WaitAsync(tape, lines => lines.Skip(seen).Any(l => l.StartsWith("0 ack", StringComparison.Ordinal)), TimeSpan.FromMinutes(1)), Is.True);
            _ = await host.KillAsync();
            await new FaultModel().CheckAsync(store, FaultLife.Of(0, 0, tape.Lines()));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
