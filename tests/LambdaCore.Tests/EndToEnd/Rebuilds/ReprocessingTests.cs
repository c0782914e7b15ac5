using System.Buffers;
using System.Buffers.Binary;
using LambdaCore.Storage;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd.Rebuilds;

/// <summary>Computing a view anew on demand: the classic case is code of its own that was wrong.</summary>
[TestFixture]
internal sealed class ReprocessingTests
{
    private static readonly DateTimeOffset Epoch = DateTimeOffset.UnixEpoch;

    [SetUp]
    public void BreakTheCode() => Fares.IsWrong = true;

    [Test]
    public async Task Reprocessing_a_span_of_windows_mends_these_and_leaves_all_others()
    {
        using InMemoryStorage disk = new();
        await using LambdaStore<Ride> store = Ride.Open(disk, o => o.AddView(Fares.Hourly));
        await AppendAsync(store, 0, 1000);
        Fares.IsWrong = false;
        await AppendAsync(store, 1000, 100);

        ViewRebuild rebuild = await store.ReprocessAsync(Fares.Hourly, Epoch.AddHours(3), Epoch.AddHours(6), "fares were counted twice", by: "ann", swapByHand: true);
        ViewComparison before = await rebuild.CompareAsync();
        Assert.That((await store.GetAsync(Fares.Hourly, Epoch.AddHours(4)))!.Result, Is.EqualTo(2 * Fares.Of(4)), "Not swapped yet.");
        await rebuild.SwapAsync();
        ViewComparison after = await rebuild.CompareAsync();
        Assert.That((before.Changed, before.Added, before.Removed, before.Rows, before.Position.Value), Is.EqualTo((3L, 0L, 0L, 19L, 1100L)));
        Assert.That(before.Largest.OrderBy(d => d.Key), Is.EqualTo(new[] { 3, 4, 5 }.Select(h => new RowDifference(Epoch.AddHours(h), 2 * Fares.Of(h), Fares.Of(h), Fares.Of(h)))));
        Assert.That(before.Largest.Select(d => d.Size), Is.Ordered.Descending);
        Assert.That(after.ToString(), Is.EqualTo(before.ToString()));

        ViewAnswer<DateTimeOffset, long> answer = await store.Query(Fares.Hourly).ExecuteAsync();
        Assert.That(answer.Receipt.Range.End.Value, Is.EqualTo(1100));
        Assert.That(answer.Rows.Select(r => (r.Key, r.Result)), Is.EqualTo(Fares.Expected(1100, (hour, position) => position < 1000 && hour is < 3 or >= 6)));
        Assert.That((rebuild.Status.Phase, rebuild.Status.Reason, rebuild.Status.By), Is.EqualTo((RebuildPhase.Done, "fares were counted twice", "ann")));

        rebuild = await store.ReprocessAsync(Fares.Hourly, null, null, "and the rest");
        await rebuild.Completion;
        answer = await store.Query(Fares.Hourly).ExecuteAsync();
        Assert.That(answer.Rows.Select(r => (r.Key, r.Result)), Is.EqualTo(Fares.Expected(1100, (_, _) => false)));
    }

    private static async Task AppendAsync(LambdaStore<Ride> store, int start, int count)
    {
        for (int next = start; next < start + count; next += 50)
        {
            await store.AppendAsync(Ride.Range(next, 50));
            await store.RunBatchAsync();
        }
    }

    /// <summary>A view with code of its own, which can be wrong: it counts twice what it should once. No fingerprint sees it.</summary>
    private static class Fares
    {
        public static volatile bool IsWrong;

        public static ViewDefinition<Ride, DateTimeOffset, long> Hourly { get; } =
            View.Of<Ride>("fares").GroupBy(e => Window.Hour(e.At)).Select(g => g.Aggregate(default(Fare), e => e.Length));

        public static long Of(int hour) => Enumerable.Range(60 * hour, 60).Sum(position => Ride.Of(position).Length);

        public static IEnumerable<(DateTimeOffset, long)> Expected(int end, Func<int, int, bool> isWrong) => Enumerable.Range(0, end)
            .GroupBy(position => position / 60)
            .Select(g => (Epoch.AddHours(g.Key), g.Sum(position => Ride.Of(position).Length * (isWrong(g.Key, position) ? 2 : 1))));
    }

    private struct Fare : IAggregate<Fare, long, long>
    {
        private long _sum;

        public void Add(long value, EventStamp at) => _sum += Fares.IsWrong ? 2 * value : value;

        public void Merge(in Fare other) => _sum += other._sum;

        public readonly long Result() => _sum;

        public readonly void Write(IBufferWriter<byte> output)
        {
            BinaryPrimitives.WriteInt64LittleEndian(output.GetSpan(sizeof(long)), _sum);
            output.Advance(sizeof(long));
        }

        public static Fare Read(ReadOnlySpan<byte> bytes) => new() { _sum = BinaryPrimitives.ReadInt64LittleEndian(bytes) };
    }
}
