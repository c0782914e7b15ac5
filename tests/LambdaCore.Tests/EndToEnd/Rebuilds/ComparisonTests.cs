using LambdaCore.Storage;
using NUnit.Framework;
using static LambdaCore.Tests.EndToEnd.Rebuilds.Ride;

namespace LambdaCore.Tests.EndToEnd.Rebuilds;

/// <summary>Comparing the layers of a view with those that are to take their place: always over the same events, or it says why not.</summary>
[TestFixture]
internal sealed class ComparisonTests
{
    private InMemoryStorage _disk = null!;
    private LambdaStore<Ride> _store = null!;

    [SetUp]
    public async Task FillAsync()
    {
        _disk = new InMemoryStorage();
        await NewDefinitionTests.FillAsync(_disk, 250, o => o.AddView(Hourly));
        _store = Open(_disk, o => o.AddView(Hourly));
    }

    [TearDown]
    public async Task CloseAsync()
    {
        _disk.BeforeCall = null;
        await _store.DisposeAsync();
        _disk.Dispose();
    }

    [Test]
    public async Task A_rebuild_that_was_cancelled_has_no_comparison()
    {
        ViewRebuild rebuild = await ReadyAsync();
        await rebuild.CancelAsync();
        Assert.That(() => rebuild.CompareAsync(), Throws.InvalidOperationException.With.Message.Contains("Cancelled").And.Message.Contains("hourly"));
        await NewDefinitionTests.CheckAsync(_store, 250);
    }

    [Test]
    public async Task Who_waits_for_a_comparison_is_told_when_the_rebuild_is_cancelled()
    {
        ViewRebuild rebuild = await _store.ReprocessAsync(Hourly, null, null, "a test", swapByHand: true);
        rebuild.Pause();
        Task<ViewComparison> comparison = rebuild.CompareAsync();
        await rebuild.CancelAsync();
        try
        {
            Assert.That((await comparison).IsSame, "it may have been ready before");
        }
        catch (InvalidOperationException error)
        {
            Assert.That(error.Message, Does.Contain("Cancelled"));
        }
    }

    [Test]
    public async Task A_new_definition_has_nothing_to_compare_with()
    {
        await _store.DisposeAsync();
        _store = Open(_disk, o => o.AddView(ByZone));
        ViewRebuild rebuild = _store.Rebuilds.Single();
        Assert.That(() => rebuild.CompareAsync(), Throws.InvalidOperationException.With.Message.Contains("is new"));
        await rebuild.Completion;
    }

    [Test]
    public async Task What_is_corrected_while_new_layers_wait_is_in_both_sides_of_the_comparison([Values] bool ofWindows)
    {
        ViewRebuild rebuild = await ReadyAsync(ofWindows);
        Assert.That((await rebuild.CompareAsync()).IsSame, Is.True);
        DateTimeOffset at = Of(70).At;
        await _store.CorrectAsync(e => e.At == at, set => set.Set(e => e.Length, 1000), "a test");
        await _store.AppendAsync(Range(250, 20));
        ViewComparison comparison = await rebuild.CompareAsync();
        Assert.That((comparison.IsSame, comparison.Position.Value), Is.EqualTo((true, 270L)));
        await rebuild.SwapAsync();
        await CheckCorrectedAsync(270);
    }

    [Test]
    public async Task A_swap_that_comes_after_a_correction_swaps_layers_that_have_it([Values] bool ofWindows)
    {
        ViewRebuild rebuild = await ReadyAsync(ofWindows);
        DateTimeOffset at = Of(70).At;
        await _store.CorrectAsync(e => e.At == at, set => set.Set(e => e.Length, 1000), "a test");
        await rebuild.SwapAsync();
        await CheckCorrectedAsync(250);
        Assert.That((await rebuild.CompareAsync()).IsSame, Is.True);
    }

    [Test]
    public async Task A_view_that_has_not_followed_the_log_follows_it_before_it_is_compared()
    {
        ViewRebuild rebuild = await ReadyAsync();
        await CorrectInVainAsync();
        Assert.That((await rebuild.CompareAsync()).IsSame, Is.True);
        await rebuild.SwapAsync();
        await CheckCorrectedAsync(250);
    }

