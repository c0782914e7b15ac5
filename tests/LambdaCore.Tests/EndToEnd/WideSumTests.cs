using LambdaCore.Storage;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd;

/// <summary>Products of 32-bit integers enter sums and averages whole, in both layers.</summary>
internal sealed class WideSumTests
{
    private static readonly ViewDefinition<Line, string, Totals> ByProduct = View.Of<Line>("by_product")
        .GroupBy(e => e.Product)
        .Select(g => new Totals(
            g.Count(), g.Sum(e => e.Price * e.Quantity), g.Average(e => e.Price * e.Quantity), g.Sum(e => -(e.Price * e.Quantity) + e.Discount), g.Sum(e => e.Small * e.Small)));

    [Test]
    public async Task A_product_beyond_32_bits_is_counted_whole()
    {
        using InMemoryStorage disk = new();
        LambdaStoreOptions<Line> options = new();
        options.EventTime(e => e.Time).AddView(ByProduct);
        await using LambdaStore<Line> store = StoreOpening.Open("memory", disk, options);
        Line[] lines = [new(DateTimeOffset.UnixEpoch, "a", 100_000, 100_000, 7, 255), new(DateTimeOffset.UnixEpoch, "a", 1, 1, null, 255)];

        await store.AppendAsync(lines);
        ViewEntry<string, Totals>? recent = await store.GetAsync(ByProduct, "a");
        await store.RunBatchAsync();
        ViewEntry<string, Totals>? batch = await store.GetAsync(ByProduct, "a");

        Totals expected = new(2, 10_000_000_001, 5_000_000_000.5, -9_999_999_993, 2 * 255 * 255);
        Assert.That(recent!.Result, Is.EqualTo(expected));
        Assert.That(batch!.Result, Is.EqualTo(expected));
        Assert.That(batch.Receipt.Source, Is.EqualTo(AnswerSource.Batch));
    }

    private sealed record Line(DateTimeOffset Time, string Product, int Price, int Quantity, int? Discount, byte Small);

    private sealed record Totals(long Lines, long Total, double Average, long Net, long Squares);
}
