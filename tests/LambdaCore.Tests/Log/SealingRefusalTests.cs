using LambdaCore.DuckDb;
using LambdaCore.Log;
using LambdaCore.Storage;
using LambdaCore.Tests.EndToEnd;
using LambdaCore.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.Log;

/// <summary>Segments that would not be what they say are refused before anybody can see them, and the log goes on.</summary>
[TestFixture]
internal sealed class SealingRefusalTests
{
    [Test]
    public async Task A_segment_cannot_end_within_a_group()
    {
        using InMemoryStorage storage = new();
        await using LambdaStore<Purchase> store = Purchase.Open(storage);
        await store.AppendAsync(new[] { Purchase.Of("a"), Purchase.Of("b"), Purchase.Of("c") });
        EventLog<Purchase> log = StoreInternals<Purchase>.Of(store).Log;

        Assert.That(
            () => log.SealAsync(new LogPosition(2), CancellationToken.None),
            Throws.InvalidOperationException.With.Message.Contains("Frame [0,3)").And.Message.Contains("[0,2)"));

        Assert.That((log.SealedEnd.Value, storage.List("log").Count(f => f.EndsWith(".parquet", StringComparison.Ordinal))), Is.EqualTo((0L, 0)));
        Assert.That(Directory.GetFiles(storage.ScratchFolder, "*.parquet"), Is.Empty);
        await store.RunBatchAsync();
        Assert.That(log.SealedEnd.Value, Is.EqualTo(3));
    }

    [TestCase("1 bytes too many", 1)]
    [TestCase("its event 1 cannot be decoded", -3)]
    public void A_group_whose_events_do_not_fill_it_is_not_sealed(string told, int more)
    {
        using InMemoryStorage storage = new();
        using DuckDbEngine duckDb = new(new DuckDbOptions { AllowedDirectories = [storage.PhysicalFolder] }, _ => { });
        EventSchema events = EventSchema.Of(typeof(Purchase));
        EventCodec<Purchase> codec = new(events, events.Properties.Single(p => p.Name == nameof(Purchase.At)));
        ByteWriter payload = new();
        GroupPayload.Begin(payload, codec.Fingerprint);
        codec.Encode(Purchase.Of("a"), payload);
        codec.Encode(Purchase.Of("b") with { Note = "a note" }, payload);
        if (more < 0)
        {
            payload.Truncate(payload.Length + more);
        }
        else
        {
            payload.Advance(more).Clear();
        }

        GroupPayload.Complete(payload, GroupNotes.None);
        using WriteAheadLog log = LogScene.Open(storage);
        log.Append(LogPosition.Zero, 2, 1, payload.Written);
        LogRange range = new(LogPosition.Zero, log.End);

        Assert.That(
            () =>
            {
                using WriteAheadReader groups = log.Read(range);
                new SegmentSealer(storage, duckDb, StoredAmendments.First(codec), typeof(Purchase)).Write(groups, range, int.MaxValue);
            },
            Throws.InstanceOf<LogCorruptException>().With.Message.Contains("[0,2) is not sound").And.Message.Contains(told).And.Message.Contains("SalvageAsync"));
        Assert.That(Directory.GetFiles(storage.ScratchFolder), Is.Empty);
    }

    [Test]
    public async Task Raw_events_go_by_whole_segments_only()
    {
        using InMemoryStorage storage = new();
        await using LambdaStore<Purchase> store = Purchase.Open(storage);
        await store.AppendAsync(new[] { Purchase.Of("a"), Purchase.Of("b"), Purchase.Of("c") });
        await store.RunBatchAsync();
        EventLog<Purchase> log = StoreInternals<Purchase>.Of(store).Log;

        Assert.That(
            () => log.RetainAsync(new LogPosition(2), [], CancellationToken.None),
            Throws.InvalidOperationException.With.Message.Contains("before 2").And.Message.Contains("[0,3)"));

        Assert.That(log.RawStart, Is.EqualTo(LogPosition.Zero));
        Assert.That((await store.AsOf(new LogPosition(3)).Query(Purchase.ByProduct).ExecuteAsync()).Rows, Has.Count.EqualTo(3));

        await log.RetainAsync(new LogPosition(3), [], CancellationToken.None);
        Assert.That(
            () => log.Segments(new LogRange(LogPosition.Zero, new LogPosition(2))),
            Throws.InstanceOf<LambdaCoreException>().With.Message.Contains("[0,2) were to be read, but the raw events before 3 have gone by retention"));
        using MaterialisedSegments nothing = log.Segments(new LogRange(LogPosition.Zero, LogPosition.Zero));
        Assert.That(nothing.Files, Is.Empty);
    }

    [Test]
    public async Task A_merged_segment_that_has_other_rows_than_what_it_is_of_is_refused_and_leaves_nothing()
    {
        using InMemoryStorage storage = new();
        await using LambdaStore<Purchase> store = Purchase.Open(storage);
        await store.AppendAsync(Enumerable.Range(0, 50).Select(i => Purchase.Of("a", i)).ToArray());
        await store.RunBatchAsync();
        OpenStore<Purchase> parts = StoreInternals<Purchase>.Of(store);
        SegmentRewriter rewriter = new(storage, parts.DuckDb, new EventFileColumns(parts.Log.Schema, MasterSchema.OwnOfMaster), nameof(Purchase));
        using MaterialisedSegments held = parts.Log.Segments(new LogRange(LogPosition.Zero, new LogPosition(50)));
        int before = Directory.GetFiles(storage.ScratchFolder).Length;

        // Rows that are others each time they are read, as those of a file that somebody changes meanwhile.
        string changing = $"(SELECT * FROM {held.WithRetired} WHERE {EventSchema.PositionColumn} < (SELECT nextval('readings')))";
        using (DuckDbConnection connection = parts.DuckDb.Connect())
        {
            connection.Execute("CREATE SEQUENCE readings START 10");
        }

        Assert.That(
            () => rewriter.Merge(changing, CancellationToken.None),
            Throws.InstanceOf<LambdaCoreException>().With.Message.Contains("was to write 10 events into one segment, but it has 11"));
        Assert.That(Directory.GetFiles(storage.ScratchFolder), Has.Length.EqualTo(before));
    }
}
