using System.Globalization;
using LambdaCore.Batch;
using LambdaCore.CrashHost;
using LambdaCore.Serving;
using LambdaCore.Storage;
using LambdaCore.Tests.Aggregates;
using LambdaCore.Tests.Batch;
using LambdaCore.Tests.EndToEnd;
using LambdaCore.Tests.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.Damage;

/// <summary>
/// A store whose lookup files somebody wrote anew on purpose, with checksums that are right and rows that are not: it answers, or computes the layer anew, or refuses by name, in
/// queries and in batches that merge; and a batch over the log is right again.
/// </summary>
[TestFixture]
internal sealed class HostileLayerTests
{
    private static readonly ViewDefinition<AllKinds, Cell, Figures> Many = View.Of<AllKinds>("many")
        .GroupBy(e => new Cell(Window.Hour(e.At), e.MaybeText, e.Day))
        .Select(g => new Figures(
            g.Count(), g.Sum(e => e.Int), g.Average(e => e.Double), g.Sum(e => e.Amount), g.Max(e => e.At), g.Min(e => e.Day), g.Latest(e => e.Text), g.MaxBy(e => e.Span, e => e.Float),
            g.ApproxDistinct(e => e.Long), g.CountDistinct(e => e.Int, 20, WhenExceeded.Approximate), g.Quantile(e => e.Double, 0.5), g.StandardDeviation(e => e.Float),
            g.Histogram(e => e.Double, 0, 1, 2), g.TopK(e => e.Text, 3, 16), g.FirstN(e => e.At, 3), g.LastN(e => e.Day, 3), g.Aggregate(new DistinctTexts(), e => e.Text)));

    private static readonly ViewDefinition<AllKinds, DateTimeOffset, Figures> Daily = Many.RollUp("daily", k => Window.Day(k.Hour));

    private static readonly ViewDefinition<AllKinds, Stay, long> Stays = View.Of<AllKinds>("stays")
        .GroupBy(e => new Stay(e.MaybeText ?? "none", Window.Session(e.At, TimeSpan.FromMinutes(50)))).Select(g => g.Sum(e => e.Int));

    [Test]
    public async Task Hostile_rows_of_a_layer_are_answered_with_or_named_and_a_full_batch_heals()
    {
        Random random = Seed.Random(out int seed);
        (StoreImage image, List<Layer> layers) = await BuildAsync(random);
        string healthy;
        using (InMemoryStorage disk = image.ToDisk())
        {
            await using LambdaStore<AllKinds> store = Open(disk, new RecordedLog());
            healthy = await AskAsync(store);
        }

        int mutants = HostileBytes.Count(100);
        (int refused, int repaired, int harmless, int tooLarge) = (0, 0, 0, 0);
        for (int i = 0; i < mutants; i++)
        {
            Layer layer = layers[random.Next(layers.Count)];
            StoreImage damaged = image.Copy();
            damaged.Replace(layer.Path, Hostile(layer, image[layer.Path], random));
            using InMemoryStorage disk = damaged.ToDisk();
            RecordedLog log = new();
            string what = $"seed {seed}, mutant {i}, {layer.Path}";
            await using LambdaStore<AllKinds> store = Open(disk, log);
            int before = refused + tooLarge;
            await TryAsync(() => AskAsync(store), what);
            await TryAsync(() => store.RunBatchAsync(), what);
            await TryAsync(() => AskAsync(store), what);
            await store.RunBatchAsync(BatchMode.Full);
            Assert.That(await AskAsync(store), Is.EqualTo(healthy), what);
            bool isRepaired = log.Ids.Intersect([21, 23, 26, 39]).Any();
            repaired += isRepaired ? 1 : 0;
            harmless += !isRepaired && refused + tooLarge == before ? 1 : 0;

            async Task TryAsync(Func<Task> use, string what)
            {
                try
                {
                    await use();
                }
                catch (LambdaCoreException error)
                {
                    Assert.That(error.Message, Does.Contain(layer.Path).Or.Contain($"'{layer.View}'").Or.Contain("aggregate"), what);
                    refused++;
                }
                catch (OverflowException error)
                {
                    Assert.That(error.Message, Does.Contain("sum").IgnoreCase.Or.Contain("limit"), what);
                    tooLarge++;
                }
            }
        }

        TestContext.Out.WriteLine($"{mutants} mutants: {repaired} computed anew, {refused} answers or batches refused, {tooLarge} sums too large, {harmless} without a notice");
        Assert.That(repaired, Is.GreaterThan(mutants / 10));
    }

