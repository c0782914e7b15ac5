using System.Globalization;
using LambdaCore.Storage;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd;

/// <summary>
/// A whole store on a simulated disk whose power is cut at a random storage call: what was acknowledged is there afterwards, nothing
/// is invented, the order is kept, and the views are the fold of it.
/// </summary>
internal sealed class PowerCutTests
{
    private const int Lives = 4;
    private const int Appends = 12;

    private static readonly ViewDefinition<Numbered, int, Totals> ByGroup = View.Of<Numbered>("by_group")
        .GroupBy(e => e.Group)
        .Select(g => new Totals(g.Count(), g.Sum(e => e.Number), g.Max(e => e.Number), g.ApproxDistinct(e => e.Number)));

    [TestCase(60)]
    public async Task A_power_cut_at_any_storage_call_loses_nothing_acknowledged(int histories)
    {
        int seed = int.TryParse(Environment.GetEnvironmentVariable("LAMBDACORE_SEED"), CultureInfo.InvariantCulture, out int given)
            ? given
            : Environment.TickCount;
        TestContext.Out.WriteLine($"LAMBDACORE_SEED={seed}");
        int cuts = 0;
        for (int history = 0; history < histories; history++)
        {
            Random random = new(seed + history);
            InMemoryStorage disk = new();
            long acknowledged = 0;
            for (int life = 0; life < Lives; life++)
            {
                string where = $"seed {seed}, history {history}, life {life}";
                (acknowledged, bool cut) = await LiveAsync(disk, random, acknowledged, where);
                cuts += cut ? 1 : 0;
                InMemoryStorage after = cut ? disk.Crash(random) : disk.Kill();
                disk.BeforeCall = null;
                disk.Dispose();
                disk = after;
                acknowledged = await CheckAsync(disk, acknowledged, where);
            }

            disk.Dispose();
        }

        TestContext.Out.WriteLine($"{cuts} power cuts");
        Assert.That(cuts, Is.GreaterThan(histories));
    }

    /// <summary>Appends and batches until the power is cut.</summary>
    private static async Task<(long Acknowledged, bool Cut)> LiveAsync(InMemoryStorage disk, Random random, long start, string where)
    {
        long callsLeft = random.Next(1, 240);
        bool cut = false;
        disk.BeforeCall = _ =>
        {
            // Once the power is gone, no call succeeds any more.
            if (Interlocked.Decrement(ref callsLeft) < 0)
            {
                Volatile.Write(ref cut, true);
                throw new StorageException("The power is gone.");
            }
        };
        long acknowledged = start;
        try
        {
            await using LambdaStore<Numbered> store = Open(disk);
            Assert.That(store.Position.Value, Is.GreaterThanOrEqualTo(start), where);
            long next = store.Position.Value;
            for (int i = 0; i < Appends; i++)
            {
                if (random.Next(3) == 0)
                {
                    await store.RunBatchAsync(random.Next(4) == 0 ? BatchMode.Full : BatchMode.Incremental);
                }

                Numbered[] events = [.. Enumerable.Range(0, random.Next(1, 9)).Select(n => Numbered.At(next + n))];
                LogRange range = await store.AppendAsync(events);
                Assert.That(range, Is.EqualTo(new LogRange(new LogPosition(next), new LogPosition(next + events.Length))), where);
                next = acknowledged = range.End.Value;
            }
        }
        catch (LambdaCoreException) when (Volatile.Read(ref cut))
        {
            // What the cut looks like to a caller.
        }

        return (acknowledged, Volatile.Read(ref cut));
    }

    /// <summary>Opens what the cut has left, and compares it with what was promised.</summary>
    private static async Task<long> CheckAsync(InMemoryStorage disk, long acknowledged, string where)
    {
        await using LambdaStore<Numbered> store = Open(disk);
        long end = store.Position.Value;
        Assert.That(end, Is.GreaterThanOrEqualTo(acknowledged), $"{where}: acknowledged events are lost");
        ViewAnswer<int, Totals> answer = await store.Query(ByGroup).ExecuteAsync();
        Assert.That(answer.Receipt.Range, Is.EqualTo(new LogRange(LogPosition.Zero, new LogPosition(end))), where);
        IEnumerable<(int, Totals)> expected = Enumerable.Range(0, (int)end)
            .Select(n => Numbered.At(n))
            .GroupBy(e => e.Group)
            .OrderBy(g => g.Key)
            .Select(g => (g.Key, new Totals(g.Count(), g.Sum(e => e.Number), g.Max(e => e.Number), g.Count())));
        Assert.That(answer.Rows.Select(r => (r.Key, r.Result)), Is.EqualTo(expected), where);
        return end;
    }

    private static LambdaStore<Numbered> Open(InMemoryStorage disk)
    {
        LambdaStoreOptions<Numbered> options = new() { SegmentEvents = 7, BatchThreads = 1 };
        options.EventTime(e => e.Time).AddView(ByGroup);
        options.Validate();
        return StoreOpening.Open("simulated", disk, options);
    }

    /// <summary>An event whose content follows from its position.</summary>
    private sealed record Numbered(DateTimeOffset Time, int Group, long Number)
    {
        public static Numbered At(long position) => new(DateTimeOffset.UnixEpoch.AddSeconds(position * 7 % 1000), (int)(position * 31 % 5), position);
    }

    private sealed record Totals(long Count, long Sum, long Max, long Distinct);
}
