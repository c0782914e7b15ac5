using System.Globalization;
using LambdaCore.DuckDb;
using LambdaCore.Log;
using LambdaCore.Storage;
using LambdaCore.Tests.Values;
using LambdaCore.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd;

/// <summary>Sealed events are changed or removed by writing segments anew: in one commit, with everything else as it was.</summary>
[TestFixture]
internal sealed class LogRewriteTests
{
    private static readonly ContentChange Correction = new(LogChangeKind.Correction, "wrong product", "tester", "Product = 'p1'", "Product = 'fixed'");
    private static readonly ContentChange Erasure = new(LogChangeKind.Erasure, "asked to be forgotten", null, null, null);

    private static readonly EventColumn Product = new("Product", new ScalarType(ValueKind.String, false));
    private static readonly EventColumn At = new("At", new ScalarType(ValueKind.Timestamp, false));

    [Test]
    public async Task A_rewrite_touches_only_the_segments_that_hold_events_meant()
    {
        using InMemoryStorage disk = new();
        await using LambdaStore<Purchase> store = await FilledAsync(disk);
        EventLog<Purchase> log = StoreInternals<Purchase>.Of(store).Log;
        List<string> before = Rows(store);
        IReadOnlyList<RewrittenSegment> rewritten = await RewriteAsync(store, Set("\"Product\" = 'p1'", Product, "'fixed'"), Correction);

        Assert.That(rewritten.Select(r => (r.Old.Range.ToString(), r.Events)), Is.EqualTo(new[] { ("[0,3)", 1L), ("[6,9)", 1L) }));
        Assert.That(Rows(store), Is.EqualTo(before.Select(r => r.Replace("p1|", "fixed|", StringComparison.Ordinal))));
        Assert.That(log.Revision, Is.EqualTo(4), "version 0 made the table, 1 to 3 are segments");
        Assert.That(log.Segments(new LogRange(LogPosition.Zero, log.SealedEnd)).Revision, Is.EqualTo(4));
        LogChange change = log.ReadChanges().Single();
        Assert.That(change, Is.EqualTo(new LogChange(4, LogChangeKind.Correction, change.At, "wrong product", "tester", 2, new LogPosition(9), "Product = 'p1'", "Product = 'fixed'")));
    }

    [Test]
    public async Task Events_that_are_removed_leave_holes_and_an_opening_finds_the_revision()
    {
        using InMemoryStorage disk = new();
        List<string> before;
        await using (LambdaStore<Purchase> store = await FilledAsync(disk))
        {
            before = Rows(store);
            await RewriteAsync(store, new RewriteRequest(store.SealedPosition, "_position BETWEEN 3 AND 6", null), Erasure);
            Assert.That(Rows(store), Is.EqualTo(before.Where((_, i) => i is < 3 or > 6)));
        }

        await using LambdaStore<Purchase> again = Open(disk);
        EventLog<Purchase> log = StoreInternals<Purchase>.Of(again).Log;
        Assert.That(Rows(again), Is.EqualTo(before.Where((_, i) => i is < 3 or > 6)));
        Assert.That(log.Revision, Is.EqualTo(4));
        Assert.That(log.SealedEnd.Value, Is.EqualTo(9));
        Assert.That(log.ReadChanges().Single(), Has.Property(nameof(LogChange.Events)).EqualTo(4).And.Property(nameof(LogChange.Condition)).Null);
        await again.AppendAsync(Purchase.Of("later"));
        await again.RunBatchAsync();
        Assert.That(log.Revision, Is.EqualTo(4), "sealing is no change");
    }

