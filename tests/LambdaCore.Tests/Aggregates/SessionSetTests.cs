using LambdaCore.Aggregates;
using LambdaCore.Tests.Values;
using LambdaCore.Values;
using NUnit.Framework;
using Inner = LambdaCore.Aggregates.StateRow<LambdaCore.Aggregates.CountState, LambdaCore.Aggregates.StateRow<LambdaCore.Aggregates.HyperLogLogState, LambdaCore.Aggregates.EmptyRow>>;

namespace LambdaCore.Tests.Aggregates;

/// <summary>The laws of a set of sessions, against sessions that are cut out of sorted times by hand.</summary>
[TestFixture]
internal sealed class SessionSetTests
{
    private const long Gap = 100;
    private const int Rounds = 300;

    [Test]
    public void The_sessions_are_the_maximal_chains_of_times_less_than_the_gap_apart()
    {
        Random random = Seed.Random(out int seed);
        for (int round = 0; round < Rounds; round++)
        {
            long[] times = Times(random, random.Next(60));
            Assert.That(Show(Fold(times)), Is.EqualTo(Show(Cut(times))), $"seed {seed}, round {round}");
        }
    }

    [Test]
    public void Neighbours_exactly_the_gap_apart_are_two_sessions_and_a_microsecond_less_makes_them_one()
    {
        Assert.Multiple(() =>
        {
            Assert.That(Show(Fold([0, Gap])), Is.EqualTo("0..0:1 100..100:1"));
            Assert.That(Show(Fold([0, Gap - 1])), Is.EqualTo("0..99:2"));
            Assert.That(Show(Fold([Gap, 0])), Is.EqualTo("0..0:1 100..100:1"));
            Assert.That(Show(Fold([0, Gap, 1])), Is.EqualTo("0..100:3"), "a late event joins them");
            Assert.That(Show(Fold([0, 2 * Gap, Gap])), Is.EqualTo("0..0:1 100..100:1 200..200:1"), "an event exactly between joins none");
            Assert.That(Show(Fold([5, 5, 5])), Is.EqualTo("5..5:3"));
        });
    }

    [Test]
    public void Times_at_both_ends_of_what_there_is_are_as_far_apart_as_they_are()
    {
        long[] ends = [UnixTime.FromDateTimeOffset(DateTimeOffset.MinValue), UnixTime.FromDateTimeOffset(DateTimeOffset.MaxValue), 0];
        SessionSet<Inner> apart = default;
        SessionSet<Inner> together = default;
        foreach (long time in ends)
        {
            apart.At(time, 1).Head.Count++;
            together.At(time, TimeSpan.MaxValue.Ticks / 10).Head.Count++;
        }

        Assert.Multiple(() =>
        {
            Assert.That(apart.Sessions.Length, Is.EqualTo(3));
            Assert.That(together.Sessions.Length, Is.EqualTo(1));
        });
    }

    [Test]
    public void The_order_of_events_leaves_no_trace()
    {
        Random random = Seed.Random(out int seed);
        for (int round = 0; round < Rounds; round++)
        {
            long[] times = Times(random, random.Next(60));
            byte[] sorted = Bytes(Fold([.. times.Order()]));
            Assert.That(Bytes(Fold(times)), Is.EqualTo(sorted), $"seed {seed}, round {round}");
        }
    }

    [Test]
    public void Cut_anywhere_the_parts_merge_to_the_whole()
    {
        Random random = Seed.Random(out int seed);
        for (int round = 0; round < Rounds; round++)
        {
            long[] times = Times(random, random.Next(40));
            byte[] whole = Bytes(Fold(times));
            int cut = random.Next(times.Length + 1);
            int next = cut + random.Next(times.Length - cut + 1);
            SessionSet<Inner> a = Fold(times[..cut]);
            SessionSet<Inner> b = Fold(times[cut..next]);
            SessionSet<Inner> c = Fold(times[next..]);
            Assert.Multiple(() =>
            {
                Assert.That(Bytes(Merge(Merge(a, b), c)), Is.EqualTo(whole), $"associative, seed {seed}, round {round}");
                Assert.That(Bytes(Merge(a, Merge(b, c))), Is.EqualTo(whole), $"associative, seed {seed}, round {round}");
                Assert.That(Bytes(Merge(Merge(c, a), b)), Is.EqualTo(whole), $"commutative, seed {seed}, round {round}");
                Assert.That(Bytes(Merge(default, a)), Is.EqualTo(Bytes(a)), $"left identity, seed {seed}, round {round}");
                Assert.That(Bytes(Merge(a, default)), Is.EqualTo(Bytes(a)), $"right identity, seed {seed}, round {round}");
                Assert.That(Bytes(StateBytesOf(Bytes(a))), Is.EqualTo(Bytes(a)), $"read back, seed {seed}, round {round}");
            });
        }
    }

    [Test]
    public void Events_and_sets_may_come_in_any_mixture()
    {
        Random random = Seed.Random(out int seed);
        for (int round = 0; round < Rounds; round++)
        {
            long[] times = Times(random, random.Next(80));
            SessionSet<Inner> set = default;
            for (int at = 0; at < times.Length;)
            {
                int count = random.Next(1, Math.Min(9, times.Length - at) + 1);
                if (random.Next(2) == 0)
                {
                    SessionSet<Inner> part = Fold(times[at..(at + count)]);
                    byte[] before = Bytes(part);
                    set.Merge(in part);
                    Assert.That(Bytes(part), Is.EqualTo(before), $"the other is not changed; seed {seed}, round {round}");
                    Add(ref part, [.. times.Select(t => t + 7)]);
                }
                else
                {
                    Add(ref set, times[at..(at + count)]);
                }

                at += count;
            }

            Assert.That(Bytes(set), Is.EqualTo(Bytes(Fold(times))), $"what becomes of a set that was merged changes nothing; seed {seed}, round {round}");
        }
    }

