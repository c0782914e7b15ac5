using LambdaCore.Storage;
using NUnit.Framework;
using static LambdaCore.Tests.EndToEnd.Rebuilds.Ride;

namespace LambdaCore.Tests.EndToEnd.Rebuilds;

/// <summary>A view over a history that it has no layers of: computed in the background, while it answers from the log.</summary>
[TestFixture]
internal sealed class NewDefinitionTests
{
    private readonly SimulatedClock _clock = new() { PerLook = TimeSpan.FromSeconds(1) };

    [Test]
    public async Task A_new_view_answers_from_the_log_until_its_layers_serve()
    {
        using InMemoryStorage disk = new();
        await FillAsync(disk, 1000);
        await using LambdaStore<Ride> store = OpenSlowly(disk, Hourly);
        await store.AppendAsync(Range(1000, 50));

        RebuildStatus status = store.Rebuilds.Single().Status;
        Assert.That((status.View, status.Kind, status.Reason), Is.EqualTo(("hourly", RebuildKind.NewDefinition, (string?)null)));
        Assert.That(store.Describe(), Does.Contain("view hourly is computed anew (its definition is new)"));
        Receipt receipt = await CheckAsync(store, 1050);
        Assert.That((receipt.BatchEnd.Value, receipt.Source), Is.EqualTo((0L, AnswerSource.Log | AnswerSource.Speed)));
        BatchRun run = await store.RunBatchAsync();
        Assert.That(run.Views, Is.Empty, "A batch run leaves the view to its rebuild.");
        Assert.That((await CheckAsync(store, 1050)).BatchEnd.Value, Is.Zero);
        Task<ViewAnswer<HourOfZone, Rides>> waiting = store.Query(Hourly).WaitForRebuild().ExecuteAsync().AsTask();
        Assert.That(waiting.IsCompleted, Is.False);

        await _clock.AdvanceUntilAsync(store.WaitForViewsAsync());
        Assert.That((await waiting).Receipt.BatchEnd.Value, Is.EqualTo(1050));
        receipt = await CheckAsync(store, 1050);
        Assert.That((receipt.BatchEnd.Value, receipt.Source), Is.EqualTo((1050L, AnswerSource.Batch)));
        status = store.Rebuilds.Single().Status;
        Assert.That((status.Phase, status.Events, status.TotalEvents), Is.EqualTo((RebuildPhase.Done, 1050L, 1050L)));
        Assert.That(store.Describe(), Does.Not.Contain("is computed anew"));
        await store.AppendAsync(Range(1050, 7));
        run = await store.RunBatchAsync();
        Assert.That(run.Views.Single().Range, Is.EqualTo(new LogRange(new LogPosition(1050), new LogPosition(1057))));
        Assert.That((await CheckAsync(store, 1057)).BatchEnd.Value, Is.EqualTo(1057));
        Assert.That(disk.List("views/hourly/_rebuild"), Is.Empty);
    }

    [Test]
    public async Task A_definition_that_comes_back_before_the_other_serves_has_its_layers_still()
    {
        using InMemoryStorage disk = new();
        await FillAsync(disk, 500, o => o.AddView(Hourly));
        string[] before = [.. disk.List("views/hourly")];
        await using (LambdaStore<Ride> store = OpenSlowly(disk, ByZone))
        {
            Assert.That((await store.Query(ByZone).ExecuteAsync()).Rows.Sum(r => r.Result), Is.EqualTo(Range(0, 500).Sum(e => e.Length)));
            Assert.That(disk.List("views/hourly"), Is.EqualTo(before));
        }

        await using (LambdaStore<Ride> store = OpenSlowly(disk, Hourly))
        {
            Assert.That(store.Rebuilds, Is.Empty);
            Assert.That((await CheckAsync(store, 500)).BatchEnd.Value, Is.EqualTo(500));
            Assert.That(disk.List("views/hourly/_rebuild"), Is.Empty, "What was computed for the other definition is of no use.");
        }

        await using (LambdaStore<Ride> store = OpenSlowly(disk, ByZone))
        {
            await _clock.AdvanceUntilAsync(store.WaitForViewsAsync());
            Assert.That(disk.List("views/hourly"), Is.Not.SupersetOf(before), "The new definition serves, so the old one's files have gone.");
        }

        await using LambdaStore<Ride> again = OpenSlowly(disk, ByZone);
        Assert.That(again.Rebuilds, Is.Empty);
        ViewAnswer<string, long> answer = await again.Query(ByZone).ExecuteAsync();
        Assert.That((answer.Receipt.BatchEnd.Value, answer.Rows.Sum(r => r.Result)), Is.EqualTo((500L, Range(0, 500).Sum(e => e.Length))));
    }

    [Test]
    public async Task A_new_definition_beside_the_layers_of_another_goes_on_when_the_store_is_opened_again()
    {
        using InMemoryStorage disk = new();
        await FillAsync(disk, 500, o => o.AddView(Hourly));
        Guid id;
        await using (LambdaStore<Ride> store = OpenSlowly(disk, ByZone))
        {
            id = store.Rebuilds.Single().Id;
        }

        await using LambdaStore<Ride> again = OpenSlowly(disk, ByZone);
        Assert.That(again.Rebuilds.Single().Id, Is.EqualTo(id));
        await _clock.AdvanceUntilAsync(again.WaitForViewsAsync());
        ViewAnswer<string, long> answer = await again.Query(ByZone).ExecuteAsync();
        Assert.That((answer.Receipt.BatchEnd.Value, answer.Rows.Sum(r => r.Result)), Is.EqualTo((500L, Range(0, 500).Sum(e => e.Length))));
    }

