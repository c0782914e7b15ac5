using System.Collections.Concurrent;
using LambdaCore.Storage;
using LambdaCore.Tests.Values;
using NUnit.Framework;
using static LambdaCore.Tests.EndToEnd.Rebuilds.Ride;

namespace LambdaCore.Tests.EndToEnd.Rebuilds;

/// <summary>Queries never stop while a view is computed anew, and each is exact for the position that it reports.</summary>
[TestFixture]
internal sealed class QueriesDuringRebuildTests
{
    private const int Sealed = 1200;
    private readonly ConcurrentDictionary<AnswerSource, int> _seen = new();

    [Test]
    public async Task Answers_are_exact_throughout_rebuilds_appends_and_batch_runs()
    {
        Random random = Seed.Random(out _);
        using InMemoryStorage disk = new();
        await NewDefinitionTests.FillAsync(disk, Sealed);
        await using LambdaStore<Ride> store = Open(disk, o =>
        {
            o.AddView(Hourly);
            o.Rebuilds = o.Rebuilds with { StepEvents = 150 };
            o.HoldsRebuilds = true;
        });
        using CancellationTokenSource end = new();
        Task[] work =
        [
            Task.Run(() => AppendAsync(store, new Random(random.Next()), end.Token)),
            Task.Run(() => RunBatchesAsync(store, end.Token)),
            Task.Run(() => ScanAsync(store, end.Token)),
            Task.Run(() => LookUpAsync(store, new Random(random.Next()), end.Token)),
        ];
        while (!_seen.Keys.Any(s => s.HasFlag(AnswerSource.Log)))
        {
            await Task.Delay(1);
        }

        store.Rebuilds.Single().Resume();
        await store.WaitForViewsAsync();
        foreach ((int From, int To)? hours in new (int, int)?[] { null, (3, 9), (0, 1) })
        {
            ViewRebuild rebuild = await store.ReprocessAsync(
                Hourly, DateTimeOffset.UnixEpoch.AddHours(hours?.From ?? 0), hours is null ? null : DateTimeOffset.UnixEpoch.AddHours(hours.Value.To), "a test");
            rebuild.Resume();
            await rebuild.Completion;
            Assert.That((await rebuild.CompareAsync()).IsSame, Is.True);
        }

        await end.CancelAsync();
        await Task.WhenAll(work);
        await NewDefinitionTests.CheckAsync(store);
        TestContext.Out.WriteLine(string.Join(", ", _seen.OrderBy(s => s.Key).Select(s => $"{s.Key}: {s.Value}")));
        Assert.That(_seen.Keys.Any(s => s.HasFlag(AnswerSource.Batch)), Is.True);
    }

    private static async Task AppendAsync(LambdaStore<Ride> store, Random random, CancellationToken end)
    {
        for (int next = Sealed; !end.IsCancellationRequested && next < 6000;)
        {
            int count = random.Next(1, 20);
            await store.AppendAsync(Range(next, count), CancellationToken.None);
            next += count;
            await Task.Delay(5, CancellationToken.None);
        }
    }

    private static async Task RunBatchesAsync(LambdaStore<Ride> store, CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            await store.RunBatchAsync(CancellationToken.None);
            await Task.Delay(20, CancellationToken.None);
        }
    }

    private async Task ScanAsync(LambdaStore<Ride> store, CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            Receipt receipt = await NewDefinitionTests.CheckAsync(store);
            _seen.AddOrUpdate(receipt.Source, 1, (_, seen) => seen + 1);
        }
    }

    private async Task LookUpAsync(LambdaStore<Ride> store, Random random, CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            HourOfZone key = new(DateTimeOffset.UnixEpoch.AddHours(random.Next(20)), $"z{random.Next(4)}");
            ViewEntry<HourOfZone, Rides>? entry = await store.GetAsync(Hourly, key, cancellationToken: CancellationToken.None);
            Dictionary<HourOfZone, Rides> expected = Expected(entry?.Receipt.Position.Value ?? Sealed);
            Assert.That(entry?.Result, Is.EqualTo(expected.GetValueOrDefault(key)));
            _seen.AddOrUpdate(entry?.Receipt.Source ?? AnswerSource.None, 1, (_, seen) => seen + 1);
        }
    }
}
