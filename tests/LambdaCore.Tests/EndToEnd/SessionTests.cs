using LambdaCore.Storage;
using LambdaCore.Tables;
using LambdaCore.Tests.Tables;
using LambdaCore.Tests.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd;

/// <summary>Views over sessions in a whole store: late events that join sessions of other layers, and questions about them.</summary>
[TestFixture]
internal sealed class SessionTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly ViewDefinition<Click, Visit, VisitStats> Visits = View.Of<Click>("visits").Where(e => e.Page != "ping")
        .GroupBy(e => new Visit(e.User, Window.Session(e.At, TimeSpan.FromMinutes(30))))
        .Select(g => new VisitStats(g.Count(), g.Max(e => e.At), g.Earliest(e => e.Page)));

    private static readonly ViewDefinition<Click, DateTimeOffset, long> Busy = View.Of<Click>("busy").GroupBy(e => Window.Session(e.At, TimeSpan.FromMinutes(5))).Select(g => g.Count());

    private LambdaStore<Click> _store = null!;

    [SetUp]
    public async Task Open()
    {
        LambdaStoreOptions<Click> options = new() { Durability = Durability.None };
        options.EventTime(e => e.At).AddView(Visits).AddView(Busy);
        options.Validate();
        _store = await Task.Run(() => StoreOpening.Open("memory", new InMemoryStorage(), options));
    }

    [TearDown]
    public async Task Close() => await _store.DisposeAsync();

    [Test]
    public async Task A_late_event_joins_two_sessions_wherever_they_are([Values] bool firstInBatch, [Values] bool secondInBatch, [Values] bool lateInBatch)
    {
        await AppendAsync(firstInBatch, Of("ann", 0, "home"), Of("bob", 3, "bobs"));
        await AppendAsync(secondInBatch, Of("ann", 50, "shop"));
        Assert.That(await ShowAsync("ann"), Is.EqualTo("12:00-12:00 x1 home, 12:50-12:50 x1 shop"));

        await AppendAsync(lateInBatch, Of("ann", 25, "late"));
        Assert.That(await ShowAsync("ann"), Is.EqualTo("12:00-12:50 x3 home"));
        Assert.That(await ShowAsync("bob"), Is.EqualTo("12:03-12:03 x1 bobs"));
        Assert.That(await _store.GetAsync(Visits, new Visit("ann", Noon.AddMinutes(50))), Is.Null, "a session that was joined with an earlier one begins there no more");
        Assert.That((await _store.GetAsync(Visits, new Visit("ann", Noon)))!.Result.Clicks, Is.EqualTo(3));
    }

    [Test]
    public void The_store_describes_its_sessions() => Assert.That(_store.Describe(), Does.Contain("view busy: by key (sessions with gaps of 00:05:00)"));

    [Test]
    public async Task A_late_event_moves_the_start_of_a_session()
    {
        await AppendAsync(true, Of("ann", 20, "home"));
        await AppendAsync(false, Of("ann", 1, "early"));

        Assert.That(await ShowAsync("ann"), Is.EqualTo("12:01-12:20 x2 early"));
        Assert.That(await _store.GetAsync(Visits, new Visit("ann", Noon.AddMinutes(20))), Is.Null);
        Assert.That((await _store.GetAsync(Visits, new Visit("ann", Noon.AddMinutes(1))))!.Source, Is.EqualTo(AnswerSource.Merged));
    }

    [Test]
    public async Task Events_that_do_not_count_keep_no_session_open()
    {
        await AppendAsync(false, Of("ann", 0, "home"), Of("ann", 20, "ping"), Of("ann", 40, "shop"));
        Assert.That(await ShowAsync("ann"), Is.EqualTo("12:00-12:00 x1 home, 12:40-12:40 x1 shop"));
    }

    [Test]
    public async Task A_range_of_time_finds_the_sessions_whose_windows_share_a_moment_with_it()
    {
        await AppendAsync(true, Of("ann", 0, "a"), Of("ann", 10, "a"));
        await AppendAsync(false, Of("ann", 100, "b"));

        // The windows are 12:00 to 12:40 and 13:40 to 14:10.
        Assert.That(await CountAsync(-10, 0), Is.Zero);
        Assert.That(await CountAsync(-10, 1), Is.EqualTo(1));
        Assert.That(await CountAsync(39, 40), Is.EqualTo(1));
        Assert.That(await CountAsync(40, 100), Is.Zero);
        Assert.That(await CountAsync(39, 101), Is.EqualTo(2));
        Assert.That(await CountAsync(129, 500), Is.EqualTo(1));
        Assert.That(await CountAsync(130, 500), Is.Zero);
        Assert.That(await CountAsync(5, 5), Is.Zero);

        async Task<int> CountAsync(int from, int to) => (await _store.Query(Visits).Between(Noon.AddMinutes(from), Noon.AddMinutes(to)).ExecuteAsync()).Rows.Count;
    }

    [Test]
    public async Task An_answer_is_complete_when_the_watermark_has_passed_its_range_and_the_end_of_each_session_in_it()
    {
        await AppendAsync(false, Of("ann", 0, "a"), Of("ann", 20, "a"), Of("bob", 49, "b"));
        Assert.That(await IsCompleteAsync(10), Is.False, "ann's session is open until 12:50");
        await AppendAsync(false, Of("bob", 50, "b"));
        Assert.That(await IsCompleteAsync(10), Is.True);
        Assert.That(await IsCompleteAsync(50), Is.False, "bob's session is open");
        Assert.That((await _store.GetAsync(Visits, new Visit("ann", Noon)))!.Receipt.IsComplete, Is.True);
        Assert.That((await _store.GetAsync(Visits, new Visit("bob", Noon.AddMinutes(49))))!.Receipt.IsComplete, Is.False);

        async Task<bool?> IsCompleteAsync(int to) => (await _store.Query(Visits).Between(Noon, Noon.AddMinutes(to)).ExecuteAsync()).Receipt.IsComplete;
    }

    [Test]
    public async Task Replace_keeps_what_the_batch_has_of_a_session_that_is_over_and_gives_open_ones_as_they_are()
    {
        await AppendAsync(true, Of("ann", 0, "a"), Of("ann", 40, "b"), Of("bob", 100, "c"), Of("eve", 200, "d"));
        await AppendAsync(false, Of("ann", 20, "joins"), Of("bob", 110, "more"), Of("bob", 60, "alone"), Of("eve", 195, "before"));

        Assert.That(await ShowAsync("ann", Reconciliation.Replace), Is.EqualTo("12:00-12:00 x1 a, 12:40-12:40 x1 b"), "two sessions of the batch stay two until its next run");
        Assert.That(await ShowAsync("bob", Reconciliation.Replace), Is.EqualTo("13:40-13:40 x1 c"));
        Assert.That(await ShowAsync("eve", Reconciliation.Replace), Is.EqualTo("15:15-15:20 x2 before"), "the batch watermark is at 15:20");
        ViewAnswer<Visit, VisitStats> answer = await _store.Query(Visits).Reconcile(Reconciliation.Replace).ExecuteAsync();
        Assert.Multiple(() =>
        {
            Assert.That(answer.Receipt.Reconciliation!.BatchRows, Is.EqualTo(3));
            Assert.That(answer.Receipt.Reconciliation.RealTimeRows, Is.EqualTo(1));
            Assert.That(answer.Receipt.Reconciliation.WithheldRows, Is.EqualTo(1), "the session that bob's late event is alone in");
        });
        Assert.That(await _store.GetAsync(Visits, new Visit("ann", Noon), reconciliation: Reconciliation.Replace), Has.Property("Result").Property("Clicks").EqualTo(1));
        Assert.That(await _store.GetAsync(Visits, new Visit("ann", Noon.AddMinutes(40)), reconciliation: Reconciliation.Replace), Has.Property("Result").Property("Clicks").EqualTo(1));
        Assert.That(await _store.GetAsync(Visits, new Visit("bob", Noon.AddMinutes(60)), reconciliation: Reconciliation.Replace), Is.Null);

        await _store.RunBatchAsync();
        Assert.That(await ShowAsync("ann", Reconciliation.Replace), Is.EqualTo("12:00-12:40 x3 a"));
        Assert.That(await ShowAsync("bob", Reconciliation.Replace), Is.EqualTo("13:00-13:00 x1 alone, 13:40-13:50 x2 c"));
    }

    [Test]
    public async Task Hybrid_blends_a_session_that_both_sides_begin_at_the_same_time_and_no_other()
    {
        // The windows of ann and bob end an hour before the batch watermark, which is half of the horizon.
        await AppendAsync(true, Of("ann", 0, "a"), Of("ann", 10, "b"), Of("bob", 8, "c"), Of("bob", 10, "c"), Of("eve", 100, "d"));
        await AppendAsync(false, Of("ann", 5, "e"), Of("ann", 6, "e"), Of("bob", 7, "earlier"));

        ViewAnswer<Visit, VisitStats> answer = await _store.Query(Visits).Reconcile(Reconciliation.Hybrid(TimeSpan.FromHours(2))).ExecuteAsync();
        Assert.That(answer.Rows.Select(r => (r.Key.User, r.Result.Clicks, r.BatchWeight)), Is.EqualTo(new[] { ("ann", 3L, 0.5), ("bob", 3L, 0), ("eve", 1L, 0) }));
    }

    [Test]
    public async Task Sessions_without_other_columns_are_those_of_all_events()
    {
        await AppendAsync(true, Of("ann", 0, "a"), Of("bob", 4, "b"), Of("ann", 20, "c"));
        await AppendAsync(false, Of("eve", 8, "d"), Of("ann", 25, "e"));

        ViewAnswer<DateTimeOffset, long> answer = await _store.Query(Busy).ExecuteAsync();
        Assert.That(answer.Rows.Select(r => (r.Key, r.Result)), Is.EqualTo(new[] { (Noon, 3L), (Noon.AddMinutes(20), 1L), (Noon.AddMinutes(25), 1L) }));
        Assert.That((await _store.Query(Busy).Where(k => k == Noon.AddMinutes(20)).ExecuteAsync()).Rows.Single().Result, Is.EqualTo(1));
    }

    [Test]
    [Category("Delta")]
    public async Task A_batch_view_has_a_row_for_each_session_to_be_read_elsewhere()
    {
        Random random = Seed.Random(out int seed);
        string folder = Directory.CreateTempSubdirectory("lambdacore-sessions-").FullName;
        try
        {
            Click[] clicks = [.. Enumerable.Range(0, 2000).Select(_ => Of($"user{random.Next(20)}", random.Next(20_000), "page"))];
            await using LambdaStore<Click> store = await LambdaStore.OpenAsync<Click>(folder, o => o.EventTime(e => e.At).AddView(Visits));
            foreach (Click[] part in clicks.Chunk(500))
            {
                await store.AppendAsync(part);
            }

            await store.RunBatchAsync();
            ViewAnswer<Visit, VisitStats> answer = await store.Query(Visits).From(AnswerSource.Batch).ExecuteAsync();
            string?[] elsewhere = IndependentDeltaReader.Query((
                Path.Combine(folder, "views", ViewFolder.NameOf("visits")),
                "SELECT count(), uniqExact(User), sum(Clicks), sum(toUnixTimestamp(Start)), sum(toUnixTimestamp(Start_last)), countIf(Start_last = Last) FROM {table}"))[0][0];
            Assert.That(elsewhere, Is.EqualTo(new[]
            {
                $"{answer.Rows.Count}", "20", "2000", $"{answer.Rows.Sum(r => r.Key.Start.ToUnixTimeSeconds())}", $"{answer.Rows.Sum(r => r.Result.Last.ToUnixTimeSeconds())}", $"{answer.Rows.Count}",
            }), $"seed {seed}");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Click Of(string user, int minute, string page) => new(Noon.AddMinutes(minute), user, page);

    private async Task AppendAsync(bool inBatch, params Click[] clicks)
    {
        await _store.AppendAsync(clicks);
        if (inBatch)
        {
            await _store.RunBatchAsync();
        }
    }

    private async Task<string> ShowAsync(string user, Reconciliation? reconciliation = null)
    {
        ViewAnswer<Visit, VisitStats> answer = await _store.Query(Visits).Where(k => k.User == user).Reconcile(reconciliation ?? Reconciliation.Merge).ExecuteAsync();
        return string.Join(", ", answer.Rows.Select(r => $"{r.Key.Start:HH:mm}-{r.Result.Last:HH:mm} x{r.Result.Clicks} {r.Result.First}"));
    }

    internal sealed record Click(DateTimeOffset At, string User, string Page);

    internal readonly record struct Visit(string User, DateTimeOffset Start);

    internal readonly record struct VisitStats(long Clicks, DateTimeOffset Last, string First);
}
