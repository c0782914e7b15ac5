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