    [Test]
    public async Task Another_projection_of_the_same_states_needs_no_rebuild()
    {
        ViewDefinition<Ride, HourOfZone, RidesAndMean> projected = View.Of<Ride>("hourly")
            .GroupBy(e => new HourOfZone(Window.Hour(e.At), e.Zone))
            .Select(g => new RidesAndMean(g.Count(), g.Sum(e => e.Length), g.Max(e => e.Length), g.ApproxDistinct(e => e.Length), (double)g.Sum(e => e.Length) / g.Count()));
        Assert.That(projected.ResultText, Is.Not.EqualTo(Hourly.ResultText));
        using InMemoryStorage disk = new();
        await FillAsync(disk, 500, o => o.AddView(Hourly));
        await using LambdaStore<Ride> store = OpenSlowly(disk, projected);
        Assert.That(store.Rebuilds, Is.Empty);
        Assert.That((await store.Query(projected).ExecuteAsync()).Receipt.Source, Is.EqualTo(AnswerSource.Batch));
    }

    [Test]
    public async Task A_full_batch_run_overtakes_the_rebuild()
    {
        using InMemoryStorage disk = new();
        await FillAsync(disk, 1000);
        await using LambdaStore<Ride> store = OpenSlowly(disk, Hourly);
        await store.RunBatchAsync(BatchMode.Full);
        Assert.That((await CheckAsync(store, 1000)).BatchEnd.Value, Is.EqualTo(1000));
        await _clock.AdvanceUntilAsync(store.WaitForViewsAsync());
        Assert.That((await CheckAsync(store, 1000)).Layers, Has.Count.EqualTo(2));
        Assert.That(disk.List("views/hourly/_rebuild"), Is.Empty);
    }

    [Test]
    public async Task A_short_history_is_folded_while_the_store_opens()
    {
        using InMemoryStorage disk = new();
        await FillAsync(disk, 500);
        await using (LambdaStore<Ride> store = Open(disk, o =>
        {
            o.AddView(Hourly);
            o.Rebuilds = o.Rebuilds with { FoldedAtOpening = 500 };
        }))
        {
            Assert.That(store.Rebuilds, Is.Empty);
            Assert.That((await CheckAsync(store, 500)).Source, Is.EqualTo(AnswerSource.Speed));
        }

        await using LambdaStore<Ride> asked = Open(disk, o =>
        {
            o.AddView(Hourly);
            o.Rebuilds = o.Rebuilds with { InBackground = false };
        });
        Assert.That(asked.Rebuilds, Is.Empty);
        await asked.RunBatchAsync();
        Assert.That((await CheckAsync(asked, 500)).Source, Is.EqualTo(AnswerSource.Batch));
    }

    [Test]
    public async Task A_schedule_does_not_run_after_what_a_rebuild_will_cover()
    {
        using InMemoryStorage disk = new();
        await FillAsync(disk, 1000);
        await using LambdaStore<Ride> store = OpenSlowly(disk, Hourly, o => o.BatchSchedule = BatchSchedule.AfterEvents(10));
        await store.AppendAsync(Range(1000, 9));
        Assert.That(store.BatchStatus.LastRun, Is.Null);
        await CheckAsync(store, 1009);
        await _clock.AdvanceUntilAsync(store.WaitForViewsAsync());
        await CheckAsync(store, 1009);
    }

    /// <summary>Opens a store whose rebuilds rest after their first step, until time passes.</summary>
    private LambdaStore<Ride> OpenSlowly(IStorage disk, ViewDefinition<Ride> view, Action<LambdaStoreOptions<Ride>>? configure = null) =>
        Open(disk, o =>
        {
            o.AddView(view);
            o.TimeProvider = _clock;
            o.Rebuilds = o.Rebuilds with { Share = 0.5 };
            configure?.Invoke(o);
        });

    internal static async Task FillAsync(InMemoryStorage disk, int events, Action<LambdaStoreOptions<Ride>>? configure = null)
    {
        await using LambdaStore<Ride> store = Open(disk, configure ?? (o => o.AddView(View.Of<Ride>("other").GroupBy(e => e.Zone).Select(g => g.Count()))));
        for (int start = 0; start < events; start += 250)
        {
            await store.AppendAsync(Range(start, Math.Min(250, events - start)));
            await store.RunBatchAsync();
        }
    }

    internal static async Task<Receipt> CheckAsync(LambdaStore<Ride> store, long? end = null)
    {
        ViewAnswer<HourOfZone, Rides> answer = await store.Query(Hourly).ExecuteAsync();
        Assert.That(answer.Receipt.Range, Is.EqualTo(new LogRange(LogPosition.Zero, new LogPosition(end ?? answer.Receipt.Position.Value))));
        Assert.That(answer.Rows.ToDictionary(r => r.Key, r => r.Result), Is.EquivalentTo(Expected(answer.Receipt.Position.Value)));
        return answer.Receipt;
    }

    private sealed record RidesAndMean(long Count, long Length, long Longest, long Lengths, double Mean);
}
