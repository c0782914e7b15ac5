using System.Diagnostics;
using LambdaCore.Log;
using LambdaCore.Speed;
using LambdaCore.Storage;
using NUnit.Framework;

namespace LambdaCore.Tests.Speed;

internal sealed class SpillTests
{
    private const int GroupEvents = 8192;

    private readonly SpillDisk _disk = new();

    [Test]
    public void Millions_of_keys_are_answered_exactly_within_bounded_memory()
    {
        const int Keys = 1_500_000;
        const long Memory = 32 << 20;
        string folder = Path.Combine(Path.GetTempPath(), $"lambdacore-spill-{Guid.NewGuid():N}");
        try
        {
            var storage = new PhysicalStorage(folder);
            using (var layer = new SpeedLayer<Tick>(new SpeedOptions(storage, "speed") { MemoryBytes = Memory }, LogPosition.Zero))
            {
                var view = layer.AddSums();
                ApplyRange(layer, 0, Keys, 7);
                ApplyRange(layer, 0, 300_000, 1); // Comes back to keys that are on disk by now.

                Assert.That(layer.SpillDiskBytes, Is.GreaterThan(Memory));
                Assert.That(layer.SpillMemoryBytes, Is.LessThanOrEqualTo(Memory + (8 << 20)));
                Assert.That(view.TableBytes, Is.LessThan(64 << 20));
                for (int key = 0; key < Keys; key += 1009)
                {
                    Assert.That(ReadSums(layer, view, key), Is.EqualTo(key < 300_000 ? (2L, 8L) : (1L, 7L)), $"key {key}");
                }

                long rows = 0;
                long events = 0;
                long sum = 0;
                LogPosition position = view.Scan(() => LogPosition.Zero, KeyRange.All, (ReadOnlySpan<byte> key, ulong hash, in LambdaCore.Aggregates.StateRow<SumState, LambdaCore.Aggregates.StateRow<SumState, LambdaCore.Aggregates.EmptyRow>> row) =>
                {
                    rows++;
                    events += row.Head.Value;
                    sum += row.Tail.Head.Value;
                });
                Assert.That(position.Value, Is.EqualTo(Keys + 300_000));
                Assert.That(events, Is.EqualTo(position.Value));
                Assert.That(sum, Is.EqualTo((Keys * 7L) + 300_000));
                Assert.That(rows, Is.GreaterThanOrEqualTo(Keys));
            }

            Assert.That(Directory.GetFiles(Path.Combine(folder, "speed")), Is.Empty);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Test]
    public void A_key_that_shares_its_hash_chain_with_others_on_disk_is_scanned_once()
    {
        // The index has 128 buckets here, so that nearly every chain holds several keys.
        using SpeedLayer<Tick> layer = Open(64 << 10, flushKeys: 64);
        var view = layer.AddSums();
        for (int round = 0; round < 4; round++)
        {
            ApplyRange(layer, 0, 20_000, round);
        }

        Assert.That(_disk.Reads, Is.GreaterThan(10_000));
        Dictionary<string, string> rows = view.Scan(LogPosition.Zero, KeyRange.All, out _);
        Assert.That(rows, Has.Count.EqualTo(20_000));
        Assert.That(rows.Values.Distinct(), Is.EqualTo(new[] { "0400000000000000" + "0600000000000000" }));
    }

    [Test]
    public void Dropping_generations_gives_back_the_disk_once_no_view_needs_it()
    {
        using SpeedLayer<Tick> layer = Open(1 << 20, flushKeys: 1000);
        var first = layer.AddSums();
        var second = layer.AddBags();
        ApplyRange(layer, 0, 100_000, 1);
        long full = layer.SpillDiskBytes;
        Assert.That(full, Is.GreaterThan(8 << 20));
        layer.OpenGeneration(layer.End);
        LogPosition cut = layer.End;
        ApplyRange(layer, 0, 10_000, 1);

        first.DropBefore(cut);
        Assert.That(layer.SpillDiskBytes, Is.GreaterThanOrEqualTo(full), "the second view still reads from there");
        second.DropBefore(cut);
        Assert.That(layer.SpillDiskBytes, Is.LessThan(full / 2));
        Assert.That(first.Scan(cut, KeyRange.All, out _), Has.Count.EqualTo(10_000));
        Assert.That(second.Scan(cut, KeyRange.All, out _), Has.Count.EqualTo(10_000));

        layer.OpenGeneration(layer.End);
        first.DropBefore(layer.End);
        second.DropBefore(layer.End);
        Assert.That(layer.SpillDiskBytes, Is.LessThan(3 << 20), "nothing is spilled any more, so less than a segment and its neighbour is left");
    }

    [Test]
    public void States_that_grow_keep_their_latest_content()
    {
        using SpeedLayer<Tick> layer = Open(256 << 10, flushKeys: 32);
        var view = layer.AddBags();
        for (int round = 0; round < 60; round++)
        {
            int value = round;
            layer.Apply([.. Enumerable.Range(0, 50).Select(key => new Tick(key, value))]);
        }

        foreach ((string key, string state) in view.Scan(LogPosition.Zero, KeyRange.All, out _))
        {
            Assert.That(state, Does.StartWith("3C00000000000000" + "3C"), key); // 60 events, 60 values.
        }
    }

    [Test]
    public void A_full_disk_stops_the_layer_with_its_reason_and_nobody_hangs([ValuesAttribute(0, 100_000, 5_000_000)] long capacityBytes)
    {
        _disk.CapacityBytes = capacityBytes;
        using SpeedLayer<Tick> layer = Open(256 << 10, flushKeys: 1000);
        var view = layer.AddSums();

        Assert.That(() => ApplyRange(layer, 0, 1_000_000, 1), Throws.InstanceOf<LambdaCoreException>().With.Message.Contains("no space left").And.Message.Contains("speed"));
        Assert.That(() => ReadSums(layer, view, 1), Throws.InstanceOf<LambdaCoreException>().With.Message.Contains("no space left"));
        Assert.That(() => view.Scan(LogPosition.Zero, KeyRange.All, out _), Throws.InstanceOf<LambdaCoreException>());
    }

    [Test]
    [Category("Linux")]
    [Platform("Linux")]
    public void A_real_full_disk_stops_the_layer_too()
    {
        string mount = Path.Combine(Path.GetTempPath(), $"lambdacore-full-{Guid.NewGuid():N}");
        Directory.CreateDirectory(mount);
        try
        {
            if (Run("mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", mount) != 0)
            {
                Assert.Ignore("mounting a tmpfs needs root");
            }

            try
            {
                using var layer = new SpeedLayer<Tick>(
                    new SpeedOptions(new PhysicalStorage(mount), "speed") { FlushKeys = 1000, MemoryBytes = 256 << 10 }, LogPosition.Zero);
                layer.AddSums();
                Assert.That(() => ApplyRange(layer, 0, 1_000_000, 1), Throws.InstanceOf<LambdaCoreException>().With.Message.Contains("ENOSPC"));
                Assert.That(() => layer.End, Throws.InstanceOf<LambdaCoreException>());
            }
            finally
            {
                Run("umount", mount);
            }
        }
        finally
        {
            Directory.Delete(mount, recursive: true);
        }
    }

    [Test]
    public void A_disk_that_cannot_be_read_raises_its_error_and_nobody_hangs([ValuesAttribute] bool byScan)
    {
        using SpeedLayer<Tick> layer = Open(64 << 10, flushKeys: 100);
        var view = layer.AddSums();
        ApplyRange(layer, 0, 50_000, 1);
        _disk.ReadsFail = true;

        Assert.That(
            () => byScan ? view.Scan(LogPosition.Zero, KeyRange.All, out _).Count : ReadSums(layer, view, 1).Count,
            Throws.InstanceOf<LambdaCoreException>().With.Message.Contains("cannot be read"));
        Assert.That(() => layer.Apply(new Tick(1, 1)), Throws.InstanceOf<LambdaCoreException>().With.Message.Contains("cannot be read"));
    }

    [Test]
    public void A_state_larger_than_a_page_stays_in_memory_and_counts_whole()
    {
        const int Events = 4000;
        using SpeedLayer<Tick> layer = Open(64 << 10, flushKeys: 4);
        var view = layer.AddBags();
        Dictionary<long, LambdaCore.Aggregates.StateRow<SumState, LambdaCore.Aggregates.StateRow<BagState, LambdaCore.Aggregates.EmptyRow>>> expected = [];
        for (int i = 0; i < Events; i++)
        {
            // One key whose state stays small, and others that outgrow a page sooner or later.
            Tick tick = new(i % 4, i % (10 * (int)Math.Pow(10, i % 4)));
            layer.Apply(tick);
            ref var row = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(expected, tick.Key, out _);
            row.Head.Value++;
            row.Tail.Head.Add(tick.Value, i + (i * 1000L));
        }

        Assert.That(layer.SpillMemoryBytes, Is.GreaterThan(0));
        Assert.That(expected.Values.Select(row => SpeedFixture.Describe(in row).Length / 2), Has.Some.GreaterThan(4 << 10).And.Some.LessThan(2 << 10));
        Assert.That(
            view.Scan(LogPosition.Zero, KeyRange.All, out _),
            Is.EquivalentTo(expected.ToDictionary(row => Convert.ToHexString(SpeedFixture.TextKeyOf(row.Key)), row => SpeedFixture.Describe(row.Value))));
        foreach (long key in expected.Keys)
        {
            Assert.That(layer.Read(view, SpeedFixture.TextKeyOf(key), LogPosition.Zero), Is.EqualTo(SpeedFixture.Describe(expected[key])));
        }

        layer.OpenGeneration(layer.End);
        view.DropBefore(layer.End);
        Assert.That(view.TableBytes, Is.Zero);
    }

    [SetUp]
    public void StartWithAnEmptyDisk()
    {
        _disk.CapacityBytes = long.MaxValue;
        _disk.ReadsFail = false;
    }

    private static int Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode;
    }

