using LambdaCore.Aggregates;
using LambdaCore.Log;
using LambdaCore.Speed;
using LambdaCore.Values;
using LambdaCore.Views;
using NUnit.Framework;

namespace LambdaCore.Tests.Speed;

internal sealed class SpeedLayerTests
{
    private readonly SpillDisk _disk = new();

    [SetUp]
    public void StartWithAnEmptyDisk()
    {
        foreach (string file in _disk.Files)
        {
            _disk.Delete(file);
        }
    }

    [Test]
    public void A_group_that_does_not_follow_the_last_one_is_refused_and_changes_nothing([ValuesAttribute(1, 3)] long first)
    {
        using SpeedLayer<Tick> layer = Open();
        var view = layer.AddSums();
        layer.Apply(new Tick(1, 10), new Tick(1, 20));

        Assert.That(
            () => layer.Apply([new Tick(1, 30)], [0], new LogPosition(first)),
            Throws.TypeOf<LambdaCoreException>().With.Message.Contains(first == 1 ? "an overlap" : "a gap"));
        layer.Apply(new Tick(1, 30));
        Assert.That(layer.Read(view, SpeedFixture.KeyOf(1), LogPosition.Zero), Is.EqualTo(Sums(3, 60)));
    }

    [Test]
    public void Reading_from_where_no_generation_starts_is_refused()
    {
        using SpeedLayer<Tick> layer = Open();
        var view = layer.AddSums();
        layer.Apply(new Tick(1, 10), new Tick(1, 20));
        layer.OpenGeneration(new LogPosition(2));

        Assert.That(() => layer.Read(view, SpeedFixture.KeyOf(1), new LogPosition(1)), Throws.TypeOf<LambdaCoreException>().With.Message.Contains("0, 2"));
        Assert.That(() => view.Scan(new LogPosition(1), KeyRange.All, out _), Throws.TypeOf<LambdaCoreException>());
        view.DropBefore(new LogPosition(2));
        Assert.That(() => layer.Read(view, SpeedFixture.KeyOf(1), LogPosition.Zero), Throws.TypeOf<LambdaCoreException>());
        Assert.That(layer.Read(view, SpeedFixture.KeyOf(1), new LogPosition(2)), Is.Null);
    }

    [Test]
    public void A_group_whose_keys_are_too_many_to_hold_is_taken_in_piece_by_piece([Values] bool several, [Values(1, 100, 1 << 20)] int keyBytes)
    {
        using SpeedLayer<Tick> layer = new(new SpeedOptions(_disk, "speed") { PreparedKeyBytes = keyBytes }, LogPosition.Zero);
        var view = layer.AddView<StateRow<SumState, StateRow<SumState, EmptyRow>>>(
            tick => tick.Value != 7,
            (tick, writer) => KeyWriter.Write(writer, tick.Key),
            (Tick tick, in EventStamp stamp, ref StateRow<SumState, StateRow<SumState, EmptyRow>> row) =>
            {
                row.Head.Value++;
                row.Tail.Head.Value += tick.Value + (1000 * stamp.Position.Value) + stamp.Microseconds;
            },
            new LogPosition(3),
            several ? WriteKeys : null);
        Tick[] events = [.. Enumerable.Range(0, 200).Select(i => new Tick(i % 5, i))];
        long[] times = [.. events.Select(e => 1_000_000 * e.Value)];
        int[] skipped = [0, 4, 5, 60, 199];
        layer.Apply(events, times, LogPosition.Zero, skipped);

        for (int key = 0; key < (several ? 7 : 5); key++)
        {
            long[] counted = [.. Enumerable.Range(3, 197).Select(i => (long)i).Where(i => i != 7 && !skipped.Contains((int)i) && (several ? key - (i % 5) is >= 0 and < 3 : key == i % 5))];
            Assert.That(layer.Read(view, SpeedFixture.KeyOf(key), new LogPosition(3)), Is.EqualTo(Sums(counted.Length, counted.Sum(i => 1_001_001 * i))));
        }

        static void WriteKeys(Tick tick, EventKeys keys)
        {
            for (int i = 0; i < 3; i++)
            {
                KeyWriter.Write(keys.Writer, tick.Key + i);
                keys.End();
            }
        }
    }

    [Test]
    public void A_generation_can_only_start_where_the_layer_stands()
    {
        using SpeedLayer<Tick> layer = Open();
        layer.Apply(new Tick(1, 10));

        Assert.That(() => layer.OpenGeneration(new LogPosition(0)), Throws.TypeOf<LambdaCoreException>());
        Assert.That(() => layer.OpenGeneration(new LogPosition(2)), Throws.TypeOf<LambdaCoreException>());
    }

    [Test]
    public void A_generation_counts_from_its_start_and_the_older_ones_count_with_it()
    {
        using SpeedLayer<Tick> layer = Open();
        var view = layer.AddSums();
        layer.Apply(new Tick(1, 10));
        layer.OpenGeneration(new LogPosition(1));
        layer.Apply(new Tick(1, 20));
        layer.OpenGeneration(new LogPosition(2));
        layer.Apply(new Tick(1, 40));

        byte[] key = SpeedFixture.KeyOf(1);
        Assert.That(layer.Read(view, key, new LogPosition(0)), Is.EqualTo(Sums(3, 70)));
        Assert.That(layer.Read(view, key, new LogPosition(1)), Is.EqualTo(Sums(2, 60)));
        Assert.That(layer.Read(view, key, new LogPosition(2)), Is.EqualTo(Sums(1, 40)));
    }