    [Test]
    public async Task Events_that_have_the_new_values_already_are_not_written_again()
    {
        using InMemoryStorage disk = new();
        await using LambdaStore<Purchase> store = await FilledAsync(disk);
        RewriteRequest request = Set("\"Product\" = 'p1' OR \"Product\" = 'fixed'", Product, "'fixed'");
        Assert.That(await RewriteAsync(store, request, Correction), Has.Count.EqualTo(2));
        Assert.That(await RewriteAsync(store, request, Correction), Is.Empty);
        Assert.That(StoreInternals<Purchase>.Of(store).Log.ReadChanges(), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task A_value_that_no_append_would_take_is_refused_and_nothing_is_left()
    {
        using InMemoryStorage disk = new();
        await using LambdaStore<Purchase> store = await FilledAsync(disk);
        EventLog<Purchase> log = StoreInternals<Purchase>.Of(store).Log;
        int scratch = ScratchWithSegments(disk, store);
        ArgumentException error = Assert.Throws<ArgumentException>(() => log.PrepareRewrite(Set("TRUE", Product, "nullif(\"Product\", 'p4')"), default))!;
        Assert.That(error.Message, Does.StartWith("Purchase.Product of the event at position 4, now 'p4', cannot be changed"));
        Assert.That(Directory.GetFiles(disk.ScratchFolder, "*.parquet"), Has.Length.EqualTo(scratch));
        Assert.That(log.Revision, Is.Zero);
    }

    [Test]
    public async Task What_is_only_prepared_changes_nothing_and_goes_when_it_is_disposed()
    {
        using InMemoryStorage disk = new();
        await using LambdaStore<Purchase> store = await FilledAsync(disk);
        EventLog<Purchase> log = StoreInternals<Purchase>.Of(store).Log;
        List<string> before = Rows(store);
        int scratch = ScratchWithSegments(disk, store);
        using (PreparedRewrite prepared = log.PrepareRewrite(Set("TRUE", Product, "'x'"), default))
        {
            Assert.That(prepared.Events, Is.EqualTo(9));
            Assert.That(Directory.GetFiles(disk.ScratchFolder, "*.parquet"), Has.Length.EqualTo(scratch + 3));
        }

        Assert.That(Directory.GetFiles(disk.ScratchFolder, "*.parquet"), Has.Length.EqualTo(scratch));
        Assert.That(Rows(store), Is.EqualTo(before));
    }

    [Test]
    public async Task Statistics_and_tags_of_a_rewritten_segment_are_right()
    {
        using InMemoryStorage disk = new();
        await using LambdaStore<Purchase> store = await FilledAsync(disk);
        RewrittenSegment segment = (await RewriteAsync(store, Set("_position = 4", At, "TIMESTAMPTZ '2030-01-01 00:00:00Z'"), Correction)).Single();
        Assert.That(segment.New.File.Stats, Does.Contain("\"numRecords\":3").And.Contain("\"_position\":5").And.Contain("2030-01-01T00:00:00.000Z"));
        Assert.That(segment.New.File.Tags, Is.EqualTo(segment.Old.File.Tags));
        Assert.That(segment.New.Range, Is.EqualTo(segment.Old.Range));
    }

    [Test]
    public async Task Stretches_that_differ_from_an_earlier_revision_are_found_with_their_files()
    {
        using InMemoryStorage disk = new();
        await using LambdaStore<Purchase> store = await FilledAsync(disk);
        EventLog<Purchase> log = StoreInternals<Purchase>.Of(store).Log;
        Assert.That(log.RewrittenSince(0), Is.Empty);
        RewrittenSegment first = (await RewriteAsync(store, Set("_position = 1", Product, "'a'"), Correction)).Single();
        RewrittenSegment second = (await RewriteAsync(store, Set("_position = 2", Product, "'b'"), Correction)).Single();
        RewrittenSegment third = (await RewriteAsync(store, new RewriteRequest(store.SealedPosition, "_position = 8", null), Erasure)).Single();

        IReadOnlyList<RewrittenRange> sinceBegin = log.RewrittenSince(0)!;
        Assert.That(sinceBegin.Select(r => r.Range.ToString()), Is.EqualTo(new[] { "[0,3)", "[6,9)" }));
        Assert.That(sinceBegin[0].Old.Single().File.Path, Is.EqualTo(first.Old.File.Path));
        Assert.That(sinceBegin[0].Current.Single().File.Path, Is.EqualTo(second.New.File.Path));
        IReadOnlyList<RewrittenRange> sinceFirst = log.RewrittenSince(4)!;
        Assert.That(sinceFirst[0].Old.Single().File.Path, Is.EqualTo(first.New.File.Path));
        Assert.That(log.RewrittenSince(5)!.Single().Current.Single().File.Path, Is.EqualTo(third.New.File.Path));
        Assert.That(log.RewrittenSince(6), Is.Empty);
        disk.Delete($"log/{first.Old.File.Path}");
        Assert.That(log.RewrittenSince(0), Is.Null, "a file of before is gone");
        Assert.That(log.RewrittenSince(4), Is.Not.Null);
    }

    /// <summary>Every storage call of a rewrite is refused once, and every one is the last before the process dies or the power is cut.</summary>
    [Test]
    public async Task A_rewrite_that_ends_at_any_storage_call_is_done_or_not_done([Values] Ending ending)
    {
        List<string> before = [];
        List<string> after = [];
        await new EachCall<Purchase>
        {
            Open = Open,
            Fill = async store =>
            {
                await FillAsync(store);
                before = Rows(store);
                after = [.. before.Select(r => r.Replace("p1|", "fixed|", StringComparison.Ordinal))];
            },
            Operate = store => RewriteAsync(store, Set("\"Product\" = 'p1'", Product, "'fixed'"), Correction),
            AfterRefusal = (store, where) =>
            {
                Assert.That(Rows(store), Is.EqualTo(before), where);
                return Task.CompletedTask;
            },
            Check = (again, disk, where) =>
            {
                List<string> found = Rows(again);
                Assert.That(found, Is.EqualTo(before).Or.EqualTo(after), where);
                bool isDone = found.SequenceEqual(after);
                Assert.That(StoreInternals<Purchase>.Of(again).Log.Revision, Is.EqualTo(isDone ? 4 : 0), where);
                Assert.That(disk.List("log").Count(n => n.EndsWith(".parquet", StringComparison.Ordinal)), Is.EqualTo(isDone ? 5 : 3), $"{where}: orphans");
                return Task.FromResult(isDone);
            },
            AtLeast = (1, 4),
        }.RunAsync(ending, Seed.Random(out _));
    }

    private static RewriteRequest Set(string condition, EventColumn column, string value) => new(new LogPosition(9), condition, [new ColumnAssignment(column, value)]);

    private static async Task<IReadOnlyList<RewrittenSegment>> RewriteAsync(LambdaStore<Purchase> store, RewriteRequest request, ContentChange change)
    {
        EventLog<Purchase> log = StoreInternals<Purchase>.Of(store).Log;
        using PreparedRewrite prepared = log.PrepareRewrite(request, CancellationToken.None);
        return await log.CommitRewriteAsync(prepared, change);
    }

    /// <summary>Nine purchases of p0 to p5 and again p0 to p2, in three segments.</summary>
    private static async Task FillAsync(LambdaStore<Purchase> store)
    {
        for (int i = 0; i < 9; i++)
        {
            await store.AppendAsync(Purchase.Of(string.Create(CultureInfo.InvariantCulture, $"p{i % 6}"), i));
            if (i % 3 == 2)
            {
                await store.RunBatchAsync();
            }
        }
    }

    private static async Task<LambdaStore<Purchase>> FilledAsync(InMemoryStorage disk)
    {
        LambdaStore<Purchase> store = Open(disk);
        await FillAsync(store);
        return store;
    }

    private static LambdaStore<Purchase> Open(InMemoryStorage disk) => Purchase.Open(disk);

    /// <summary>How many files the scratch folder has once all segments were read: the simulated disk keeps their copies there.</summary>
    private static int ScratchWithSegments(InMemoryStorage disk, LambdaStore<Purchase> store)
    {
        Rows(store);
        return Directory.GetFiles(disk.ScratchFolder, "*.parquet").Length;
    }

    /// <summary>The sealed events as text, in the order of the log.</summary>
    private static List<string> Rows(LambdaStore<Purchase> store)
    {
        OpenStore<Purchase> parts = StoreInternals<Purchase>.Of(store);
        using DuckDbConnection connection = parts.DuckDb.Connect();
        string source = parts.Log.Segments(new LogRange(LogPosition.Zero, parts.Log.SealedEnd)).Source;
        using DuckDbResult result = connection.Query(
            $"SELECT concat_ws('|', _position, \"Product\", \"At\", \"Price\", \"Paid\", \"Note\", _ingested_at, _batch_only) FROM {source}");
        List<string> rows = [];
        while (result.NextChunk())
        {
            rows.AddRange(Enumerable.Range(0, result.RowCount).Select(r => result.Column(0).Text(r)));
        }

        return rows;
    }
}
