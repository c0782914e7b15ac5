using LambdaCore.CrashHost;
using LambdaCore.Tests.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.Faults;

/// <summary>
/// A real file system of little room fills up while a process works on a store there: what does not fit fails, and says why; nothing acknowledged is lost, and when there is room again, the
/// store opens.
/// </summary>
[TestFixture]
[Category("RealFaults")]
[Platform("Linux")]
internal sealed class FullDiskTests
{
    private const long Room = 300L << 20;
    private static readonly string[] Phases = ["append", "seal", "batch", "merge", "correct", "erase", "compact", "rebuild", "open"];

    [Test]
    public async Task A_disk_that_fills_up_loses_nothing_acknowledged_and_the_store_opens_when_there_is_room()
    {
        Tools.RequireOrIgnore();
        Random random = Seed.Random(out _);
        int rounds = Rounds.Of(10);
        int full = 0;
        string disk = Directory.CreateTempSubdirectory("lambdacore-full-").FullName;
        (int exitCode, string output) = Tools.Run("mount", "-t", "tmpfs", "-o", $"size={Room}", "tmpfs", disk);
        if (exitCode != 0)
        {
            Directory.Delete(disk);
            Assert.Ignore($"A tmpfs cannot be mounted here: {output}");
        }

        try
        {
            using PreparedStore prepared = await PreparedStore.MakeAsync(Path.GetTempPath());
            using FaultHost host = FaultHost.Start();
            await prepared.WarmAsync(host, Phases);
            for (int round = 0; round < rounds; round++)
            {
                full += await FillAsync(host, prepared, disk, random) ? 1 : 0;
            }
        }
        finally
        {
            _ = Tools.Run("umount", "-l", disk);
            Directory.Delete(disk);
        }

        await TestContext.Out.WriteLineAsync($"{rounds} full disks, {full} of which made something fail");
        Assert.That(full, Is.GreaterThan(0), "The disk was never full.");
    }

    /// <summary>Works while there are only some kilobytes left, for files other than the write-ahead log's, or not even enough for that.</summary>
    private static async Task<bool> FillAsync(FaultHost host, PreparedStore prepared, string disk, Random random)
    {
        string[] phases = random.Next(6) == 0 ? ["retain", "append", "retain"] : [.. random.GetItems(Phases, 4), "fork"];
        int seed = random.Next();
        StoreCopy store = prepared.Copy(disk);
        using Tape tape = Tape.Open(store.TapePath);
        await host.SendAsync(["once", store.TapePath, 1, seed, store.Folder, .. phases]);
        long writeAhead = random.Next(2) * (64L << 20);
        string filler = Path.Combine(disk, "filler");
        Tools.Do("fallocate", "-l", $"{new DriveInfo(disk).AvailableFreeSpace - writeAhead - (random.Next(4, 60) * 1024)}", filler);
        tape.IsStarted = true;
        Assert.That(
            await host.WaitAsync(tape, lines => lines[^1] == "0 ended", TimeSpan.FromMinutes(1)), Is.True, () => $"The process came to no end:\n{string.Join('\n', tape.Lines().TakeLast(10))}");
        FaultLife life = FaultLife.Of(1, 0, tape.Lines());
        File.Delete(filler);
        string what = $"Seed of the round {seed}, phases {string.Join(' ', phases)}:\n{string.Join('\n', life.Lines.TakeLast(40))}";
        Assert.That(life.Unclear, Is.Empty, what);
        try
        {
            await store.Model.CheckAsync(store.Folder, life);
        }
        catch (Exception error)
        {
            throw new InvalidOperationException(what, error);
        }

        store.Delete();
        return life.Failures.Count > 0;
    }
}
