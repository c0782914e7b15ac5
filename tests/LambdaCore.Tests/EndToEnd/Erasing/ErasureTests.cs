using System.Text.Json;
using LambdaCore.Tests.Values;
using LambdaCore.Serving;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd.Erasing;

/// <summary>Erased events are gone from every file of the store, and answers are those of a store that never had them.</summary>
internal sealed class ErasureTests
{
    private static readonly DateTimeOffset Noon = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);

    private string _folder = "";

    [SetUp]
    public void CreateFolder() => _folder = Directory.CreateTempSubdirectory("lambdacore-erasure-").FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [TestCase(false)]
    [TestCase(true)]
    public async Task Not_a_byte_of_what_was_erased_is_left_after_a_vacuum(bool bySql)
    {
        Needle needle = new(Seed.Random(out _));
        List<Visit> kept = [];
        await using (LambdaStore<Visit> store = await OpenAsync(_folder, VisitViews.All))
        {
            await AppendAsync(store, needle, kept, 200);
            await store.RunBatchAsync();
        }

        await using (LambdaStore<Visit> store = await OpenAsync(_folder, VisitViews.ButOne))
        {
            await AppendAsync(store, needle, kept, 100);
            await store.RunBatchAsync();
            await AppendAsync(store, needle, kept, 50);
            IReadOnlyList<string> everywhere = needle.Find(_folder);
            foreach (string place in new[] { "log/0", "wal/", "deadletters/0", "views/by_user/0", "views/by_user/_lookup", "views/hours/0", "views/hours/_lookup", "views/tops/0", "views/sessions/0", "views/sessions/_lookup", "views/left_out/0" })
            {
                Assert.That(everywhere, Has.Some.StartsWith(place), "else this test could not fail");
            }

            ErasureReceipt receipt = bySql
                ? await store.EraseAsync($"\"User\" = '{needle.User}'", "a request", "the clerk")
                : await store.EraseAsync(e => e.User == needle.User, "a request", "the clerk");
            Assert.That(receipt.Unfinished, Is.Empty);
            Assert.That(receipt.IsComplete, Is.False);
            Assert.That(receipt.DeletedViews, Is.EqualTo(new[] { "views/left_out" }));
            Assert.That((receipt.Events, receipt.RejectedEvents), Is.EqualTo((350L / 10, 3L)));
            Assert.That(receipt.Revision, Is.GreaterThan(0));
            Assert.That(receipt.Segments, Is.EqualTo(3));
            Assert.That(receipt.Views.Select(v => v.Name), Is.EquivalentTo(VisitViews.ButOne.Select(v => v.Name)));
            Assert.That(needle.Find(_folder).Select(f => f.Split(':')[0]).Distinct(), Is.EquivalentTo(receipt.Remaining.Select(f => f.Path)), "in the old files of the log, and nowhere else");
            Assert.That((await store.ReadChangesAsync()).Single(), Is.EqualTo(new LogChange(
                receipt.Revision, LogChangeKind.Erasure, (await store.ReadChangesAsync())[0].At, "a request", "the clerk", receipt.Events, receipt.Position, null, null)));
            await AssertAsync(store, kept);

            VacuumReceipt vacuum = await store.VacuumAsync(TimeSpan.Zero);
            Assert.That(vacuum.Remaining, Is.Empty);
            Assert.That(needle.Find(_folder), Is.Empty);
            await AssertAsync(store, kept);

            ErasureReceipt again = await store.EraseAsync(e => e.User == needle.User, "once more");
            Assert.That((again.Events, again.RejectedEvents, again.Segments, again.Revision), Is.EqualTo((0L, 0L, 0, receipt.Revision)), "there was nothing to erase");
            Assert.That(again.IsComplete, Is.True);
            await AppendAsync(store, null, kept, 30);
            await AssertAsync(store, kept);
        }

        await using LambdaStore<Visit> reopened = await OpenAsync(_folder, VisitViews.All);
        await AssertAsync(reopened, kept);
        Assert.That(needle.Find(_folder), Is.Empty);
    }

    [Test]
    public async Task Spilled_states_go_with_their_files()
    {
        Random random = Seed.Random(out _);
        Needle needle = new(random);
        List<Visit> kept = [];
        await using LambdaStore<Visit> store = await OpenAsync(_folder, VisitViews.ButOne);
        await AppendAsync(store, needle, kept, 20);
        string speed = Directory.CreateDirectory(Path.Combine(_folder, "speed")).FullName;
        for (int i = 0; i < 60 && !needle.Find(speed).Any(); i++)
        {
            // Long notes of many users fill the speed layer's memory, and what runs that failed have left goes first.
            OpenStore<Visit> parts = StoreInternals<Visit>.Of(store);
            parts.Speed.OpenGeneration();
            foreach (ServedView<Visit> view in parts.Views)
            {
                view.JoinSpeedGenerations();
            }

            Visit[] many = [.. Enumerable.Range(0, 400).Select(n => Visit.At(Noon, n) with { User = $"{i} {n}", Note = new string('x', 2000) })];
            await store.AppendAsync(many);
            kept.AddRange(many);
        }

        Assert.That(needle.Find(speed), Is.Not.Empty, "else this test could not fail");
        ErasureReceipt receipt = await store.EraseAsync(e => e.Id == needle.Id, "a request");
        Assert.That(receipt.Unfinished, Is.Empty);
        Assert.That(Directory.EnumerateFiles(speed), Is.Empty);
        await store.VacuumAsync(TimeSpan.Zero);
        Assert.That(needle.Find(_folder), Is.Empty);
        await AssertAsync(store, kept);
    }

    [Test]
    public async Task An_erasure_that_nothing_matches_changes_nothing()
    {
        List<Visit> kept = [];
        await using LambdaStore<Visit> store = await OpenAsync(_folder, VisitViews.ButOne);
        await AppendAsync(store, null, kept, 30);
        ErasureReceipt receipt = await store.EraseAsync(e => e.User == "nobody", "a request");
        Assert.That((receipt.Events, receipt.RejectedEvents, receipt.Segments, receipt.Revision), Is.EqualTo((0L, 0L, 0, 0L)));
        Assert.That(receipt.Position, Is.EqualTo(store.Position));
        Assert.That(receipt.IsComplete, Is.True);
        Assert.That(await store.ReadChangesAsync(), Is.Empty);
        await AssertAsync(store, kept);
        Assert.That(() => store.EraseAsync(e => e.User == "nobody", " "), Throws.ArgumentException);
        Assert.That(() => store.EraseAsync(e => e.User.GetHashCode() == 1, "a request"), Throws.ArgumentException.With.Message.Contains("GetHashCode"));
        Assert.That(() => store.EraseAsync("\"User\" = 'nobody'; TRUE", "a request"), Throws.ArgumentException.With.Message.Contains("TRUE"));
        Assert.That(() => store.EraseAsync(" ", "a request"), Throws.ArgumentException);
    }

    [Test]
    public async Task Appends_and_queries_go_on_while_events_are_erased()
    {
        Needle needle = new(Seed.Random(out _));
        List<Visit> kept = [];
        await using LambdaStore<Visit> store = await OpenAsync(_folder, VisitViews.ButOne);
        await AppendAsync(store, needle, kept, 100);
        using CancellationTokenSource done = new();
        Task appending = Task.Run(async () =>
        {
            for (int n = 0; !done.IsCancellationRequested; n++)
            {
                Visit[] some = [Visit.At(Noon, n), Visit.At(Noon.AddMinutes(n % 50), n)];
                await store.AppendAsync(some);
                kept.AddRange(some);
                ViewAnswer<DateTimeOffset, VisitViews.HourStats> answer = await store.Query(VisitViews.Hours).ExecuteAsync();
                long erased = kept.Count - 1 + 10 - answer.Rows.Sum(r => r.Result.Count);
                Assert.That(erased, Is.EqualTo(0).Or.EqualTo(10), "before or after; one that was kept is rejected");
            }
        });
        ErasureReceipt receipt = await store.EraseAsync(e => e.User == needle.User, "a request");
        await done.CancelAsync();
        await appending;
        Assert.That(receipt.Events, Is.EqualTo(10));
        await store.VacuumAsync(TimeSpan.Zero);
        Assert.That(needle.Find(_folder), Is.Empty);
        await AssertAsync(store, kept);
    }

    /// <summary>Appends events of which each tenth is the needle's, and at the end one of it and one of another that are rejected.</summary>
    private static async Task AppendAsync(LambdaStore<Visit> store, Needle? needle, List<Visit> kept, int count)
    {
        List<Visit> events = [];
        for (int n = 0; n < count; n++)
        {
            DateTimeOffset time = Noon.AddMinutes(n);
            events.Add(needle is not null && n % 10 == 5 ? Visit.Of(needle, time) : Visit.At(time, n));
        }

        foreach (Visit[] part in events.Chunk(33))
        {
            await store.AppendAsync(part);
        }

        kept.AddRange(events.Where(e => e.User != needle?.User));
        if (needle is not null)
        {
            await store.AppendAsync(Visit.Of(needle, Noon.AddDays(-9)));
            await store.AppendAsync(Visit.At(Noon.AddDays(-9), 1));
            kept.Add(Visit.At(Noon.AddDays(-9), 1));
        }
    }

    /// <summary>Compares a store with one that had only some events.</summary>
    private static async Task AssertAsync(LambdaStore<Visit> store, List<Visit> kept)
    {
        string folder = Directory.CreateTempSubdirectory("lambdacore-erasure-").FullName;
        try
        {
            await using LambdaStore<Visit> fresh = await OpenAsync(folder, VisitViews.ButOne);
            await fresh.AppendAsync(kept.ToArray());
            Assert.That(await DescribeAsync(store), Is.EqualTo(await DescribeAsync(fresh)));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<string> DescribeAsync(LambdaStore<Visit> store)
    {
        List<Visit> rejected = [];
        await foreach (DeadLetter<Visit> letter in store.ReadDeadLettersAsync())
        {
            rejected.Add(letter.Event);
        }

        return string.Join('\n', new[]
        {
            await RowsAsync(VisitViews.ByUser), await RowsAsync(VisitViews.Hours), await RowsAsync(VisitViews.Tops), await RowsAsync(VisitViews.Sessions), JsonSerializer.Serialize(rejected),
        });

        async Task<string> RowsAsync<TKey, TResult>(ViewDefinition<Visit, TKey, TResult> view) =>
            string.Join('\n', (await store.Query(view).ExecuteAsync()).Rows.Select(r => JsonSerializer.Serialize(new { r.Key, r.Result })));
    }

    private static Task<LambdaStore<Visit>> OpenAsync(string folder, IReadOnlyList<ViewDefinition<Visit>> views) =>
        LambdaStore.OpenAsync<Visit>(folder, o =>
        {
            o.EventTime(e => e.Time);
            o.LateEvents = LatePolicy.Reject;
            o.GracePeriod = TimeSpan.FromDays(1);
            o.SpeedMemoryBytes = 16 << 20;
            o.Durability = Durability.Buffered;
            foreach (ViewDefinition<Visit> view in views)
            {
                o.AddView(view);
            }
        });
}
