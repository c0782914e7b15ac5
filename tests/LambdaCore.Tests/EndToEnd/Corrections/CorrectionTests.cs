using System.Globalization;
using LambdaCore.Storage;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd.Corrections;

/// <summary>What a correction does to the log and to views, what it says about it, and what it refuses.</summary>
[TestFixture]
internal sealed class CorrectionTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly ViewDefinition<Sale, HourKey, Totals> Hours = View.Of<Sale>("hours")
        .Where(e => e.Product != "test")
        .GroupBy(e => new HourKey(Window.Hour(e.At), e.Product))
        .Select(g => new Totals(g.Count(), g.Sum(e => e.Price), g.ApproxDistinct(e => e.Note)));

    private static readonly ViewDefinition<Sale, string, decimal> Products = View.Of<Sale>("products").GroupBy(e => e.Product).Select(g => g.Sum(e => e.Price));

    [Test]
    public async Task A_correction_changes_the_events_meant_and_every_view_of_them()
    {
        using InMemoryStorage disk = new();
        await using LambdaStore<Sale> store = Open(disk);
        List<Sale> sales = await FillAsync(store, batches: true);
        Correction correction = await store.CorrectAsync(e => e.Product == "p1", s => s.Set(e => e.Price, e => e.Price / 100).Set(e => e.Note, "was in cents"), "prices in cents", "me");
        List<Sale> expected = [.. sales.Select(e => e.Product == "p1" ? e with { Price = e.Price / 100, Note = "was in cents" } : e)];

        await AssertAsync(store, expected);
        Assert.That(correction.Events, Is.EqualTo(sales.Count(e => e.Product == "p1")));
        Assert.That(correction.Position, Is.EqualTo(store.Position));
        Assert.That(correction.Revision, Is.Positive);
        Assert.That(correction.Views.Select(v => (v.Name, v.Failure)), Is.EqualTo(new (string, string?)[] { ("hours", null), ("products", null) }));
        LogChange change = (await store.ReadChangesAsync()).Single();
        Assert.That(change, Is.EqualTo(new LogChange(
            correction.Revision, LogChangeKind.Correction, change.At, "prices in cents", "me", correction.Events, correction.Position,
            "\"Product\" = 'p1'", change.Setters)));
        Assert.That(change.Setters, Does.Contain("\"Price\" =").And.Contain("\"Note\" = 'was in cents'"));
    }

    [Test]
    public async Task Events_that_are_not_sealed_yet_are_corrected_too()
    {
        using InMemoryStorage disk = new();
        List<Sale> sales;
        await using (LambdaStore<Sale> store = Open(disk))
        {
            sales = await FillAsync(store, batches: false);
            Assert.That(store.SealedPosition, Is.EqualTo(LogPosition.Zero));
            await store.CorrectAsync(e => e.Price > 5, s => s.Set(e => e.Product, "dear"), "renamed");
            sales = [.. sales.Select(e => e.Price > 5 ? e with { Product = "dear" } : e)];
            await AssertAsync(store, sales);
            Sale later = new(Noon, "p1", 7, null, 0);
            await store.AppendAsync(later);
            sales.Add(later);
            await AssertAsync(store, sales);
        }

        await using LambdaStore<Sale> again = Open(disk);
        await AssertAsync(again, sales);
        await again.RunBatchAsync(BatchMode.Full);
        await AssertAsync(again, sales);
    }

    [Test]
    public async Task All_values_are_computed_from_the_event_as_it_was()
    {
        using InMemoryStorage disk = new();
        await using LambdaStore<Sale> store = Open(disk);
        List<Sale> sales = await FillAsync(store, batches: true);
        await store.CorrectAsync(e => e.Count > 0, s => s.Set(e => e.Price, e => e.Count).Set(e => e.Count, e => (int)e.Price), "swapped");
        await AssertAsync(store, [.. sales.Select(e => e.Count > 0 ? e with { Price = e.Count, Count = (int)e.Price } : e)]);
    }

    [Test]
    public async Task A_corrected_time_moves_an_event_to_another_window()
    {
        using InMemoryStorage disk = new();
        await using LambdaStore<Sale> store = Open(disk);
        List<Sale> sales = await FillAsync(store, batches: true);
        EventTimeStatus before = store.EventTime;
        await store.CorrectAsync(e => e.Product == "p2", s => s.Set(e => e.At, e => e.At.AddHours(5)), "wrong zone");
        await AssertAsync(store, [.. sales.Select(e => e.Product == "p2" ? e with { At = e.At.AddHours(5) } : e)]);
        Assert.That(store.EventTime.Watermark, Is.EqualTo(before.Watermark), "times are not judged again");
    }

    [Test]
    public async Task A_correction_that_finds_nothing_to_change_leaves_no_trace()
    {
        using InMemoryStorage disk = new();
        await using LambdaStore<Sale> store = Open(disk);
        List<Sale> sales = await FillAsync(store, batches: true);
        Correction none = await store.CorrectAsync(e => e.Product == "nobody's", s => s.Set(e => e.Count, 1), "nothing");
        Assert.That((none.Events, none.Revision, none.Segments, none.Views.Count), Is.EqualTo((0L, 0L, 0, 0)));
        Assert.That(await store.ReadChangesAsync(), Is.Empty);
        await AssertAsync(store, sales);
    }

    [Test]
    public async Task A_preview_says_what_would_change_and_changes_nothing()
    {
        using InMemoryStorage disk = new();
        await using LambdaStore<Sale> store = Open(disk);
        List<Sale> sales = await FillAsync(store, batches: true);
        CorrectionPreview<Sale> preview = await store.PreviewAsync(e => e.Product == "p1", s => s.Set(e => e.Note, e => e.Product + "!"));
        Assert.That(preview.Events, Is.EqualTo(sales.Count(e => e.Product == "p1")));
        Assert.That(preview.Segments, Is.EqualTo(3));
        Assert.That(preview.BytesBefore, Is.Positive);
        Assert.That(preview.BytesAfter, Is.Positive);
        Assert.That(
            preview.Sample.Select(d => (d.Position.Value, d.Before, d.After)),
            Is.EqualTo(sales.Index().Where(s => s.Item.Product == "p1").Select(s => ((long)s.Index, s.Item, s.Item with { Note = "p1!" })).Take(20)));
        Assert.That(await store.ReadChangesAsync(), Is.Empty);
        await AssertAsync(store, sales);
        Correction made = await store.CorrectAsync(e => e.Product == "p1", s => s.Set(e => e.Note, e => e.Product + "!"), "as previewed");
        Assert.That((made.Events, made.Segments, made.Position), Is.EqualTo((preview.Events, preview.Segments, preview.Position)));
    }

    [Test]
    public async Task What_no_append_would_take_is_refused_naming_property_and_position()
    {
        using InMemoryStorage disk = new();
        await using LambdaStore<Sale> store = Open(disk);
        List<Sale> sales = await FillAsync(store, batches: true);
        int first = sales.FindIndex(e => e.Note is null);
        await RefuseAsync(store.CorrectAsync(e => true, s => s.Set(e => e.Product, e => e.Note!), "no"), $"Sale.Product of the event at position {first}, now '{sales[first].Product}'", "declared as never null");
        int zero = sales.FindIndex(e => e.Count == 0);
        await RefuseAsync(store.CorrectAsync(e => true, s => s.Set(e => e.Count, e => 10 / e.Count), "no"), $"Sale.Count of the event at position {zero}, now '0'");
        await RefuseAsync(
            store.CorrectAsync(e => true, s => s.Set(e => e.Ratio, e => e.Price / e.Count), "no"), $"Sale.Ratio of the event at position {zero}, which is missing now", "a division by zero");
        await RefuseAsync(store.CorrectAsync(e => true, s => s.Set(e => e.At, e => e.At + TimeSpan.FromDays(3_650_000)), "no"), "Sale.At of the event at position 0");
        await RefuseAsync(() => store.CorrectAsync(e => true, s => s.Set(e => e.Note, "\uD800"), "no"), "surrogate");
        await RefuseAsync(() => store.CorrectAsync(e => true, s => s.Set(e => e.Price, 0.1234567891m), "no"), "more than nine digits");
        Assert.That(await store.ReadChangesAsync(), Is.Empty);
        await AssertAsync(store, sales);

        // What is said about such events is no failure.
        await store.CorrectAsync(e => true, s => s.Set(e => e.Ratio, e => e.Count == 0 ? null : e.Price / e.Count), "guarded");
        await store.CorrectAsync(e => true, s => s.Set(e => e.Ratio, e => (decimal?)(e.Price / e.Count) ?? -1), "with a default");
        await AssertAsync(store, [.. sales.Select(e => e with { Ratio = e.Count == 0 ? -1 : e.Price / e.Count })]);
    }

    [Test]
    public void What_has_no_meaning_in_SQL_is_refused_naming_it()
    {
        using InMemoryStorage disk = new();
        LambdaStore<Sale> store = Open(disk);
        Assert.That(Message(() => store.CorrectAsync(e => e.Product.GetHashCode() == 1, s => s.Set(e => e.Count, 1), "no")), Does.StartWith("The change: e.Product.GetHashCode()"));
        Assert.That(Message(() => store.CorrectAsync(e => true, s => s.Set(e => e.Double, 1m), "no")), Does.Contain("no stored property"));
        Assert.That(Message(() => store.CorrectAsync(e => true, s => s.Set(e => e.Product.Length, 1), "no")), Does.Contain("no stored property"));
        Assert.That(Message(() => store.CorrectAsync(e => true, s => s.Set(e => e.Count, 1).Set(e => e.Count, 2), "no")), Does.Contain("Count is set 2 times"));
        Assert.That(Message(() => store.CorrectAsync(e => true, _ => { }, "no")), Does.StartWith("No property is set"));
        Assert.That(Message(() => store.CorrectAsync(e => true, s => s.Set(e => e.Count, 1), " ")), Does.Contain("reason"));
        store.DisposeAsync().AsTask().Wait();

        static string Message(Func<Task> correct) => Assert.Catch<ArgumentException>(() => correct())!.Message;
    }

    [Test]
    public async Task A_correction_that_is_cancelled_before_its_commit_leaves_nothing()
    {
        using InMemoryStorage disk = new();
        await using LambdaStore<Sale> store = Open(disk);
        List<Sale> sales = await FillAsync(store, batches: true);
        Sale last = new(Noon, "last", 1, null, 1);
        await store.AppendAsync(last);
        sales.Add(last);
        using CancellationTokenSource cancellation = new();
        disk.BeforeCall = call =>
        {
            // The last thing that the disk sees of the batch before the correction.
            if (call.Path.StartsWith("views/products/_delta_log/", StringComparison.Ordinal))
            {
                cancellation.Cancel();
            }
        };
        await Assert.ThatAsync(
            () => store.CorrectAsync(e => true, s => s.Set(e => e.Count, 9), "no", cancellationToken: cancellation.Token), Throws.InstanceOf<OperationCanceledException>());
        disk.BeforeCall = null;
        Assert.That(await store.ReadChangesAsync(), Is.Empty);
        await AssertAsync(store, sales);
    }

    [Test]
    public async Task A_cancellation_after_the_commit_has_no_effect()
    {
        using InMemoryStorage disk = new();
        await using LambdaStore<Sale> store = Open(disk);
        List<Sale> sales = await FillAsync(store, batches: true);
        using CancellationTokenSource cancellation = new();
        disk.BeforeCall = call =>
        {
            if (call.Path.StartsWith("log/_delta_log/", StringComparison.Ordinal))
            {
                cancellation.Cancel();
            }
        };
        Correction made = await store.CorrectAsync(e => true, s => s.Set(e => e.Count, 9), "all", cancellationToken: cancellation.Token);
        Assert.That(cancellation.IsCancellationRequested);
        Assert.That(made.Views.Select(v => v.Failure), Is.All.Null);
        await AssertAsync(store, [.. sales.Select(e => e with { Count = 9 })]);
    }

    [Test]
    public async Task Appends_and_queries_go_on_during_corrections()
    {
        using InMemoryStorage disk = new();
        await using LambdaStore<Sale> store = Open(disk);
        List<Sale> sales = await FillAsync(store, batches: true);
        using CancellationTokenSource done = new();
        Task<List<Sale>> appending = Task.Run(async () =>
        {
            List<Sale> appended = [];
            while (!done.IsCancellationRequested && appended.Count < 2000)
            {
                Sale sale = new(Noon.AddMinutes(appended.Count), "later", 1, null, appended.Count);
                await store.AppendAsync(sale);
                appended.Add(sale);
            }

            return appended;
        });
        Task asking = Task.Run(async () =>
        {
            while (!done.IsCancellationRequested)
            {
                // The sum over all products only moves between products, whatever the revision, but for those appended later at a price of one.
                ViewAnswer<string, decimal> answer = await store.Query(Products).ExecuteAsync();
                decimal old = sales.Sum(e => e.Price) + answer.Receipt.Range.End.Value - sales.Count;
                Assert.That(answer.Rows.Sum(r => r.Result), Is.EqualTo(old));
            }
        });
        try
        {
            for (int i = 0; i < 4; i++)
            {
                string name = string.Create(CultureInfo.InvariantCulture, $"p{i + 1}");
                string next = string.Create(CultureInfo.InvariantCulture, $"p{i + 2}");
                await store.CorrectAsync(e => e.Product == name, s => s.Set(e => e.Product, next), "renamed");
                sales = [.. sales.Select(e => e.Product == name ? e with { Product = next } : e)];
            }
        }
        finally
        {
            await done.CancelAsync();
        }

        await asking;
        sales.AddRange(await appending);
        await AssertAsync(store, sales);
    }

    private static async Task RefuseAsync(Func<Task> correct, params string[] said) => await RefuseAsync(Task.Run(correct), said);

    private static async Task RefuseAsync(Task correcting, params string[] said)
    {
        try
        {
            await correcting;
            Assert.Fail("It was not refused.");
        }
        catch (ArgumentException error)
        {
            foreach (string part in said)
            {
                Assert.That(error.Message, Does.Contain(part));
            }

            Assert.That(error.Message, Does.EndWith("Nothing was changed."));
        }
    }

    private static async Task AssertAsync(LambdaStore<Sale> store, List<Sale> sales)
    {
        ViewAnswer<HourKey, Totals> hours = await store.Query(Hours).ExecuteAsync();
        Assert.That(
            hours.Rows.ToDictionary(r => r.Key, r => r.Result),
            Is.EquivalentTo(sales.Where(e => e.Product != "test").GroupBy(e => new HourKey(new DateTimeOffset(e.At.UtcTicks / TimeSpan.TicksPerHour * TimeSpan.TicksPerHour, TimeSpan.Zero), e.Product))
                .ToDictionary(g => g.Key, g => new Totals(g.Count(), g.Sum(e => e.Price), g.Select(e => e.Note).OfType<string>().Distinct().Count()))));
        ViewAnswer<string, decimal> products = await store.Query(Products).ExecuteAsync();
        Assert.That(products.Rows.ToDictionary(r => r.Key, r => r.Result), Is.EquivalentTo(sales.GroupBy(e => e.Product).ToDictionary(g => g.Key, g => g.Sum(e => e.Price))));
    }

    private static async Task<List<Sale>> FillAsync(LambdaStore<Sale> store, bool batches)
    {
        List<Sale> sales = [];
        for (int batch = 0; batch < 3; batch++)
        {
            Sale[] some = [.. Enumerable.Range(0, 20).Select(i => new Sale(
                Noon.AddMinutes((i * 17) + batch), i == 7 ? "test" : string.Create(CultureInfo.InvariantCulture, $"p{i % 6}"), i % 9, i % 4 == 0 ? null : $"n{i % 3}", i % 5))];
            await store.AppendAsync(some);
            sales.AddRange(some);
            if (batches)
            {
                await store.RunBatchAsync();
            }
        }

        return sales;
    }

    private static LambdaStore<Sale> Open(InMemoryStorage disk)
    {
        LambdaStoreOptions<Sale> options = new() { BatchThreads = 1 };
        options.EventTime(e => e.At).AddView(Hours).AddView(Products);
        options.Validate();
        return StoreOpening.Open("memory", disk, options);
    }

    internal sealed record Sale(DateTimeOffset At, string Product, decimal Price, string? Note, int Count)
    {
        public decimal? Ratio { get; init; }

        public decimal Double => Price * 2;
    }

    internal readonly record struct HourKey(DateTimeOffset Hour, string Product);

    internal sealed record Totals(long Count, decimal Sum, long Notes);
}
