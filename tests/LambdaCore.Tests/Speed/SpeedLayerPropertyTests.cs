using LambdaCore.Aggregates;
using LambdaCore.Log;
using LambdaCore.Speed;
using LambdaCore.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.Speed;

/// <summary>Random lives of a layer whose tables are tiny, so that nearly every state goes through FASTER and its disk, against an oracle.</summary>
internal sealed class SpeedLayerPropertyTests
{
    [Test]
    public void Whatever_happens_every_view_answers_for_exactly_its_events([Range(0, 59)] int round)
    {
        int seed = Seeds.Next();
        var random = new Random(seed);
        var disk = new SpillDisk();
        int flushKeys = random.Next(1, 40);
        long end = random.Next(3);
        using var layer = new SpeedLayer<Tick>(
            new SpeedOptions(disk, "speed") { FlushKeys = flushKeys, MemoryBytes = 64 << (10 + random.Next(3)) }, new LogPosition(end));

        var sums = new Oracle<StateRow<SumState, StateRow<SumState, EmptyRow>>>(layer, layer.AddSums(), SpeedFixture.KeyOf, _ => true, Sum, 0);
        var bags = new Oracle<StateRow<SumState, StateRow<BagState, EmptyRow>>>(
            layer, layer.AddBags(tick => tick.Value % 3 != 0, end + 5), SpeedFixture.TextKeyOf, tick => tick.Value % 3 != 0, Bag, end + 5);
        Oracle[] oracles = [sums, bags];
        int keys = random.Next(1, random.Next(2) == 0 ? 50 : 3000);
        sums.Load(random, keys);
        for (int step = 0; step < 400; step++)
        {
            switch (random.Next(20))
            {
                case 0:
                    layer.OpenGeneration(new LogPosition(end));
                    Array.ForEach(oracles, oracle => oracle.Open(end));
                    break;
                case 1:
                    oracles[random.Next(2)].Drop(random.NextInt64(end + 1));
                    break;
                case 2 when random.Next(2) == 0:
                    Array.ForEach(oracles, oracle => oracle.Join());
                    break;
                case 2 or 3:
                    Array.ForEach(oracles, oracle => oracle.CheckScan(random, seed));
                    break;
                case < 8:
                    Array.ForEach(oracles, oracle => oracle.CheckKey(random.Next(keys + 1), random, seed));
                    break;
                default:
                    Tick[] events = [.. Enumerable.Range(0, random.Next(random.Next(3) == 0 ? 100 : 6)).Select(_ => new Tick(random.Next(keys), random.Next(20)))];
                    layer.Apply(events);
                    Array.ForEach(oracles, oracle => oracle.Apply(events, end));
                    end += events.Length;
                    break;
            }
        }

        Array.ForEach(oracles, oracle => oracle.CheckScan(random, seed));
    }

    private static void Sum(Tick tick, in EventStamp stamp, ref StateRow<SumState, StateRow<SumState, EmptyRow>> row)
    {
        row.Head.Value++;
        row.Tail.Head.Value += tick.Value;
    }

    private static void Bag(Tick tick, in EventStamp stamp, ref StateRow<SumState, StateRow<BagState, EmptyRow>> row)
    {
        row.Head.Value++;
        row.Tail.Head.Add(tick.Value, stamp.Position.Value + (stamp.Microseconds * 1000));
    }

    private abstract class Oracle
    {
        public abstract void Apply(Tick[] events, long first);

        public abstract void Open(long start);

        public abstract void Drop(long position);

        public abstract void Join();

        public abstract void CheckKey(long key, Random random, int seed);

        public abstract void CheckScan(Random random, int seed);
    }