    [Test]
    public void A_view_skips_the_events_before_its_start()
    {
        using SpeedLayer<Tick> layer = Open();
        var view = layer.AddSums(start: 3);
        layer.Apply(new Tick(1, 1), new Tick(1, 2));
        layer.OpenGeneration(new LogPosition(2));
        layer.Apply(new Tick(1, 4), new Tick(1, 8), new Tick(1, 16));

        Assert.That(layer.Read(view, SpeedFixture.KeyOf(1), new LogPosition(3)), Is.EqualTo(Sums(2, 24)));
    }

    [Test]
    public void Loaded_states_count_like_events()
    {
        using SpeedLayer<Tick> layer = Open(end: 7);
        var view = layer.AddSums(start: 5);
        Load(view, SpeedFixture.KeyOf(1), Sums(2, 24));
        layer.Apply(new Tick(1, 4), new Tick(2, 8));

        Assert.That(layer.Read(view, SpeedFixture.KeyOf(1), new LogPosition(5)), Is.EqualTo(Sums(3, 28)));
        Assert.That(layer.Read(view, SpeedFixture.KeyOf(2), new LogPosition(5)), Is.EqualTo(Sums(1, 8)));
        Assert.That(layer.End, Is.EqualTo(new LogPosition(9)));
    }

    [Test]
    public void A_fold_that_throws_stops_the_layer_and_nobody_sees_half_a_group()
    {
        using SpeedLayer<Tick> layer = Open();
        var view = layer.AddSums();
        layer.AddBags(tick => tick.Value >= 0 ? true : throw new InvalidOperationException("a fold failed"));
        layer.Apply(new Tick(1, 10));

        Assert.That(() => layer.Apply(new Tick(1, 20), new Tick(1, -1)), Throws.InvalidOperationException);
        Assert.That(() => layer.Read(view, SpeedFixture.KeyOf(1), LogPosition.Zero), Throws.TypeOf<LambdaCoreException>().With.Message.Contains("a fold failed"));
        Assert.That(() => view.Scan(LogPosition.Zero, KeyRange.All, out _), Throws.TypeOf<LambdaCoreException>());
    }

    [Test]
    public void Small_views_never_spill()
    {
        using SpeedLayer<Tick> layer = Open();
        layer.AddSums();
        for (int i = 0; i < 1000; i++)
        {
            layer.Apply(new Tick(i % 100, 1), new Tick(i % 50, 1));
        }

        Assert.That(layer.SpillMemoryBytes, Is.Zero);
        Assert.That(layer.SpillDiskBytes, Is.Zero);
    }

    [Test]
    public void Files_of_an_earlier_process_are_deleted_at_opening_and_own_files_at_disposal()
    {
        _disk.Create("speed/00000007.spill", 0).Dispose();
        _disk.Create("other/file", 0).Dispose();
        using (SpeedLayer<Tick> layer = Open(flushKeys: 16, memoryBytes: 64 << 10))
        {
            Assert.That(_disk.Files, Is.EqualTo(new[] { "other/file" }));
            layer.AddSums();
            for (int i = 0; i < 500; i++)
            {
                layer.Apply([.. Enumerable.Range(i * 16, 16).Select(key => new Tick(key, 1))]);
            }

            Assert.That(_disk.Files, Has.Count.GreaterThan(1));
            Assert.That(layer.SpillDiskBytes, Is.Positive);
        }

        Assert.That(_disk.Files, Is.EqualTo(new[] { "other/file" }));
    }

    [Test]
    public void A_disposed_layer_says_so()
    {
        SpeedLayer<Tick> layer = Open();
        var view = layer.AddSums();
        layer.Dispose();

        Assert.That(() => layer.Apply(new Tick(1, 1)), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => view.Scan(LogPosition.Zero, KeyRange.All, out _), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => layer.End, Throws.TypeOf<ObjectDisposedException>());
    }

    private static string Sums(long count, long sum)
    {
        var writer = new ByteWriter();
        writer.WriteInt64(count);
        writer.WriteInt64(sum);
        return Convert.ToHexString(writer.Written);
    }

    internal static unsafe void Load<TRow>(SpeedView<Tick, TRow> view, byte[] key, string state)
        where TRow : struct, LambdaCore.Aggregates.IState<TRow>
    {
        byte[] bytes = Convert.FromHexString(state);
        fixed (byte* start = bytes)
        {
            var reader = new ByteReader(start, bytes.Length);
            view.Load(key, XxHash64.Hash(key), ref reader);
        }
    }

    private SpeedLayer<Tick> Open(long end = 0, int flushKeys = 32768, long memoryBytes = 1 << 20) =>
        new(new SpeedOptions(_disk, "speed") { FlushKeys = flushKeys, MemoryBytes = memoryBytes }, new LogPosition(end));
}