    [Test]
    public async Task Windows_of_a_view_that_has_not_followed_the_log_wait_for_the_batch_run_that_lets_it()
    {
        SimulatedClock clock = new();
        await _store.DisposeAsync();
        _store = Open(_disk, o =>
        {
            o.AddView(Hourly);
            o.TimeProvider = clock;
        });
        ViewRebuild rebuild = await ReadyAsync(ofWindows: true);
        await CorrectInVainAsync();
        Task<ViewComparison> comparison = rebuild.CompareAsync();
        while (rebuild.Status.LastFailure is null)
        {
            await Task.Delay(1);
        }

        Assert.That(rebuild.Status.LastFailure.Message, Does.Contain("'hourly' has not followed the log").And.Contain("next batch run"));
        await _store.RunBatchAsync();
        await clock.AdvanceUntilAsync(comparison);
        Assert.That((await comparison).IsSame, Is.True);
        await clock.AdvanceUntilAsync(rebuild.SwapAsync());
        await CheckCorrectedAsync(250);
    }

    [Test]
    public async Task A_damaged_layer_whose_other_windows_are_to_stay_is_computed_anew_first()
    {
        await _store.DisposeAsync();
        string lookup = $"views/hourly/_lookup/{_disk.List("views/hourly/_lookup").Single()}";
        byte[] content = _disk.ReadAll(lookup);
        content[content.Length / 4] ^= 0x55;
        _disk.Delete(lookup);
        _disk.PublishNew(lookup, content);
        _store = Open(_disk, o => o.AddView(Hourly));
        ViewRebuild rebuild = await ReadyAsync(ofWindows: true);
        Assert.That((await rebuild.CompareAsync()).IsSame, Is.True);
        await rebuild.SwapAsync();
        await NewDefinitionTests.CheckAsync(_store, 250);
    }

    [Test]
    public async Task New_layers_that_nobody_has_compared_are_compared_after_the_swap()
    {
        ViewRebuild rebuild = await _store.ReprocessAsync(Hourly, null, null, "a test");
        ViewComparison comparison = await rebuild.CompareAsync();
        Assert.That((comparison.IsSame, rebuild.Status.Phase), Is.EqualTo((true, RebuildPhase.Done)));
    }

    private async Task<ViewRebuild> ReadyAsync(bool ofWindows = false)
    {
        ViewRebuild rebuild = await _store.ReprocessAsync(
            Hourly, ofWindows ? DateTimeOffset.UnixEpoch.AddHours(1) : null, ofWindows ? DateTimeOffset.UnixEpoch.AddHours(3) : null, "a test", swapByHand: true);
        while (rebuild.Status.Phase != RebuildPhase.Ready)
        {
            await Task.Delay(1);
        }

        return rebuild;
    }

    /// <summary>Corrects an event in the log, but lets the disk refuse the view's new layer.</summary>
    private async Task CorrectInVainAsync()
    {
        DateTimeOffset at = Of(70).At;
        _disk.BeforeCall = call => _ = call.Path.StartsWith("views/hourly/_lookup", StringComparison.Ordinal) && call.Operation == StorageOperation.Rename
            ? throw new StorageException("The disk refuses.")
            : 0;
        Correction receipt = await _store.CorrectAsync(e => e.At == at, set => set.Set(e => e.Length, 1000), "a test");
        _disk.BeforeCall = null;
        Assert.That(receipt.Views.Single().Failure, Does.Contain("The disk refuses."));
    }

    private async Task CheckCorrectedAsync(int end)
    {
        ViewAnswer<HourOfZone, Rides> answer = await _store.Query(Hourly).ExecuteAsync();
        Assert.That(answer.Receipt.BatchEnd.Value, Is.EqualTo(end));
        Assert.That(answer.Rows.Sum(r => r.Result.Length), Is.EqualTo(Range(0, end).Sum(e => e.Length) - Of(70).Length + 1000));
        Assert.That(answer.Rows.Max(r => r.Result.Longest), Is.EqualTo(1000));
    }
}
