using LambdaCore.Storage;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd.Changes;

/// <summary>What a preview says of the rows of views is what the correction then makes of them; and the preview itself changes nothing.</summary>
internal sealed class PreviewTests
{
    private const int DefaultSequences = 4;
    private const int MostTold = 20;

    private static readonly Watched[] Views =
    [
        new Watched<int>(View.Of<Step>("pages").GroupBy(e => e.Page).Select(g => new Sums(g.Count(), g.Sum(e => e.Seconds)))),
        new Watched<UserHour>(View.Of<Step>("hours").GroupBy(e => new UserHour(Window.Hour(e.At), e.User)).Select(g => new Sums(g.Count(), g.Max(e => e.Seconds)))),
        new Watched<DateTimeOffset>(View.Of<Step>("moving").Where(e => e.Page != 3)
            .GroupBy(e => Window.Hopping(e.At, TimeSpan.FromHours(1), TimeSpan.FromMinutes(20))).Select(g => new Sums(g.Count(), g.Sum(e => e.Seconds)))),
        new Watched<UserHour>(View.Of<Step>("visits")
            .GroupBy(e => new UserHour(Window.Session(e.At, TimeSpan.FromMinutes(15)), e.User)).Select(g => new Sums(g.Count(), g.Sum(e => e.Seconds)))),
        new Watched<bool>(View.Of<Step>("cheap").GroupBy(e => e.Price < 50).Select(g => new Sums(g.Count(e => e.Price > 10), g.Max(e => e.Page)))),
    ];

    [Test]
    public async Task A_preview_tells_the_rows_that_the_correction_then_changes()
    {
        int first = int.TryParse(Environment.GetEnvironmentVariable("LAMBDACORE_SEED"), out int given) ? given : Random.Shared.Next();
        int count = int.TryParse(Environment.GetEnvironmentVariable("LAMBDACORE_SEQUENCES"), out int asked) ? asked : DefaultSequences;
        Dictionary<string, int> seen = new() { ["added"] = 0, ["removed"] = 0, ["changed"] = 0, ["same"] = 0, ["rebuilding"] = 0, ["archived"] = 0 };
        for (int seed = first; seed < first + count; seed++)
        {
            await RunAsync(new Random(seed), $"LAMBDACORE_SEED={seed} LAMBDACORE_SEQUENCES=1", seen);
        }

        TestContext.Out.WriteLine($"seed {first}, {count} sequences: {string.Join(", ", seen.Select(s => $"{s.Value} {s.Key}"))}");
        Assert.That(seen.Where(s => s.Key is "added" or "removed" or "changed").Select(s => s.Value), Is.All.Positive);
    }

