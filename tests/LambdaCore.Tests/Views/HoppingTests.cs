using LambdaCore.Tests.Values;
using LambdaCore.Values;
using LambdaCore.Views;
using NUnit.Framework;

namespace LambdaCore.Tests.Views;

/// <summary>Windows that overlap.</summary>
[TestFixture]
internal sealed class HoppingTests
{
    [Test]
    public void A_time_lies_in_every_window_that_begins_at_most_a_size_before_it()
    {
        int seed = int.TryParse(Environment.GetEnvironmentVariable("LAMBDACORE_SEED"), out int given) ? given : Random.Shared.Next();
        Random random = new(seed);
        for (int i = 0; i < 3000; i++)
        {
            long hop = 1 + random.NextInt64(random.Next(2) == 0 ? 20 : 100_000_000_000);
            long size = hop + random.NextInt64(1 + (hop * random.Next(1, 12)));
            long offset = random.NextInt64(-2 * hop, 2 * hop);
            HoppingWindows windows = new(TimeSpan.FromMicroseconds(size), TimeSpan.FromMicroseconds(hop), TimeSpan.FromMicroseconds(offset));
            long time = random.Next(4) == 0 ? WindowAssigner.FirstMoment + random.NextInt64(3 * size) : (long)RandomValue.Of(ValueKind.Timestamp, random);
            List<long> starts = [];
            for (long start = windows.FirstStart(time); start <= windows.Start(time); start = windows.Next(start))
            {
                starts.Add(start);
            }

            string what = $"LAMBDACORE_SEED={seed}: {windows.Description} at {time}";
            Assert.That(starts, Is.EqualTo(Naive(time, size, hop, offset)), what);
            Assert.That(starts.Select(windows.End), Is.All.GreaterThan(time), what);
            Assert.That(starts.Where(s => s > WindowAssigner.FirstMoment).Select(s => windows.End(s) - s), Is.All.EqualTo(size), what);
            Assert.That(windows.Starts(time, time + 1), Is.EqualTo((starts[0], time + 1)), what);
            Assert.That(starts[0] == WindowAssigner.FirstMoment || windows.End(Previous(windows, starts[0])) <= time, what);
        }
    }

    [Test]
    public void Sizes_and_places_that_make_no_sense_are_refused_with_advice()
    {
        ViewBuilder<Anything> events = View.Of<Anything>("events");
        TimeSpan hour = TimeSpan.FromHours(1);
        Assert.That(() => events.GroupBy(e => Window.Hopping(e.Time, hour, TimeSpan.FromHours(2))), Throws.TypeOf<ViewDefinitionException>().With.Message.Contains("leave gaps"));
        Assert.That(() => events.GroupBy(e => Window.Hopping(e.Time, hour, TimeSpan.FromSeconds(1))), Throws.TypeOf<ViewDefinitionException>().With.Message.Contains("3600 times"));
        Assert.That(() => events.GroupBy(e => Window.Hopping(e.Time, TimeSpan.FromSeconds(1024), TimeSpan.FromSeconds(1))), Throws.Nothing);
        Assert.That(() => events.GroupBy(e => Window.Hopping(e.Time, hour, TimeSpan.Zero)), Throws.TypeOf<ViewDefinitionException>());
        Assert.That(() => events.Where(e => Window.Hopping(e.Time, hour, hour) == e.Time).GroupBy(e => e.Flag).Select(g => g.Count()), Throws.TypeOf<ViewDefinitionException>().With.Message.Contains("column of the key"));
        Assert.That(() => events.GroupBy(e => new { At = Window.Hopping(e.Time, hour, hour).Hour }).Select(g => g.Count()), Throws.TypeOf<ViewDefinitionException>().With.Message.Contains("by itself"));
        Assert.That(() => events.GroupBy(e => new { A = Window.Hopping(e.Time, hour, hour), B = Window.Hopping(e.Moment, hour, hour) }).Select(g => g.Count()), Throws.TypeOf<ViewDefinitionException>().With.Message.Contains("several columns"));
        Assert.That(events.GroupBy(e => Window.Hopping(e.Time, hour, TimeSpan.FromMinutes(15))).Select(g => g.Count()).Explain(), Does.Contain("windows of 01:00:00 every 00:15:00").And.Contain("unnest"));
        Assert.That(Window.Hopping(DateTimeOffset.UnixEpoch.AddMinutes(50), hour, TimeSpan.FromMinutes(20)), Is.EqualTo(DateTimeOffset.UnixEpoch.AddMinutes(40)));
    }

    private static List<long> Naive(long time, long size, long hop, long offset)
    {
        SortedSet<long> starts = [];
        Int128 n = (((Int128)time - WindowAssigner.FirstMoment - offset) / hop) + 1;
        for (Int128 start = WindowAssigner.FirstMoment + offset + (n * hop); start + size > time; start -= hop)
        {
            if (start <= time)
            {
                starts.Add((long)Int128.Max(start, WindowAssigner.FirstMoment));
            }
        }

        return [.. starts];
    }

    private static long Previous(HoppingWindows windows, long start) => windows.Start(start - 1);
}
