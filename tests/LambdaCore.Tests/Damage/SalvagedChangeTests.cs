using LambdaCore.Storage;
using LambdaCore.Tests.EndToEnd;
using NUnit.Framework;

namespace LambdaCore.Tests.Damage;

/// <summary>A salvage that lacks some of the commits undoes no erasure, whichever it lacks: of files that cannot both be of the table, none but the later is kept.</summary>
[TestFixture]
internal sealed class SalvagedChangeTests
{
    [Test]
    public async Task What_was_erased_does_not_come_back_whichever_commits_are_lost([Values] bool compacted)
    {
        StoreImage sound = await BuildAsync(compacted);
        string[] commits = [.. sound.Paths.Where(p => p.StartsWith("log/_delta_log/", StringComparison.Ordinal) && p.EndsWith(".json", StringComparison.Ordinal))];
        Assert.That(commits, Has.Length.EqualTo(compacted ? 5 : 4), "the table, two seals, the erasure, and the compaction");
        List<string> kept = [];
        for (int lost = 0; lost < 1 << commits.Length; lost++)
        {
            StoreImage damaged = sound.Copy();
            string[] gone = [.. commits.Where((_, i) => (lost & (1 << i)) != 0)];
            Array.ForEach(gone, damaged.Remove);
            using InMemoryStorage from = damaged.ToDisk();
            using InMemoryStorage to = new();
            SalvageReport report = StoreSalvage.Run(from, to, Options(), CancellationToken.None);
            string what = $"without {string.Join(", ", gone)}: {report}";
            await using LambdaStore<Purchase> store = Purchase.Open(to);
            Dictionary<string, long> counts = await Purchase.CountsAsync(store);
            Assert.That(counts.Keys, Does.Not.Contain("secret"), what);
            Assert.That(counts.Values.Sum(), Is.LessThanOrEqualTo(report.KeptPositions), what);
            Assert.That(report.Damage.Count == 0, Is.EqualTo(gone.Length == 0), what);
            kept.Add($"{lost:b5} {counts.GetValueOrDefault("a")} {counts.GetValueOrDefault("b")} {counts.GetValueOrDefault("c")}");
        }

        TestContext.Out.WriteLine(string.Join('\n', kept));
        Assert.That(kept[0], Is.EqualTo("00000 9 5 2"));
        if (compacted)
        {
            Assert.That(kept[0b01000], Is.EqualTo("01000 9 5 2"), "the newest commit says where everything is that the lost one had written");
        }
    }

    private static LambdaStoreOptions<Purchase> Options()
    {
        LambdaStoreOptions<Purchase> options = new() { BatchThreads = 1 };
        options.EventTime(e => e.At).AddView(Purchase.ByProduct);
        options.Validate();
        return options;
    }

    /// <summary>A segment of 9 a and what is erased of it, one of 5 b, and a tail of 2 c; old files are still there.</summary>
    private static async Task<StoreImage> BuildAsync(bool compacted)
    {
        using InMemoryStorage disk = new();
        await using (LambdaStore<Purchase> store = Purchase.Open(disk))
        {
            await store.AppendAsync(Enumerable.Range(0, 10).Select(i => Purchase.Of(i == 4 ? "secret" : "a")).ToArray());
            await store.RunBatchAsync();
            await store.AppendAsync(Enumerable.Repeat(Purchase.Of("b"), 5).ToArray());
            await store.RunBatchAsync();
            await store.EraseAsync(e => e.Product == "secret", "asked to be forgotten");
            if (compacted)
            {
                Assert.That(await store.CompactAsync(), Is.EqualTo(new CompactionReceipt(2, 1)));
            }

            await store.AppendAsync(Enumerable.Repeat(Purchase.Of("c"), 2).ToArray());
        }

        return StoreImage.Of(disk);
    }
}
