using LambdaCore.Storage;
using NUnit.Framework;
using static LambdaCore.Tests.EndToEnd.Rebuilds.Ride;

namespace LambdaCore.Tests.EndToEnd.Rebuilds;

/// <summary>Rebuilds keep to their share of the time, pause, are tried again, are cancelled, and swap by hand; all by a simulated clock.</summary>
[TestFixture]
internal sealed class SteeringTests
{
    private SimulatedClock _clock = null!;
    private InMemoryStorage _disk = null!;
    private LambdaStore<Ride> _store = null!;

    [SetUp]
    public async Task FillAsync()
    {
        _clock = new SimulatedClock { PerLook = TimeSpan.FromSeconds(1) };
        _disk = new InMemoryStorage();
        await NewDefinitionTests.FillAsync(_disk, 500, o => o.AddView(Hourly));
        _store = Open(_disk, o =>
        {
            o.AddView(Hourly);
            o.TimeProvider = _clock;
            o.Rebuilds = o.Rebuilds with { Share = 0.25 };
        });
    }

    [TearDown]
    public async Task CloseAsync()
    {
        _disk.BeforeCall = null;
        await _store.DisposeAsync();
        _disk.Dispose();
    }

    [Test]
    public async Task A_rebuild_rests_three_times_as_long_as_it_works_if_a_quarter_of_the_time_is_its_share()
    {
        ViewRebuild rebuild = await ReprocessAsync();
        for (int step = 1; step <= 5; step++)
        {
            // Between two looks a second passes: before the step and after it, and within it where it looks.
            await UntilAsync(() => rebuild.Status.Events == 100 * step && _clock.NextTimer is not null);
            TimeSpan rest = _clock.NextTimer!.Value - _clock.GetUtcNow();
            Assert.That(rest.TotalSeconds % 3, Is.Zero.Within(1e-6));
            Assert.That(rest, Is.GreaterThanOrEqualTo(TimeSpan.FromSeconds(3)));
            Assert.That(Parts(), Has.Count.EqualTo(step));
            _clock.Advance(rest - TimeSpan.FromTicks(1));
            Assert.That((rebuild.Status.Events, Parts().Count), Is.EqualTo((100L * step, step)), "It still rests.");
            Assert.That(rebuild.Status.TotalEvents, Is.EqualTo(500));
            Assert.That(rebuild.Status.Remaining, step == 5 ? Is.EqualTo(TimeSpan.Zero) : Is.GreaterThan(TimeSpan.Zero));
            _clock.Advance(TimeSpan.FromTicks(1));
        }

        await _clock.AdvanceUntilAsync(rebuild.Completion);
        await NewDefinitionTests.CheckAsync(_store, 500);
    }

    [Test]
    public async Task A_pause_lets_no_step_begin()
    {
        ViewRebuild rebuild = await ReprocessAsync();
        await UntilAsync(() => rebuild.Status.Events == 100 && _clock.NextTimer is not null);
        rebuild.Pause();
        _clock.Advance(TimeSpan.FromDays(1));
        await _store.AppendAsync(Range(500, 10));
        await _store.RunBatchAsync();
        Assert.That((rebuild.Status.IsPaused, rebuild.Status.Events, Parts().Count), Is.EqualTo((true, 100L, 1)));
        rebuild.Resume();
        await _clock.AdvanceUntilAsync(rebuild.Completion);
        Assert.That(rebuild.Status.IsPaused, Is.False);
        await NewDefinitionTests.CheckAsync(_store, 510);
    }

