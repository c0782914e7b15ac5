using LambdaCore.Storage;
using NUnit.Framework;
using static LambdaCore.Tests.EndToEnd.Rebuilds.Ride;

namespace LambdaCore.Tests.EndToEnd.Rebuilds;

/// <summary>A view over a history that it has no layers of: computed in the background, while it answers from the log.</summary>
[TestFixture]
internal sealed class NewDefinitionTests
{
    [Test]
    public async Task A_new_view_answers_from_the_log_until_its_layers_serve()
    {
        using InMemoryStorage disk = new();
        await FillAsync(disk, 1000);
        SimulatedClock clock = new() { PerLook = TimeSpan.FromSeconds(1) };
        await using LambdaStore<Ride> store = Open(disk, o => o.AddView(Hourly), clock, share: 0.5);
        await store.AppendAsync(Range(1000, 50));

        RebuildStatus status = store.Rebuilds.Single().Status;
        Assert.That((status.View, status.Kind, status.Reason), Is.EqualTo(("hourly", RebuildKind.NewDefinition, (string?)null)));
        Receipt receipt = await CheckAsync(store, 1050);
        Assert.That((receipt.BatchEnd.Value, receipt.Source), Is.EqualTo((0L, AnswerSource.Log | AnswerSource.Speed)));
        BatchRun run = await store.RunBatchAsync();
        Assert.That(run.Views, Is.Empty, "A batch run leaves the view to its rebuild.");
        Assert.That((await CheckAsync(store, 1050)).BatchEnd.Value, Is.Zero);

        await clock.AdvanceUntilAsync(store.WaitForViewsAsync());
        receipt = await CheckAsync(store, 1050);
        Assert.That((receipt.BatchEnd.Value, receipt.Source), Is.EqualTo((1050L, AnswerSource.Batch)));
        status = store.Rebuilds.Single().Status;
        Assert.That((status.Phase, status.Events, status.TotalEvents), Is.EqualTo((RebuildPhase.Done, 1050L, 1050L)));
        await store.AppendAsync(Range(1050, 7));
        run = await store.RunBatchAsync();
        Assert.That(run.Views.Single().Range, Is.EqualTo(new LogRange(new LogPosition(1050), new LogPosition(1057))));
        Assert.That((await CheckAsync(store, 1057)).BatchEnd.Value, Is.EqualTo(1057));
        Assert.That(disk.List("views/hourly/_rebuild"), Is.Empty);
    }

    internal static async Task FillAsync(InMemoryStorage disk, int events, Action<LambdaStoreOptions<Ride>>? configure = null)
    {
        await using LambdaStore<Ride> store = Open(disk, configure ?? (o => o.AddView(View.Of<Ride>("other").GroupBy(e => e.Zone).Select(g => g.Count()))));
        for (int start = 0; start < events; start += 250)
        {
            await store.AppendAsync(Range(start, Math.Min(250, events - start)));
            await store.RunBatchAsync();
        }
    }

    internal static async Task<Receipt> CheckAsync(LambdaStore<Ride> store, long end)
    {
        ViewAnswer<HourOfZone, Rides> answer = await store.Query(Hourly).ExecuteAsync();
        Assert.That(answer.Receipt.Range, Is.EqualTo(new LogRange(LogPosition.Zero, new LogPosition(end))));
        Assert.That(answer.Rows.ToDictionary(r => r.Key, r => r.Result), Is.EquivalentTo(Expected(end)));
        return answer.Receipt;
    }
}
