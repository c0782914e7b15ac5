using LambdaCore.Log;
using LambdaCore.Storage;
using LambdaCore.Tests.EndToEnd;
using LambdaCore.Tests.Log;
using NUnit.Framework;

namespace LambdaCore.Tests.Damage;

/// <summary>What a salvage keeps, and what it says of the rest, on a disk; the campaign over all kinds of damage is in <see cref="StoreDamageTests"/>.</summary>
[TestFixture]
internal sealed class SalvageTests
{
    private string _folder = "";

    private string Store => Path.Combine(_folder, "store");

    private string Target => Path.Combine(_folder, "salvaged");

    [SetUp]
    public void CreateFolder() => _folder = Directory.CreateTempSubdirectory("lambdacore-salvage-").FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public async Task A_lost_segment_leaves_a_hole_and_everything_else_answers()
    {
        await FillAsync();
        string lost = Directory.GetFiles(Path.Combine(Store, "log"), "*.parquet").Order().First();
        File.Delete(lost);
        Directory.Delete(Path.Combine(Store, "views"), recursive: true);
        Assert.That(() => OpenAsync(Store), Throws.InstanceOf<LogCorruptException>().With.Message.Contains(Path.GetFileName(lost)).And.Message.Contains("SalvageAsync"));

        SalvageReport report = await SalvageAsync(Target);
        Assert.That(report.Lost, Is.EqualTo(new[] { new LogRange(LogPosition.Zero, new LogPosition(10)) }));
        Assert.That((report.KeptPositions, report.LostPositions, report.Position.Value), Is.EqualTo((25L, 10L, 35L)));
        Assert.That(report.Damage.Single(), Is.EqualTo(new SalvagedDamage($"log/{Path.GetFileName(lost)}", "the file is missing", report.Lost[0])));
        Assert.That(report.ToString(), Does.Contain("25 positions kept, 10 lost: [0,10)").And.Contain(Path.GetFileName(lost)));
        for (int opening = 0; opening < 2; opening++)
        {
            await using LambdaStore<Purchase> store = await OpenAsync(Target);
            Assert.That((await Purchase.CountsAsync(store)).OrderBy(c => c.Key, StringComparer.Ordinal).Select(c => (c.Key, c.Value)), Is.EqualTo(new[] { ("b", 20L), ("c", 5L) }));
            await store.RunBatchAsync(BatchMode.Full);
            Assert.That(await Purchase.CountsAsync(store), Has.Count.EqualTo(2));
        }

        File.Copy(Directory.GetFiles(Path.Combine(Target, "log"), "*.parquet").First(), lost);
        Assert.That(() => OpenAsync(Store), Throws.InstanceOf<LogCorruptException>(), "a file of that name is not that file");
    }

    [Test]
    public async Task A_target_that_is_not_empty_or_within_the_store_is_refused_and_so_is_a_store_that_is_not_there()
    {
        await FillAsync();
        Directory.CreateDirectory(Target);
        await File.WriteAllTextAsync(Path.Combine(Target, "mine.txt"), "mine");
        Assert.That(() => SalvageAsync(Target), Throws.InstanceOf<StorageException>().With.Message.Contains("not empty"));
        Assert.That(() => SalvageAsync(Path.Combine(Store, "below")), Throws.ArgumentException);
        Assert.That(
            () => LambdaStore.SalvageAsync<Purchase>(Path.Combine(_folder, "none"), Path.Combine(_folder, "new"), Configure), Throws.InstanceOf<StorageException>().With.Message.Contains("none"));
        Assert.That(Directory.Exists(Path.Combine(_folder, "none")), Is.False);
        await using LambdaStore<Purchase> store = await OpenAsync(Store);
        Assert.That(() => SalvageAsync(Path.Combine(_folder, "other")), Throws.InstanceOf<StoreLockedException>());
    }

    [Test]
    public async Task A_store_that_is_sound_is_salvaged_whole()
    {
        await FillAsync();
        SalvageReport report = await SalvageAsync(Target);
        Assert.That((report.Lost.Count, report.Damage.Count, report.KeptPositions), Is.EqualTo((0, 0, 35L)));
        await using LambdaStore<Purchase> store = await OpenAsync(Target);
        Assert.That((await Purchase.CountsAsync(store)).Values.Sum(), Is.EqualTo(35));
        Assert.That(await store.AppendAsync(Purchase.Of("d")), Is.EqualTo(new LogPosition(35)));
    }

