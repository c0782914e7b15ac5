using LambdaCore.Storage;
using LambdaCore.Tests.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd.Changes;

/// <summary>Views follow a change of the log whatever the disk does, and until they have they answer for the revision before.</summary>
internal sealed class FollowingTests
{
    private static readonly ViewDefinition<Visit, int, Sums> ByPage =
        View.Of<Visit>("by_page").GroupBy(e => e.Page).Select(g => new Sums(g.Count(), g.Sum(e => e.Seconds)));

    private static readonly ViewDefinition<Visit, DateTimeOffset, Sums> ByHour =
        View.Of<Visit>("by_hour").GroupBy(e => Window.Hour(e.At)).Select(g => new Sums(g.Count(), g.Sum(e => e.Seconds)));

    [Test]
    public async Task Only_affected_keys_are_computed_and_layers_without_any_stay()
    {
        using InMemoryStorage disk = new();
        await using LambdaStore<Visit> store = Open(disk);
        await FillAsync(store);
        string[] before = Layers(store);
        Correction correction = await store.CorrectAsync(e => e.Page == 7 && e.Seconds < 60, s => s.Set(e => e.Page, 8), "moved");
        Assert.That(correction.Views.Select(v => (v.Name, v.Keys, v.Failure)), Is.EqualTo(new (string, long, string?)[] { ("by_page", 2, null), ("by_hour", 0, null) }));
        Assert.That(Layers(store).Intersect(before).Count(), Is.EqualTo(before.Length - 1), "one layer of one view");
        await CheckAsync(store, Changed, correction.Revision);
    }

    /// <summary>Every storage call of a correction is refused once, and every one is the last before the process dies or the power is cut.</summary>
    [Test]
    public async Task Views_follow_a_correction_that_ends_at_any_storage_call([Values] Ending ending)
    {
        (int behind, int answers, int asking) = (0, 0, 0);
        await new EachCall<Visit>
        {
            Open = disk => Open(disk),
            Fill = FillAsync,
            Operate = async store => behind += (await CorrectAsync(store)).Views.Any(v => v.Failure is not null) ? 1 : 0,
            Meanwhile = store =>
            {
                if (Interlocked.Exchange(ref asking, 1) == 0)
                {
                    try
                    {
                        // In the middle of things every answer is exact for the revision that it says.
                        CheckAsync(store, Changed, null).GetAwaiter().GetResult();
                        answers++;
                    }
                    finally
                    {
                        asking = 0;
                    }
                }
            },
            AfterRefusal = async (store, _) =>
            {
                await CheckAsync(store, Changed, null);
                if (await CatchesUpAsync(store))
                {
                    await CheckAsync(store, Changed, StoreInternals<Visit>.Of(store).Log.Revision);
                }
            },
            Check = async (again, _, _) =>
            {
                long revision = StoreInternals<Visit>.Of(again).Log.Revision;
                await CheckAsync(again, Changed, revision);
                return revision > 0;
            },
            AtLeast = (11, 4),
        }.RunAsync(ending, Seed.Random(out _));
        TestContext.Out.WriteLine($"{behind} times with views behind; {answers} answers on the way");
        Assert.That(ending != Ending.Refusal || behind > 5);
        Assert.That(answers, Is.GreaterThan(100));
    }

    [Test]
    public async Task A_view_is_computed_anew_when_the_segments_before_a_change_are_gone()
    {
        using InMemoryStorage disk = new();
        await using (LambdaStore<Visit> store = Open(disk))
        {
            await FillAsync(store);
        }

        string[] gone;
        await using (LambdaStore<Visit> store = Open(disk, ByHour))
        {
            await CorrectAsync(store);
            gone = [.. StoreInternals<Visit>.Of(store).Log.RewrittenSince(0)!.SelectMany(r => r.Old).Select(f => f.File.Path)];
        }

        Assert.That(gone, Is.Not.Empty);
        Array.ForEach(gone, n => disk.Delete($"log/{n}"));
        await using LambdaStore<Visit> again = Open(disk);
        await CheckAsync(again, Changed, StoreInternals<Visit>.Of(again).Log.Revision);
    }

    private static Visit[] Visits { get; } =
        [.. Enumerable.Range(0, 240).Select(i => new Visit(DateTimeOffset.UnixEpoch.AddMinutes(i * 5), i % 40, i))];

    private static Visit[] Changed => [.. Visits.Select(e => e is { Page: 7, Seconds: < 60 } ? e with { Page = 8 } : e)];

    private static Task<Correction> CorrectAsync(LambdaStore<Visit> store) => store.CorrectAsync(e => e.Page == 7 && e.Seconds < 60, s => s.Set(e => e.Page, 8), "moved");

    private static async Task FillAsync(LambdaStore<Visit> store)
    {
        // Layers that are not in proportion to be merged.
        await store.AppendAsync(Visits.AsMemory(0, 235));
        await store.RunBatchAsync();
        await store.AppendAsync(Visits.AsMemory(235));
        await store.RunBatchAsync();
    }

    private static string[] Layers(LambdaStore<Visit> store) => [.. StoreInternals<Visit>.Of(store).Views.SelectMany(v => v.Snapshot.Batches.Select(b => b.Lookup.Path))];

    private static async Task<bool> CatchesUpAsync(LambdaStore<Visit> store)
    {
        try
        {
            await store.RunBatchAsync();
            return true;
        }
        catch (LambdaCoreException error) when (error.LastsUntilReopened)
        {
            return false;
        }
    }

    /// <summary>Asks both views for everything.</summary>
    private static async Task CheckAsync(LambdaStore<Visit> store, Visit[] changed, long? revision)
    {
        ViewAnswer<int, Sums> pages = await store.Query(ByPage).ExecuteAsync();
        ViewAnswer<DateTimeOffset, Sums> hours = await store.Query(ByHour).ExecuteAsync();
        Assert.That(pages.Rows.Select(r => (r.Key, r.Result)), Is.EqualTo(Of(pages.Receipt).GroupBy(e => e.Page).OrderBy(g => g.Key).Select(g => (g.Key, Sum(g)))));
        Assert.That(hours.Rows.Select(r => (r.Key.Hour, r.Result)), Is.EqualTo(Of(hours.Receipt).GroupBy(e => e.At.Hour).OrderBy(g => g.Key).Select(g => (g.Key, Sum(g)))));
        if (revision is not null)
        {
            Assert.That((pages.Receipt.Revision, hours.Receipt.Revision), Is.EqualTo((revision, revision)));
        }

        Visit[] Of(Receipt receipt) => receipt.Revision == 0 ? Visits : changed;
    }

    private static Sums Sum(IEnumerable<Visit> visits) => new(visits.Count(), visits.Sum(e => e.Seconds));

    private static LambdaStore<Visit> Open(InMemoryStorage disk, params ViewDefinition<Visit>[] views)
    {
        LambdaStoreOptions<Visit> options = new() { BatchThreads = 1, SegmentEvents = 100 };
        options.EventTime(e => e.At);
        foreach (ViewDefinition<Visit> view in views.Length == 0 ? [ByPage, ByHour] : views)
        {
            options.AddView(view);
        }

        options.Validate();
        return StoreOpening.Open("memory", disk, options);
    }

    private sealed record Visit(DateTimeOffset At, int Page, long Seconds);

    private sealed record Sums(long Visits, long Seconds);
}