    [Test]
    public async Task A_step_that_fails_is_tried_again_after_a_second_then_after_two()
    {
        _disk.BeforeCall = call =>
        {
            if (call.Path.EndsWith(".run", StringComparison.Ordinal))
            {
                throw new StorageException("The disk refuses.");
            }
        };
        ViewRebuild rebuild = await ReprocessAsync();
        foreach ((int failures, int seconds) in new[] { (1, 1), (2, 2), (3, 4) })
        {
            // The rest after a step may be longer than the wait for the next attempt.
            await UntilAsync(() => rebuild.Status.ConsecutiveFailures == failures, _clock);
            Assert.That(rebuild.Status.LastFailure, Is.TypeOf<StorageException>());
            Assert.That(rebuild.Status.NextAttempt, Is.EqualTo(_clock.GetUtcNow() + TimeSpan.FromSeconds(seconds)).Within(TimeSpan.FromHours(1)));
            Assert.That(rebuild.Status.ToString(), Does.Contain("The disk refuses."));
            await NewDefinitionTests.CheckAsync(_store, 500);
        }

        _disk.BeforeCall = null;
        await _clock.AdvanceUntilAsync(rebuild.Completion);
        Assert.That((rebuild.Status.ConsecutiveFailures, rebuild.Status.NextAttempt), Is.EqualTo((0, (DateTimeOffset?)null)));
        await NewDefinitionTests.CheckAsync(_store, 500);
    }

    [Test]
    public async Task A_rebuild_that_is_cancelled_leaves_nothing_behind()
    {
        ViewRebuild rebuild = await ReprocessAsync();
        await UntilAsync(() => rebuild.Status.Events >= 100);
        Assert.That(() => ReprocessAsync(), Throws.InvalidOperationException.With.Message.Contains("hourly"));
        await rebuild.CancelAsync();
        Assert.That(() => rebuild.Completion, Throws.InstanceOf<OperationCanceledException>());
        Assert.That((rebuild.Status.Phase, _disk.List("views/hourly/_rebuild").Count), Is.EqualTo((RebuildPhase.Cancelled, 0)));
        Assert.That(Directory.GetFiles(_disk.ScratchFolder).Select(Path.GetExtension), Is.All.EqualTo(".parquet"), "Only segments lie there, which this storage keeps for DuckDB.");
        await NewDefinitionTests.CheckAsync(_store, 500);
        await rebuild.CancelAsync();
        rebuild = await ReprocessAsync();
        await _clock.AdvanceUntilAsync(rebuild.Completion);
        Assert.That(_store.Rebuilds, Is.EqualTo(new[] { rebuild }));
    }

    [Test]
    public async Task New_layers_wait_for_the_hand_that_swaps_them_and_are_up_to_date_then()
    {
        ViewRebuild rebuild = await ReprocessAsync(swapByHand: true);
        await UntilAsync(() => rebuild.Status.Phase == RebuildPhase.Ready, _clock);
        await _store.AppendAsync(Range(500, 300));
        await _store.RunBatchAsync();
        await _store.AppendAsync(Range(800, 30));
        _clock.Advance(TimeSpan.FromDays(1));
        IReadOnlyList<LayerReceipt> layers = (await NewDefinitionTests.CheckAsync(_store, 830)).Layers;
        Assert.That((rebuild.Status.Phase, layers[^1].Range.Start.Value), Is.EqualTo((RebuildPhase.Ready, 800L)));
        await _clock.AdvanceUntilAsync(rebuild.SwapAsync());
        Assert.That((await NewDefinitionTests.CheckAsync(_store, 830)).BatchEnd.Value, Is.EqualTo(830));
    }

    [Test]
    public async Task The_rebuild_of_a_new_definition_cannot_be_cancelled()
    {
        await _store.DisposeAsync();
        _store = Open(_disk, o =>
        {
            o.AddView(ByZone);
            o.TimeProvider = _clock;
            o.Rebuilds = o.Rebuilds with { Share = 0.25 };
        });
        ViewRebuild rebuild = _store.Rebuilds.Single();
        Assert.That(rebuild.CancelAsync, Throws.InvalidOperationException.With.Message.Contains("hourly"));
        Assert.That(() => _store.ReprocessAsync(ByZone, null, null, "again"), Throws.InvalidOperationException);
        Assert.That(await _store.ReprocessAsync(null, null, "again"), Is.Empty);
        await _clock.AdvanceUntilAsync(rebuild.Completion);
        await rebuild.CancelAsync();
        Assert.That(rebuild.Status.Phase, Is.EqualTo(RebuildPhase.Done));
    }