    [Test]
    public void Taken_apart_two_sets_give_the_sessions_that_they_make_together()
    {
        Random random = Seed.Random(out int seed);
        for (int round = 0; round < Rounds; round++)
        {
            long[] times = Times(random, random.Next(40));
            int cut = random.Next(times.Length + 1);
            SessionSet<Inner> left = Fold(times[..cut]);
            SessionSet<Inner> right = Fold(times[cut..]);
            SessionSet<Inner> whole = Fold(times);
            IReadOnlyList<SessionSpan> spans = SessionSet<Inner>.Spans(in left, in right);
            Assert.That(spans.Select(s => $"{s.First}..{s.Last}"), Is.EqualTo(whole.Sessions.ToArray().Select(s => $"{s.First}..{s.Last}")), $"seed {seed}, round {round}");
            for (int i = 0; i < spans.Count; i++)
            {
                SessionSet<Inner> merged = Merge(left.Slice(spans[i].LeftStart, spans[i].LeftEnd), right.Slice(spans[i].RightStart, spans[i].RightEnd));
                Assert.That(Bytes(merged), Is.EqualTo(Bytes(whole.Slice(i, i + 1))), $"seed {seed}, round {round}, session {i}");
            }
        }
    }

    [Test]
    public void Damaged_bytes_are_refused_or_read_as_another_set_but_never_worse()
    {
        Random random = Seed.Random(out int seed);
        for (int round = 0; round < 20 * Rounds; round++)
        {
            byte[] bytes = Bytes(Fold(Times(random, random.Next(12))));
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            bytes = random.Next(4) == 0 ? bytes[..random.Next(bytes.Length)] : bytes;
            try
            {
                byte[] again = Bytes(StateBytesOf(bytes));
                Assert.That(Bytes(StateBytesOf(again)), Is.EqualTo(again), $"seed {seed}, round {round}");
            }
            catch (InvalidDataException)
            {
            }
        }
    }

    [Test]
    public void Sets_of_different_gaps_are_refused()
    {
        SessionSet<Inner> set = default;
        set.At(0, 10).Head.Count++;
        SessionSet<Inner> other = default;
        other.At(0, 11).Head.Count++;
        Assert.That(() => Merge(set, other), Throws.InvalidOperationException);
    }

    /// <summary>Times on a small grid, so that ties and distances of exactly the gap are frequent; some lie far away.</summary>
    private static long[] Times(Random random, int count)
    {
        long width = 1L << random.Next(5, 12);
        long step = random.Next(3) switch { 0 => 1, 1 => Gap / 2, _ => Gap / 4 };
        long[] times = [.. Enumerable.Range(0, count).Select(_ => (random.NextInt64(width) * step) + (random.Next(20) == 0 ? 1_000_000_000_000 : 0))];
        if (random.Next(2) == 0)
        {
            // Mostly in order, as events come.
            Array.Sort(times);
            for (int swaps = count / 10; swaps > 0; swaps--)
            {
                int a = random.Next(count);
                int b = random.Next(count);
                (times[a], times[b]) = (times[b], times[a]);
            }
        }

        return times;
    }

    private static SessionSet<Inner> Fold(long[] times)
    {
        SessionSet<Inner> set = default;
        Add(ref set, times);
        return set;
    }

    private static void Add(ref SessionSet<Inner> set, long[] times)
    {
        foreach (long time in times)
        {
            ref Inner row = ref set.At(time, Gap);
            row.Head.Count++;
            row.Tail.Head.Add(4, ValueHash.Of(time));
        }
    }

    private static SessionSet<Inner> Cut(long[] times)
    {
        SessionSet<Inner> cut = default;
        long previous = long.MinValue / 2;
        List<List<long>> chains = [];
        foreach (long time in times.Order())
        {
            if (time - previous >= Gap)
            {
                chains.Add([]);
            }

            chains[^1].Add(time);
            previous = time;
        }

        foreach (List<long> chain in chains)
        {
            Add(ref cut, [.. chain]);
        }

        Assert.That(Show(cut).Split(' ', StringSplitOptions.RemoveEmptyEntries), Is.EqualTo(chains.Select(c => $"{c[0]}..{c[^1]}:{c.Count}")));
        return cut;
    }

    private static SessionSet<Inner> Merge(SessionSet<Inner> a, SessionSet<Inner> b)
    {
        SessionSet<Inner> merged = default;
        merged.Merge(in a);
        merged.Merge(in b);
        return merged;
    }

    private static string Show(SessionSet<Inner> set) => string.Join(' ', set.Sessions.ToArray().Select(s => $"{s.First}..{s.Last}:{s.Row.Head.Count}"));

    private static byte[] Bytes(SessionSet<Inner> set)
    {
        ByteWriter writer = new();
        set.Write(writer);
        return writer.Written.ToArray();
    }

    private static unsafe SessionSet<Inner> StateBytesOf(byte[] bytes)
    {
        fixed (byte* start = bytes)
        {
            ByteReader reader = new(start, bytes.Length);
            return SessionSet<Inner>.Read(ref reader);
        }
    }
}