    [Test]
    public async Task Producers_keep_their_place_and_amendments_theirs()
    {
        ViewDefinition<Order, string, long> sales = View.Of<Order>("sales").GroupBy(e => e.Product).Select(g => g.Sum(e => e.Amount));
        void Configure(LambdaStoreOptions<Order> options) => options.EventTime(e => e.At).Amendments(e => e.Id, e => e.AmendedId).AddView(sales);
        Order Of(long id, long? amended, long amount) => new(DateTimeOffset.UnixEpoch, id, amended, "tea", amount);
        await using (LambdaStore<Order> store = await LambdaStore.OpenAsync<Order>(Store, Configure))
        {
            Producer<Order> source = store.CreateProducer("source");
            await source.AppendAsync(Of(1, null, 100), 1);
            await source.AppendAsync(Of(2, 1, 90), 2);
            Assert.That((await store.RunBatchAsync()).Amendments.Amended, Is.EqualTo(1));
            await source.AppendAsync(Of(3, 2, 80), 3);
            await store.CreateProducer("other").AppendAsync(Of(4, null, 1), 7);
        }

        _ = await LambdaStore.SalvageAsync<Order>(Store, Target, Configure);
        await using LambdaStore<Order> salvaged = await LambdaStore.OpenAsync<Order>(Target, Configure);
        Assert.That(salvaged.Producers, Is.EquivalentTo(new Dictionary<string, long> { ["source"] = 3, ["other"] = 7 }));
        Assert.That((await salvaged.CreateProducer("source").AppendAsync(Of(3, 2, 80), 3)).Duplicates, Is.EqualTo(1));
        ViewAnswer<string, long> waiting = await salvaged.Query(sales).ExecuteAsync();
        Assert.That((waiting.Rows.Single().Result, waiting.Receipt.AmendmentsWaiting), Is.EqualTo((91L, 1L)));
        Assert.That((await salvaged.RunBatchAsync()).Amendments.Amended, Is.EqualTo(1));
        ViewAnswer<string, long> applied = await salvaged.Query(sales).ExecuteAsync();
        Assert.That((applied.Rows.Single().Result, applied.Receipt.AmendmentsWaiting), Is.EqualTo((81L, 0L)));
    }

    [Test]
    public async Task What_a_crash_leaves_of_a_salvage_is_no_store()
    {
        await FillAsync();
        await SalvageAsync(Target);
        foreach (string commit in Directory.GetFiles(Path.Combine(Target, "log", "_delta_log")).OrderDescending())
        {
            File.Delete(commit);
            Assert.That(() => OpenAsync(Target), Throws.InstanceOf<TableCorruptException>().With.Message.Contains(Path.GetFileName(commit)));
        }
    }

    [Test]
    public async Task What_lies_in_the_lock_the_scratch_and_the_speed_folder_does_not_matter()
    {
        await FillAsync();
        await File.WriteAllBytesAsync(Path.Combine(Store, "LOCK"), [0xFF, 0, 1, 2]);
        foreach (string folder in new[] { "scratch", "speed" })
        {
            Directory.CreateDirectory(Path.Combine(Store, folder, "deep"));
            await File.WriteAllBytesAsync(Path.Combine(Store, folder, "garbage.parquet"), [1, 2, 3]);
        }

        await using (LambdaStore<Purchase> store = await OpenAsync(Store))
        {
            Assert.That((await Purchase.CountsAsync(store)).Values.Sum(), Is.EqualTo(35));
        }

        File.Delete(Path.Combine(Store, "LOCK"));
        await using LambdaStore<Purchase> again = await OpenAsync(Store);
        Assert.That((await Purchase.CountsAsync(again)).Values.Sum(), Is.EqualTo(35));
    }