    private static void ApplyRange(SpeedLayer<Tick> layer, int firstKey, int keys, long value)
    {
        var events = new Tick[GroupEvents];
        for (int done = 0; done < keys; done += GroupEvents)
        {
            int count = Math.Min(GroupEvents, keys - done);
            for (int i = 0; i < count; i++)
            {
                events[i] = new Tick(firstKey + done + i, value);
            }

            layer.Apply(events.AsSpan(0, count));
        }
    }

    private static (long Count, long Sum) ReadSums(
        SpeedLayer<Tick> layer, SpeedView<Tick, LambdaCore.Aggregates.StateRow<SumState, LambdaCore.Aggregates.StateRow<SumState, LambdaCore.Aggregates.EmptyRow>>> view, long key)
    {
        LambdaCore.Aggregates.StateRow<SumState, LambdaCore.Aggregates.StateRow<SumState, LambdaCore.Aggregates.EmptyRow>> row = default;
        byte[] encoded = SpeedFixture.KeyOf(key);
        using (layer.EnterRead())
        {
            view.TryMerge(encoded, LambdaCore.Values.XxHash64.Hash(encoded), LogPosition.Zero, ref row);
        }

        return (row.Head.Value, row.Tail.Head.Value);
    }

    private SpeedLayer<Tick> Open(long memoryBytes, int flushKeys) =>
        new(new SpeedOptions(_disk, "speed") { FlushKeys = flushKeys, MemoryBytes = memoryBytes }, LogPosition.Zero);
}