    [Test]
    public async Task A_rebuild_goes_on_when_the_store_is_opened_again()
    {
        ViewRebuild rebuild = await ReprocessAsync(swapByHand: true);
        await UntilAsync(() => rebuild.Status.Events == 200, _clock);
        await _store.DisposeAsync();
        Assert.That(() => rebuild.Completion, Throws.InstanceOf<ObjectDisposedException>());
        _store = Open(_disk, o => o.AddView(Hourly));
        ViewRebuild again = _store.Rebuilds.Single();
        Assert.That((again.Id, again.Status.Reason, again.Status.By), Is.EqualTo((rebuild.Id, "a test", "somebody")));
        await UntilAsync(() => again.Status.Phase == RebuildPhase.Ready);
        await again.SwapAsync();
        await NewDefinitionTests.CheckAsync(_store, 500);
    }

    [Test]
    public async Task Parts_whose_events_are_corrected_meanwhile_are_computed_again_and_no_others()
    {
        ViewRebuild rebuild = await ReprocessAsync();
        await UntilAsync(() => rebuild.Status.Events == 400, _clock);
        List<string> computed = [];
        _disk.BeforeCall = call =>
        {
            if (call.Operation == StorageOperation.Rename && call.Path.EndsWith(".run", StringComparison.Ordinal))
            {
                computed.Add(Path.GetFileName(call.Path)[..20]);
            }
        };
        DateTimeOffset at = Of(50).At;
        await _store.CorrectAsync(e => e.At == at, set => set.Set(e => e.Length, 1000), "a test");
        await _clock.AdvanceUntilAsync(rebuild.Completion);
        _disk.BeforeCall = null;

        // The log was sealed into segments of 250 events, of which the first was written anew.
        Assert.That(computed.Order().Select(int.Parse), Is.EqualTo(new[] { 0, 100, 200, 400 }));
        ViewAnswer<HourOfZone, Rides> answer = await _store.Query(Hourly).ExecuteAsync();
        Assert.That(answer.Receipt.Revision, Is.Positive);
        Assert.That(answer.Rows.Sum(r => r.Result.Length), Is.EqualTo(Range(0, 500).Sum(e => e.Length) - Of(50).Length + 1000));
        Assert.That(answer.Rows.Single(r => r.Key == new HourOfZone(DateTimeOffset.UnixEpoch, Of(50).Zone)).Result.Longest, Is.EqualTo(1000));
        Assert.That((await rebuild.CompareAsync()).IsSame, Is.True, "The old layers have followed the correction too.");
    }

    [Test]
    public void What_is_asked_for_must_make_sense()
    {
        DateTimeOffset noon = DateTimeOffset.UnixEpoch.AddHours(12);
        Assert.That(() => _store.ReprocessAsync(Hourly, null, null, " "), Throws.ArgumentException.With.Message.Contains("reason"));
        Assert.That(() => _store.ReprocessAsync(Hourly, noon, noon, "why not"), Throws.ArgumentException.With.Message.Contains("1970-01-01T12:00:00"));
        Assert.That(() => _store.ReprocessAsync(ByZone, null, null, "why not"), Throws.ArgumentException.With.Message.Contains("another definition"));
        Assert.That(() => Open(_disk, o => o.Rebuilds = new RebuildOptions { Share = 0 }), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("Share"));
        Assert.That(() => Open(_disk, o => o.Rebuilds = new RebuildOptions { StepEvents = 0 }), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("StepEvents"));
    }

    private Task<ViewRebuild> ReprocessAsync(bool swapByHand = false) => _store.ReprocessAsync(Hourly, null, null, "a test", "somebody", swapByHand);

    private List<string> Parts() => [.. _disk.List("views/hourly/_rebuild").Where(f => f.EndsWith(".run", StringComparison.Ordinal))];

    private static async Task UntilAsync(Func<bool> condition, SimulatedClock? clock = null)
    {
        while (!condition())
        {
            clock?.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(1);
        }
    }
}