    [Test]
    public void Groups_are_found_behind_any_damage_of_several_write_ahead_files()
    {
        SortedDictionary<string, byte[]> files;
        List<LogScene.Group> groups = [];
        using (InMemoryStorage storage = new())
        {
            using (WriteAheadLog log = LogScene.Open(storage))
            {
                for (int i = 0; i < 25; i++)
                {
                    groups.Add(LogScene.Append(log, 1 + (i % 3), 100 + (i * 37)));
                    log.Flush();
                }

                log.Close();
            }

            files = LogScene.FilesOf(storage);
        }

        Assert.That(files, Has.Count.GreaterThan(3));
        Assert.That(Found(files, out List<SalvagedDamage> none), Is.EqualTo(groups.Select(g => g.Start)));
        Assert.That(none, Is.Empty);
        foreach (string name in files.Keys.ToArray())
        {
            byte[] healthy = files[name];
            long start = long.Parse(name[..20], null);
            long[] within = [.. groups.Select(g => g.Start).Where(s => s >= start && !files.Keys.Any(f => long.Parse(f[..20], null) > start && long.Parse(f[..20], null) <= s))];
            for (int at = 0; at < healthy.AsSpan().LastIndexOfAnyExcept((byte)0); at += 3)
            {
                byte[] damaged = [.. healthy];
                damaged[at] ^= 0x10;
                files[name] = damaged;
                List<long> found = Found(files, out List<SalvagedDamage> damage);
                Assert.That(groups.Count - found.Count, Is.LessThanOrEqualTo(at < WriteAheadFormat.FileHeaderLength ? 0 : 1), $"{name} at {at}");
                Assert.That(damage, Is.Not.Empty, $"{name} at {at}");
                Assert.That(damage.Select(d => d.File), Is.All.StartsWith("wal/"), $"{name} at {at}");
            }

            files.Remove(name);
            Assert.That(Found(files, out List<SalvagedDamage> missing), Is.EqualTo(groups.Select(g => g.Start).Except(within)), name);
            Assert.That(missing.Any(d => d.File == $"wal/{name}") || start == 0, Is.True, name);
            files[name] = healthy;
        }
    }

    [Test]
    public void Write_ahead_files_of_another_store_are_not_taken_in()
    {
        using InMemoryStorage storage = new();
        using (WriteAheadLog log = LogScene.Open(storage))
        {
            LogScene.Append(log, 3, 100);
            log.Close();
        }

        List<SalvagedDamage> damage = [];
        Assert.That(SalvagedGroups.Of(storage, Guid.NewGuid(), LogPosition.Zero, damage).Groups, Is.Empty);
        Assert.That(damage[0].Problem, Does.Contain(LogScene.StoreId.ToString()));
    }

    private static List<long> Found(SortedDictionary<string, byte[]> files, out List<SalvagedDamage> damage)
    {
        damage = [];
        using InMemoryStorage storage = LogScene.StorageWith(files);
        return [.. SalvagedGroups.Of(storage, LogScene.StoreId, LogPosition.Zero, damage).Groups.Select(g => g.Range.Start.Value)];
    }

    private static void Configure(LambdaStoreOptions<Purchase> options) => options.EventTime(e => e.At).AddView(Purchase.ByProduct);

    private static Task<LambdaStore<Purchase>> OpenAsync(string folder) => LambdaStore.OpenAsync<Purchase>(folder, Configure);

    private Task<SalvageReport> SalvageAsync(string target) => LambdaStore.SalvageAsync<Purchase>(Store, target, Configure);

    /// <summary>Two segments of 10 a and 20 b, and a tail of 5 c.</summary>
    private async Task FillAsync()
    {
        await using LambdaStore<Purchase> store = await OpenAsync(Store);
        await store.AppendAsync(Enumerable.Repeat(Purchase.Of("a"), 10).ToArray());
        await store.RunBatchAsync();
        StoreInternals<Purchase>.Of(store).Log.RollWriteAheadLog();
        await store.AppendAsync(Enumerable.Repeat(Purchase.Of("b"), 20).ToArray());
        await store.RunBatchAsync();
        await store.AppendAsync(Enumerable.Repeat(Purchase.Of("c"), 5).ToArray());
    }

    private sealed record Order(DateTimeOffset At, long Id, long? AmendedId, string Product, long Amount);
}