    private static byte[] Hostile(Layer layer, byte[] content, Random random)
    {
        SortedDictionary<byte[], byte[]> rows = LookupScene.NewOracle();
        using (LookupFile lookup = LookupFile.Open(new InMemoryMappedFile(content), layer.Path, layer.Fingerprint, layer.Range))
        {
            LookupScene.Scan(lookup, null, null).ForEach(r => rows[r.Key] = r.State);
        }

        for (int change = random.Next(1, 4); change > 0; change--)
        {
            byte[] key = rows.Keys.ElementAt(random.Next(rows.Count));
            byte[] state = rows[key];
            if (random.Next(4) == 0)
            {
                rows.Remove(key);
                key = HostileBytes.Mutate(key, random);
            }
            else
            {
                state = HostileBytes.Mutate(state, random);
            }

            rows[key] = state;
        }

        return LookupScene.Write(rows, layer.Fingerprint, layer.Range);
    }

    private static async Task<(StoreImage Image, List<Layer> Layers)> BuildAsync(Random random)
    {
        using InMemoryStorage disk = new();
        List<Layer> layers = [];
        await using (LambdaStore<AllKinds> store = Open(disk, new RecordedLog()))
        {
            foreach (int count in new[] { 60, 25, 15 })
            {
                await store.AppendAsync(Enumerable.Range(0, count).Select(i => AllKinds.Random(random, random.Next(9)) with { At = DateTimeOffset.UnixEpoch.AddMinutes(random.Next(600)) }).ToArray());
                if (count != 15)
                {
                    await store.RunBatchAsync();
                }
            }

            foreach (ServedView<AllKinds> view in StoreInternals<AllKinds>.Of(store).Views)
            {
                layers.AddRange(view.Snapshot.Batches.Select(b => new Layer(view.Plan.Name, b.Lookup.Path, view.Plan.Fingerprint, b.Range)));
            }
        }

        Assert.That(layers.Select(l => l.View).Distinct().Count(), Is.EqualTo(3));
        return (StoreImage.Of(disk), layers);
    }

    private static LambdaStore<AllKinds> Open(InMemoryStorage disk, RecordedLog log)
    {
        LambdaStoreOptions<AllKinds> options = new() { BatchThreads = 1, LoggerFactory = log };
        options.EventTime(e => e.At).AddView(Many).AddView(Daily).AddView(Stays);
        options.Validate();
        return StoreOpening.Open("memory", disk, options);
    }

    private static async Task<string> AskAsync(LambdaStore<AllKinds> store)
    {
        List<string> answers = [];
        await AddAsync(answers, store, Many);
        await AddAsync(answers, store, Daily);
        await AddAsync(answers, store, Stays);
        return string.Join('\n', answers);
    }

    private static async Task AddAsync<TKey, TResult>(List<string> answers, LambdaStore<AllKinds> store, ViewDefinition<AllKinds, TKey, TResult> view)
        where TKey : notnull
    {
        foreach (ViewEntry<TKey, TResult> row in (await store.Query(view).ExecuteAsync()).Rows)
        {
            answers.Add($"{view.Name} {row.Key} {row.Result}");
            _ = await store.GetAsync(view, row.Key);
        }
    }

    private sealed record Layer(string View, string Path, string Fingerprint, LogRange Range);

    private readonly record struct Cell(DateTimeOffset Hour, string? Text, DateOnly Day);

    private sealed record Figures(
        long Count, long Sum, double? Average, decimal Amount, DateTimeOffset Last, DateOnly First, string Latest, TimeSpan Longest, long Distinct, long Exact, double? Median, double? Spread,
        IReadOnlyList<long> Histogram, IReadOnlyList<TopItem<string>> Top, IReadOnlyList<DateTimeOffset> FirstTimes, IReadOnlyList<DateOnly> LastDays, IReadOnlyList<string> Texts)
    {
        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture,
            $"{Count} {Sum} {Average:G9} {Amount} {Last:O} {First:O} {Latest} {Longest} {Distinct} {Exact} {Median} {Spread:G9} [{string.Join(' ', Histogram)}] [{string.Join(' ', Top)}] [{string.Join(' ', FirstTimes)}] [{string.Join(' ', LastDays)}] [{string.Join(' ', Texts)}]");
    }
}
