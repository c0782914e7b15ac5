using LambdaCore.Aggregates;
using LambdaCore.Log;
using LambdaCore.Speed;
using LambdaCore.Values;
using NUnit.Framework;
using SumRow = LambdaCore.Aggregates.StateRow<LambdaCore.Tests.Speed.SumState, LambdaCore.Aggregates.StateRow<LambdaCore.Tests.Speed.SumState, LambdaCore.Aggregates.EmptyRow>>;

namespace LambdaCore.Tests.Speed;

/// <summary>Event i has key i mod K and value i, so what any key holds is known for every position.</summary>
internal sealed class SpeedLayerConcurrencyTests
{
    private const int Keys = 700;
    private const int Events = 30_000;

    private LogPosition _from;
    private volatile bool _done;

    [SetUp]
    public void Begin()
    {
        _from = LogPosition.Zero;
        _done = false;
    }

    [Test]
    public async Task Readers_and_scanners_see_exactly_the_events_before_the_position_they_report([ValuesAttribute(50, 400, 100_000)] int flushKeys)
    {
        int seed = Seeds.Next();
        using var layer = new SpeedLayer<Tick>(
            new SpeedOptions(new SpillDisk(), "speed") { FlushKeys = flushKeys, MemoryBytes = 64 << 10 }, LogPosition.Zero);
        var view = layer.AddSums();
        var twin = layer.AddSums();
        Task consumer = Run(() => Consume(layer, [view, twin], seed));
        Task<int> reader = Run(() => ReadKeys(layer, view, twin, seed + 1));
        Task<int> scanner = Run(() => ScanKeys(view, seed + 2));
        Task<int> other = Run(() => ScanKeys(twin, seed + 3));

        await consumer;
        TestContext.Out.WriteLine($"{await reader} reads, {await scanner} and {await other} scans, spilled {layer.SpillDiskBytes} bytes");
        Assert.That(layer.End.Value, Is.EqualTo(Events));
    }

    [Test]
    public async Task Disposing_while_others_read_ends_them_with_an_error_that_says_so()
    {
        for (int round = 0; round < 20; round++)
        {
            _from = LogPosition.Zero;
            _done = false;
            var layer = new SpeedLayer<Tick>(new SpeedOptions(new SpillDisk(), "speed") { FlushKeys = 50, MemoryBytes = 64 << 10 }, LogPosition.Zero);
            var view = layer.AddSums();
            Task[] tasks =
            [
                Run(() => Consume(layer, [view], round, end: long.MaxValue)),
                Run(() => ReadKeys(layer, view, view, round)),
                Run(() => ScanKeys(view, round)),
            ];
            await Task.Delay(10);
            layer.Dispose();

            foreach (Task task in tasks)
            {
                Assert.That(async () => await task, Throws.TypeOf<ObjectDisposedException>());
            }
        }
    }

    private static long CountBefore(long position, long key) => position <= key ? 0 : ((position - key - 1) / Keys) + 1;

    /// <summary>What a key holds of the events from a position up to another.</summary>
    private static (long Count, long Sum) Expected(long key, long from, long position)
    {
        long first = CountBefore(from, key);
        long end = CountBefore(position, key);
        long count = end - first;
        return (count, (count * key) + (Keys * ((end * (end - 1)) - (first * (first - 1))) / 2));
    }

    private static Task Run(Action work) => Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static Task<T> Run<T>(Func<T> work) => Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private void Consume(SpeedLayer<Tick> layer, SpeedView<Tick, SumRow>[] views, int seed, long end = Events)
    {
        try
        {
            var random = new Random(seed);
            long next = 0;
            while (next < end)
            {
                int count = (int)Math.Min(random.Next(1, 600), end - next);
                Tick[] events = [.. Enumerable.Range(0, count).Select(i => new Tick((next + i) % Keys, next + i))];
                layer.Apply(events, new long[count], new LogPosition(next));
                next += count;
                if (random.Next(100) == 0)
                {
                    var cut = new LogPosition(next);
                    layer.OpenGeneration(cut);
                    if (random.Next(2) == 0)
                    {
                        // What a batch run does: publish the new list of layers, then drop what it covers.
                        layer.Exclusive(() => _from = cut);
                        Array.ForEach(views, view => view.DropBefore(cut));
                    }
                }
            }
        }
        finally
        {
            _done = true;
        }
    }

    private int ReadKeys(SpeedLayer<Tick> layer, SpeedView<Tick, SumRow> view, SpeedView<Tick, SumRow> twin, int seed)
    {
        var random = new Random(seed);
        int reads = 0;
        for (bool last = false; !last; reads++)
        {
            last = _done;
            using ReadScope scope = layer.EnterRead();
            for (int i = 0; i < 5; i++)
            {
                long key = random.Next(Keys);
                byte[] encoded = SpeedFixture.KeyOf(key);
                SumRow row = default;
                SumRow same = default;
                view.TryMerge(encoded, XxHash64.Hash(encoded), _from, ref row);
                twin.TryMerge(encoded, XxHash64.Hash(encoded), _from, ref same);
                (long, long) expected = Expected(key, _from.Value, scope.Position.Value);
                if ((row.Head.Value, row.Tail.Head.Value) != expected || (same.Head.Value, same.Tail.Head.Value) != expected)
                {
                    Assert.Fail($"seed {seed - 1}: key {key} from {_from} at {scope.Position} is {row.Head.Value}, {row.Tail.Head.Value} and {same.Head.Value}, {same.Tail.Head.Value}, not {expected}.");
                }
            }
        }

        return reads;
    }

    private int ScanKeys(SpeedView<Tick, SumRow> view, int seed)
    {
        var random = new Random(seed);
        int scans = 0;
        var rows = new KeyTable<SumRow>();
        for (bool last = false; !last; scans++)
        {
            last = _done;
            LogPosition from = default;
            long low = random.Next(2) == 0 ? 0 : random.Next(Keys);
            rows.Clear();
            LogPosition position = view.Scan(
                () => from = _from,
                new KeyRange(SpeedFixture.KeyOf(low), null),
                (ReadOnlySpan<byte> key, ulong hash, in SumRow row) => rows.GetOrAdd(key, hash).Merge(in row));
            long events = 0;
            for (long key = low; key < Keys; key++)
            {
                byte[] encoded = SpeedFixture.KeyOf(key);
                SumRow row = rows.GetOrAdd(encoded, XxHash64.Hash(encoded));
                events += row.Head.Value;
                if ((row.Head.Value, row.Tail.Head.Value) != Expected(key, from.Value, position.Value))
                {
                    Assert.Fail($"seed {seed}: key {key} from {from} at {position} is {row.Head.Value}, {row.Tail.Head.Value}, not {Expected(key, from.Value, position.Value)}.");
                }
            }

            Assert.That(rows.Count, Is.EqualTo(Keys - low));
            Assert.That(low > 0 || events == position.Value - from.Value, Is.True, $"seed {seed}: {events} events from {from} to {position}");
        }

        return scans;
    }
}
