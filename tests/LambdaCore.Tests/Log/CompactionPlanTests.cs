using LambdaCore.Log;
using LambdaCore.Tests.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.Log;

[TestFixture]
internal sealed class CompactionPlanTests
{
    private static readonly SegmentSize Most = new(Events: 100_000, Bytes: 10_000_000, Ends: 1024);

    [Test]
    public void A_few_segments_stay_as_they_are()
    {
        Assert.That(CompactionPlan.Due(Sizes(), Most), Is.Empty);
        Assert.That(CompactionPlan.Due(Sizes([.. Enumerable.Repeat(10L, CompactionPlan.Many - 1)]), Most), Is.Empty);
    }

    [Test]
    public void Many_small_segments_become_one_and_a_much_larger_one_before_them_stays() =>
        Assert.That(CompactionPlan.Due(Sizes([50_000, .. Enumerable.Repeat(10L, CompactionPlan.Many)]), Most), Is.EqualTo(new[] { (1, CompactionPlan.Many) }));

    [Test]
    public void What_would_exceed_a_bound_stays_apart()
    {
        SegmentSize[] sizes = Sizes([.. Enumerable.Repeat(10L, 40)]);
        Assert.That(CompactionPlan.Due(sizes, Most with { Events = 300 }), Is.EqualTo(new[] { (0, 30) }), "what is left is not many");
        Assert.That(CompactionPlan.Due(sizes, Most with { Bytes = sizes[0].Bytes * 20 }), Is.EqualTo(new[] { (0, 20), (20, 20) }));
        Assert.That(CompactionPlan.Due(sizes, Most with { Ends = 25 }), Is.EqualTo(new[] { (0, 25) }));
        Assert.That(CompactionPlan.Due(sizes, Most with { Events = 30 }), Is.Empty, "three fit, which is not many");
    }

    [Test]
    public void All_by_hand_are_packed_in_order()
    {
        SegmentSize[] sizes = Sizes(90_000, 9_000, 2_000, 99_000, 1_000, 500, 500, 100_000, 5);
        Assert.That(CompactionPlan.Stretches(sizes, Most), Is.EqualTo(new[] { (0, 2), (3, 2), (5, 2) }));
    }

    [Test]
    public void Segments_stay_few_and_events_are_seldom_written_again()
    {
        Random random = Seed.Random(out int seed);
        for (int round = 0; round < 20; round++)
        {
            List<SegmentSize> segments = [];
            long events = 0;
            long written = 0;
            int most = 1 << random.Next(1, 12);
            for (int batch = 0; batch < 3000; batch++)
            {
                long next = random.Next(20) == 0 ? random.Next(1, (int)Most.Events) : random.Next(1, most);
                segments.Add(new SegmentSize(next, 20 * next, 1));
                events += next;
                foreach ((int first, int count) in CompactionPlan.Due(segments, Most).Reverse().ToArray())
                {
                    SegmentSize sum = segments.Skip(first).Take(count).Aggregate((one, other) => one + other);
                    Assert.That(sum.Fits(Most), Is.True);
                    written += sum.Events;
                    segments.RemoveRange(first, count);
                    segments.Insert(first, sum);
                }

                double growing = CompactionPlan.Many * (1 + Math.Log(Most.Events, 5));
                double full = (CompactionPlan.ManyInFull - 1) * ((2.0 * events / Most.Events) + (2.0 * batch / Most.Ends) + 1);
                Assert.That(segments, Has.Count.LessThan(growing + full), $"seed {seed}, round {round}, batch {batch}");
            }

            Assert.That(written, Is.LessThan(events * Math.Log2(Most.Events)), $"seed {seed}, round {round}");
            Assert.That(segments.Sum(s => s.Events), Is.EqualTo(events));
        }
    }

    private static SegmentSize[] Sizes(params IEnumerable<long> events) => [.. events.Select(e => new SegmentSize(e, 20 * e, 1))];
}
