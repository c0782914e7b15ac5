using System.Buffers.Binary;
using LambdaCore.Aggregates;
using LambdaCore.Log;
using LambdaCore.Speed;
using LambdaCore.Storage;
using LambdaCore.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.Speed;

/// <summary>What batch runs that fail leave in the speed layer stays bounded, and right; and so does what a large group brings.</summary>
internal sealed class OldGenerationTests
{
    private readonly SpillDisk _disk = new();

    [TestCase(131_072)]
    [TestCase(8)]
    public void However_many_runs_fail_there_are_few_generations_and_every_state_is_there_once(int flushKeys)
    {
        int seed = Seeds.Next();
        Random random = new(seed);
        using SpeedLayer<Tick> layer = new(new SpeedOptions(_disk, "speed") { MemoryBytes = 64 << 10, FlushKeys = flushKeys }, LogPosition.Zero);
        var sums = layer.AddSums();
        var bags = layer.AddBags();
        Dictionary<long, (long, long)> expected = [];
        int most = 0;
        for (int run = 0; run < 200; run++)
        {
            int count = random.Next(4);
            for (int i = 0; i < count; i++)
            {
                Tick tick = new(random.Next(20), random.Next(100));
                layer.Apply(tick);
                (long n, long sum) = expected.GetValueOrDefault(tick.Key);
                expected[tick.Key] = (n + 1, sum + tick.Value);
            }

            sums.JoinOld();
            bags.JoinOld();
            layer.OpenGeneration();
            most = Math.Max(most, sums.Generations.Count);
            Assert.That(Read(sums), Is.EquivalentTo(expected), $"seed {seed}, run {run}");
        }

        // A table that was full is spilled, and cannot be joined: there are at most as many as full tables.
        int full = flushKeys == 8 ? (int)layer.End.Value / 8 : 0;
        Assert.That(most, Is.LessThanOrEqualTo(4 + full), $"seed {seed}");
        LogPosition last = sums.Generations[^2].Start;
        sums.DropBefore(sums.Generations[^1].Start);
        Assert.That(sums.Generations, Has.Count.EqualTo(1));
        Assert.That(bags.Generations[^2].Start, Is.EqualTo(last), "the last boundary is that of the run under way");
        Assert.That(Read(sums), Is.Empty);
    }

    [Test]
    public void Joining_keeps_the_start_of_the_first_and_of_the_last_two_and_each_state_in_order()
    {
        using SpeedLayer<Tick> layer = new(new SpeedOptions(_disk, "speed"), LogPosition.Zero);
        var view = layer.AddBags();
        for (int i = 0; i < 6; i++)
        {
            layer.Apply(new Tick(1, i));
            layer.OpenGeneration();
        }

        view.JoinOld();
        Assert.That(view.Generations.Select(g => g.Start.Value), Is.EqualTo(new long[] { 0, 5, 6 }));
        Assert.That(view.Generations[0].Keys, Is.EqualTo(5), "a part of the state for each of the five");
        layer.Apply(new Tick(2, 0)); // Moves them into the spill store.
        Assert.That(view.Generations[0].SpillStart, Is.Not.Null);
        Assert.That(view.Generations[0].Keys, Is.EqualTo(1));
    }

    [Test]
    public void A_group_that_writes_more_keys_than_fit_is_spilled_on_the_way()
    {
        const int Copies = 1000;
        const int Events = 400;
        SpeedOptions options = new(_disk, "speed") { MemoryBytes = 64 << 10, FlushKeys = 1000, PreparedKeyBytes = 64 << 10 };
        using SpeedLayer<Tick> layer = new(options, LogPosition.Zero);
        long largest = 0;
        SpeedView<Tick, StateRow<SumState, EmptyRow>>? view = null;
        view = layer.AddView<StateRow<SumState, EmptyRow>>(
            null,
            static (tick, writer) => KeyWriter.Write(writer, tick.Key),
            (Tick tick, in EventStamp _, ref StateRow<SumState, EmptyRow> row) =>
            {
                row.Head.Value += tick.Value;
                largest = Math.Max(largest, view!.Generations.Sum(g => g.TableBytes));
            },
            LogPosition.Zero,
            static (tick, keys) =>
            {
                for (int i = 0; i < Copies; i++)
                {
                    KeyWriter.Write(keys.Writer, (tick.Key * Copies) + i);
                    keys.End();
                }
            });
        Tick[] group = [.. Enumerable.Range(0, Events).Select(i => new Tick(i, 1))];
        layer.Apply(group);
        layer.Apply(group);

        // Otherwise 400,000 keys would have stood in one table, of some 20 MB.
        Assert.That(largest, Is.LessThan(2 << 20));
        Dictionary<long, long> sums = [];
        view.Scan(() => LogPosition.Zero, KeyRange.All, (ReadOnlySpan<byte> key, ulong _, in StateRow<SumState, EmptyRow> row) =>
        {
            long number = NumberOf(key);
            sums[number] = sums.GetValueOrDefault(number) + row.Head.Value;
        });
        Assert.That(sums, Has.Count.EqualTo(Copies * Events));
        Assert.That(sums.Values, Is.All.EqualTo(2));
    }

    private static long NumberOf(ReadOnlySpan<byte> key) => (long)BinaryPrimitives.ReadUInt64BigEndian(key) ^ long.MinValue;

    private static Dictionary<long, (long, long)> Read(SpeedView<Tick, StateRow<SumState, StateRow<SumState, EmptyRow>>> view)
    {
        Dictionary<long, (long, long)> read = [];
        view.Scan(() => view.Generations[0].Start, KeyRange.All, (ReadOnlySpan<byte> key, ulong _, in StateRow<SumState, StateRow<SumState, EmptyRow>> row) =>
        {
            long number = NumberOf(key);
            (long n, long sum) = read.GetValueOrDefault(number);
            read[number] = (n + row.Head.Value, sum + row.Tail.Head.Value);
        });
        return read;
    }
}