    private sealed class Oracle<TRow>(
        SpeedLayer<Tick> layer, SpeedView<Tick, TRow> view, Func<long, byte[]> encode, Func<Tick, bool> filter, FoldEvent<Tick, TRow> fold, long start) : Oracle
        where TRow : struct, IState<TRow>
    {
        private readonly List<(long Start, Dictionary<long, TRow> Rows)> _generations = [(start, [])];

        public void Load(Random random, int keys)
        {
            for (int i = random.Next(100); i > 0; i--)
            {
                long key = random.Next(keys);
                TRow loaded = default;
                fold(new Tick(key, random.Next(100)), new EventStamp(0, 0), ref loaded);
                SpeedLayerTests.Load(view, encode(key), SpeedFixture.Describe(in loaded));
                TRow row = _generations[0].Rows.GetValueOrDefault(key);
                row.Merge(in loaded);
                _generations[0].Rows[key] = row;
            }
        }

        public override void Join()
        {
            view.JoinOld();
            HashSet<long> starts = [.. view.Generations.Select(g => g.Start.Value)];
            for (int i = _generations.Count - 1; i > 0; i--)
            {
                (long start, Dictionary<long, TRow> rows) = _generations[i];
                if (!starts.Contains(start))
                {
                    Assert.That(i, Is.LessThan(_generations.Count - 2), "The last two stay as they are.");
                    foreach ((long key, TRow row) in rows)
                    {
                        TRow before = _generations[i - 1].Rows.GetValueOrDefault(key);
                        before.Merge(in row);
                        _generations[i - 1].Rows[key] = before;
                    }

                    _generations.RemoveAt(i);
                }
            }
        }

        public override void Apply(Tick[] events, long first)
        {
            for (int i = 0; i < events.Length; i++)
            {
                if (first + i >= _generations[^1].Start && filter(events[i]))
                {
                    TRow row = _generations[^1].Rows.GetValueOrDefault(events[i].Key);
                    fold(events[i], new EventStamp(first + i, first + i), ref row);
                    _generations[^1].Rows[events[i].Key] = row;
                }
            }
        }

        public override void Open(long start)
        {
            if (start > _generations[^1].Start)
            {
                _generations.Add((start, []));
            }
        }

        public override void Drop(long position)
        {
            view.DropBefore(new LogPosition(position));
            while (_generations.Count > 1 && _generations[1].Start <= position)
            {
                _generations.RemoveAt(0);
            }
        }

        public override void CheckKey(long key, Random random, int seed)
        {
            int from = random.Next(_generations.Count);
            TRow expected = Merge(key, from);
            bool there = _generations.Skip(from).Any(generation => generation.Rows.ContainsKey(key));
            Assert.That(
                layer.Read(view, encode(key), new LogPosition(_generations[from].Start)),
                Is.EqualTo(there ? SpeedFixture.Describe(in expected) : null),
                $"seed {seed}, key {key}, from {_generations[from].Start}, at {layer.End}");
        }

        public override void CheckScan(Random random, int seed)
        {
            int from = random.Next(_generations.Count);
            KeyRange range = random.Next(3) == 0 ? KeyRange.All : new KeyRange(encode(random.Next(30)), encode(random.Next(60)));
            var expected = _generations.Skip(from).SelectMany(generation => generation.Rows.Keys).Distinct()
                .Where(key => range.Contains(encode(key)))
                .ToDictionary(key => Convert.ToHexString(encode(key)), key => SpeedFixture.Describe(Merge(key, from)));
            Dictionary<string, string> actual = view.Scan(new LogPosition(_generations[from].Start), range, out LogPosition position);
            Assert.That(position, Is.EqualTo(layer.End));
            string[] differences = [.. expected.Except(actual).Select(row => $"missing {row}"), .. actual.Except(expected).Select(row => $"surplus {row}")];
            Assert.That(differences, Is.Empty, $"seed {seed}, from {_generations[from].Start}, at {position}");
        }

        private TRow Merge(long key, int from)
        {
            TRow merged = default;
            foreach ((_, Dictionary<long, TRow> rows) in _generations.Skip(from))
            {
                if (rows.TryGetValue(key, out TRow row))
                {
                    merged.Merge(in row);
                }
            }

            return merged;
        }
    }
}