    [Test]
    public async Task A_preview_changes_no_file_and_leaves_none_behind()
    {
        string folder = Directory.CreateTempSubdirectory("lambdacore-preview-").FullName;
        try
        {
            await using LambdaStore<Step> store = await LambdaStore.OpenAsync<Step>(folder, o => Configure(o, Views));
            Random random = new(1);
            await store.AppendAsync(Enumerable.Range(0, 90).Select(_ => Step.Draw(random)).ToArray());
            await store.RunBatchAsync();
            await store.AppendAsync(Step.Draw(random));
            await store.RunBatchAsync();
            Dictionary<string, (long, DateTime)> before = Files(folder);
            CorrectionPreview<Step> typed = await store.PreviewAsync(e => e.Page == 1, s => s.Set(e => e.Page, 2));
            CorrectionPreview<Step> text = await store.PreviewAsync("Page = 1", "Page = 2");
            Assert.That(typed.Views.Select(v => v.View), Is.EqualTo(Views.Select(v => v.Definition.Name)));
            Assert.That(text.Views.Select(v => v.ToString()), Is.EqualTo(typed.Views.Select(v => v.ToString())));
            Assert.That(typed.Views[0].Removed, Is.EqualTo(1));
            Assert.That(Files(folder), Is.EquivalentTo(before));
            Assert.That(before.Keys.Where(f => f.Contains("scratch", StringComparison.Ordinal)), Is.Empty);
            Assert.That((await store.PreviewAsync(e => e.Page == 1, s => s.Set(e => e.Page, 1))).Views, Is.Empty, "nothing would change");
            Assert.That(Files(folder), Is.EquivalentTo(before));
            Assert.That(StoreInternals<Step>.Of(store).Log.Revision, Is.Zero);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Test]
    public async Task A_preview_tells_a_row_that_cannot_be_read_any_more()
    {
        Watched<int> few = new(View.Of<Step>("few").GroupBy(e => e.User).Select(g => new Sums(g.Count(), g.CountDistinct(e => e.Page, 2))));
        using InMemoryStorage disk = new();
        await using LambdaStore<Step> store = Open(disk, Retention.Forever, [few]);
        Step[] steps = [.. Enumerable.Range(0, 6).Select(i => new Step(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch, 1, i % 2, i, 0))];
        await store.AppendAsync(steps);
        ViewComparison view = (await store.PreviewAsync("Seconds = 5", "Page = 7")).Views.Single();
        Assert.That((view.Changed, view.Added, view.Removed), Is.EqualTo((1, 0, 0)));
        Assert.That(view.Largest.Single().Old, Is.EqualTo(new Sums(6, 2)));
        Assert.That(view.Largest.Single().New, Is.InstanceOf<string>().And.Contains("2"));
        Assert.That(view.Largest.Single().Size, Is.Zero);
    }

    private static async Task RunAsync(Random random, string again, Dictionary<string, int> seen)
    {
        using InMemoryStorage disk = new();
        Retention retention = random.Next(3) == 0 ? Retention.Of(bytes: 4000) : Retention.Forever;
        Watched[] early = random.Next(2) == 0 ? Views : Views[..2];
        await using (LambdaStore<Step> store = Open(disk, retention, early))
        {
            await FillAsync(store, random);
        }

        await using (LambdaStore<Step> store = Open(disk, retention, Views))
        {
            for (int change = 0; change < 3; change++)
            {
                await CheckAsync(store, random, $"{again}, change {change}", seen);
                await FillAsync(store, random);
            }
        }
    }

    private static async Task CheckAsync(LambdaStore<Step> store, Random random, string again, Dictionary<string, int> seen)
    {
        int page = random.Next(5);
        int user = random.Next(4);
        int minutes = random.Next(200);
        int kind = random.Next(4);
        (string where, string set) = kind switch
        {
            0 => ($"Page = {page}", $"Page = {page + random.Next(6)}"),
            1 => ($"\"User\" = {user} AND Page = {page}", "Seconds = Seconds * 2, Price = Price + 20"),
            2 => ($"Seconds = {random.Next(20)}", $"\"User\" = {user}, Page = 3"),
            _ => ($"Page = {page} AND Seconds < 10", "\"At\" = Other"),
        };
        again = $"{again}: {set} where {where}";
        CorrectionPreview<Step> preview = await store.PreviewAsync(where, set);
        Dictionary<string, Dictionary<object, Sums>> before = await RowsAsync(store);
        seen["rebuilding"] += StoreInternals<Step>.Of(store).Views.Count(v => v.IsRebuilding);
        seen["archived"] += store.RawStart > LogPosition.Zero ? 1 : 0;
        Correction correction = await store.CorrectAsync(where, set, "test");
        Dictionary<string, Dictionary<object, Sums>> after = await RowsAsync(store);
        Assert.That((preview.Events, preview.Position), Is.EqualTo((correction.Events, correction.Position)), again);
        Assert.That(preview.Views.Select(v => v.View), Is.EqualTo(correction.Events == 0 ? [] : Views.Select(v => v.Definition.Name)), again);
        foreach (ViewComparison view in preview.Views)
        {
            Check(view, before[view.View], after[view.View], seen, $"{again}: {view}");
        }
    }

    private static void Check(ViewComparison told, Dictionary<object, Sums> before, Dictionary<object, Sums> after, Dictionary<string, int> seen, string what)
    {
        object[] added = [.. after.Keys.Except(before.Keys)];
        object[] removed = [.. before.Keys.Except(after.Keys)];
        object[] changed = [.. before.Keys.Intersect(after.Keys).Where(k => before[k] != after[k])];
        Assert.That((told.Added, told.Removed, told.Changed), Is.EqualTo(((long)added.Length, (long)removed.Length, (long)changed.Length)), what);
        Assert.That(told.Rows, Is.InRange(added.Length + changed.Length, after.Count), what);
        foreach (RowDifference row in told.Largest)
        {
            Assert.That((row.Old, row.New), Is.EqualTo(((object?)before.GetValueOrDefault(row.Key!), (object?)after.GetValueOrDefault(row.Key!))), what);
        }

        IEnumerable<double> sizes = added.Concat(removed).Concat(changed)
            .Select(k => (before.GetValueOrDefault(k), after.GetValueOrDefault(k)) switch
            {
                (var old, var now) => (double)Math.Max(Math.Abs((old?.Count ?? 0) - (now?.Count ?? 0)), Math.Abs((old?.Seconds ?? 0) - (now?.Seconds ?? 0))),
            })
            .OrderDescending().Take(MostTold);
        Assert.That(told.Largest.Select(r => r.Size), Is.EqualTo(sizes), what);
        seen["added"] += added.Length;
        seen["removed"] += removed.Length;
        seen["changed"] += changed.Length;
        seen["same"] += told.IsSame ? 1 : 0;
    }

    private static async Task FillAsync(LambdaStore<Step> store, Random random)
    {
        for (int batches = random.Next(1, 4); batches > 0; batches--)
        {
            await store.AppendAsync(Enumerable.Range(0, random.Next(1, 60)).Select(_ => Step.Draw(random)).ToArray());
            if (random.Next(4) > 0)
            {
                await store.RunBatchAsync();
            }
        }
    }

    private static async Task<Dictionary<string, Dictionary<object, Sums>>> RowsAsync(LambdaStore<Step> store)
    {
        Dictionary<string, Dictionary<object, Sums>> rows = [];
        foreach (Watched view in Views)
        {
            rows[view.Definition.Name] = await view.RowsAsync(store);
        }

        return rows;
    }

    private static void Configure(LambdaStoreOptions<Step> options, Watched[] views)
    {
        options.BatchThreads = 1;
        options.SegmentEvents = 40;
        options.EventTime(e => e.At);
        Array.ForEach(views, v => options.AddView(v.Definition));
    }

    /// <summary>Opens a store in which views that are new are not computed, but answer from the log.</summary>
    private static LambdaStore<Step> Open(InMemoryStorage disk, Retention retention, Watched[] views)
    {
        LambdaStoreOptions<Step> options = new() { Retention = retention, HoldsRebuilds = true, Rebuilds = new RebuildOptions { FoldedAtOpening = 0 } };
        Configure(options, views);
        options.Validate();
        return StoreOpening.Open("memory", disk, options);
    }

    private static Dictionary<string, (long, DateTime)> Files(string folder) => new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories)
        .ToDictionary(f => Path.GetRelativePath(folder, f.FullName), f => (f.Length, f.LastWriteTimeUtc));

    private abstract class Watched
    {
        public abstract ViewDefinition<Step> Definition { get; }

        public abstract Task<Dictionary<object, Sums>> RowsAsync(LambdaStore<Step> store);
    }

    private sealed class Watched<TKey>(ViewDefinition<Step, TKey, Sums> view) : Watched
    {
        public override ViewDefinition<Step> Definition => view;

        public override async Task<Dictionary<object, Sums>> RowsAsync(LambdaStore<Step> store) =>
            (await store.Query(view).ExecuteAsync()).Rows.ToDictionary(r => (object)r.Key!, r => r.Result);
    }

    private sealed record Step(DateTimeOffset At, DateTimeOffset Other, int User, int Page, long Seconds, double Price)
    {
        public static Step Draw(Random random) => new(Time(random), Time(random), random.Next(4), random.Next(5), random.Next(20), random.Next(100));

        private static DateTimeOffset Time(Random random) => DateTimeOffset.UnixEpoch.AddMinutes(random.Next(600));
    }

    private sealed record UserHour(DateTimeOffset Hour, int User);

    private sealed record Sums(long Count, long? Seconds);
}
