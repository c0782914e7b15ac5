using LambdaCore.Storage;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd;

/// <summary>Answers with statistics: what receipts say of their errors, and that layers and batches do not show in them.</summary>
[TestFixture]
internal sealed class StatisticsAnswerTests
{
    private const int Products = 400;

    private static readonly ViewDefinition<Sale, string, Summary> Summaries = View.Of<Sale>("summaries").GroupBy(e => e.Shop).Select(g => new Summary(
        g.Quantile(e => e.Price, 0.5), g.Quantile(e => e.Price, 0.99), g.StandardDeviation(e => e.Price), g.TopK(e => e.Product, 3, 100), g.CountDistinct(e => e.Product, 50, WhenExceeded.Approximate), g.LastN(e => e.Product, 2), g.Histogram(e => e.Price, 10, 100)));

    private static readonly ViewDefinition<Sale, string, long> Exact = View.Of<Sale>("exact").GroupBy(e => e.Shop).Select(g => g.CountDistinct(e => e.Product, 50));

    [Test]
    public async Task Receipts_state_the_kind_and_the_size_of_each_error()
    {
        await using LambdaStore<Sale> store = Open(new InMemoryStorage(), 1);
        await store.AppendAsync(new Sale(DateTimeOffset.UnixEpoch, "a", "p", 5));

        Receipt receipt = (await store.GetAsync(Summaries, "a"))!.Receipt;

        Assert.That(receipt.Errors, Is.EqualTo(new[]
        {
            new ColumnError("Median", "Quantile", ErrorKind.RelativeError, 0.01),
            new ColumnError("Top", "TopK", ErrorKind.ShareOfEvents, Math.E / 256),
            new ColumnError("Products", "CountDistinct", ErrorKind.RelativeStandardError, 1.04 / 64),
        }));
    }

    [Test]
    public async Task Sketches_beyond_their_capacity_give_the_same_answer_however_often_and_by_however_many_threads_they_are_computed()
    {
        Sale[] sales = Sales(6_000);
        List<Summary> answers = [];
        foreach (int cut in (int[])[0, 1, 2_500, 6_000])
        {
            foreach (int threads in (int[])[1, 2])
            {
                await using LambdaStore<Sale> store = Open(new InMemoryStorage(), threads);
                await store.AppendAsync(sales.AsMemory(0, cut));
                await store.RunBatchAsync();
                await store.AppendAsync(sales.AsMemory(cut));
                answers.Add((await store.GetAsync(Summaries, "big"))!.Result);
            }
        }

        Assert.That(answers[0].Top.All(i => i.Error > 0), "beyond the capacity");
        Assert.That(answers.Select(a => string.Join(", ", a.Top)), Is.All.EqualTo(string.Join(", ", answers[0].Top)));
        Assert.That(answers.Select(a => (a.Median, a.High, a.Products)), Is.All.EqualTo((answers[0].Median, answers[0].High, answers[0].Products)));
        Assert.That(answers.SelectMany(a => a.Last), Is.All.AnyOf(answers[0].Last[0], answers[0].Last[1]));
        Assert.That(answers.Select(a => string.Join(", ", a.Buckets)), Is.All.EqualTo(string.Join(", ", answers[0].Buckets)));
        Assert.That(answers.Select(a => a.Spread), Is.All.EqualTo(answers[0].Spread).Within(1e-9).Percent);
        Assert.That(answers[0].Products, Is.EqualTo(Products).Within(8).Percent);
    }

    [Test]
    public async Task A_count_beyond_its_limit_fails_with_advice_and_leaves_other_keys_alone([Values] bool batch)
    {
        await using LambdaStore<Sale> store = Open(new InMemoryStorage(), 1);
        await store.AppendAsync(Sales(2_000));
        await store.AppendAsync(new Sale(DateTimeOffset.UnixEpoch, "small", "p", 1));
        if (batch)
        {
            await store.RunBatchAsync();
        }

        Assert.That((await store.GetAsync(Exact, "small"))!.Result, Is.EqualTo(1));
        Assert.That(async () => await store.GetAsync(Exact, "big"), Throws.InstanceOf<OverflowException>().With.Message.Contains("50").And.Message.Contains("WhenExceeded.Approximate"));
    }

    private static Sale[] Sales(int count)
    {
        Random random = new(11);
        return [.. Enumerable.Range(0, count).Select(i => new Sale(
            DateTimeOffset.UnixEpoch.AddMinutes(random.Next(1000)), "big", i < Products ? $"product {i}" : $"product {(int)(Products * Math.Pow(random.NextDouble(), 3))}", Math.Exp(random.NextDouble() * 8)))];
    }

    private static LambdaStore<Sale> Open(InMemoryStorage storage, int threads)
    {
        LambdaStoreOptions<Sale> options = new() { Durability = Durability.Buffered, BatchThreads = threads };
        options.EventTime(e => e.At);
        options.AddView(Summaries);
        options.AddView(Exact);
        return StoreOpening.Open("memory", storage, options);
    }

    internal sealed record Sale(DateTimeOffset At, string Shop, string Product, double Price);

    internal sealed record Summary(
        double Median, double High, double? Spread, IReadOnlyList<TopItem<string>> Top, long Products, IReadOnlyList<string> Last, IReadOnlyList<long> Buckets);
}
