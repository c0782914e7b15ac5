using System.Text;
using LambdaCore.Batch;
using LambdaCore.Storage;
using LambdaCore.Tables;
using LambdaCore.Tests.EndToEnd;
using NUnit.Framework;

namespace LambdaCore.Tests.Simulation;

/// <summary>What was done stays done when the power is cut afterwards: above all, what was deleted because it must not be there does not come back.</summary>
[TestFixture]
internal sealed class PowerCutAfterwardsTests
{
    private const string Secret = "what nobody may find any more";
    private const int Cuts = 24;
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly ViewDefinition<Reading, string, long> ByText = View.Of<Reading>("by_text").GroupBy(e => e.Text).Select(g => g.Count());

    private static readonly ViewDefinition<Reading, int, long> Before = View.Of<Reading>("changed").GroupBy(e => e.Group).Select(g => g.Count());

    private static readonly ViewDefinition<Reading, int, long> After = View.Of<Reading>("changed").GroupBy(e => e.Group).Select(g => g.Sum(e => e.Number));

    /// <summary>Which flushes do nothing, on every disk; null for honest disks.</summary>
    public Func<StorageCall, bool>? Ignores { get; init; }

    [Test]
    public async Task Write_ahead_files_of_erased_events_stay_deleted()
    {
        using InMemoryStorage disk = NewDisk();
        await using LambdaStore<Reading> store = Open(disk);
        await store.AppendAsync(Readings(Secret));
        Assert.That(FilesWith(disk, "wal"), Is.Not.Empty, "else this test could not fail");
        await store.EraseAsync(e => e.Text == Secret, "a request");
        AfterPowerCuts(disk, left => Assert.That(FilesWith(left, "wal"), Is.Empty));
    }

    [Test]
    public async Task Views_of_erased_events_with_which_the_store_was_not_opened_stay_deleted()
    {
        using InMemoryStorage disk = NewDisk();
        await using (LambdaStore<Reading> store = Open(disk, ByText))
        {
            await store.AppendAsync(Readings(Secret));
            await store.RunBatchAsync();
        }

        await using LambdaStore<Reading> again = Open(disk, Reading.ByGroup);
        ErasureReceipt receipt = await again.EraseAsync(e => e.Text == Secret, "a request");
        Assert.That(receipt.DeletedViews, Is.EqualTo(new[] { "views/by_text" }));
        AfterPowerCuts(disk, left => Assert.That(FilesBelow(left, "views/by_text"), Is.Empty));
    }

    [Test]
    public async Task A_dropped_view_stays_deleted()
    {
        using InMemoryStorage disk = NewDisk();
        await using (LambdaStore<Reading> store = Open(disk, ByText))
        {
            await store.AppendAsync(Readings(Secret));
            await store.RunBatchAsync();
        }

        await using LambdaStore<Reading> again = Open(disk);
        await again.DropViewAsync("by_text");
        AfterPowerCuts(disk, left => Assert.That(FilesBelow(left, "views/by_text"), Is.Empty));
    }

    [Test]
    public async Task A_table_that_began_anew_is_not_mixed_with_the_one_before()
    {
        using InMemoryStorage disk = NewDisk();
        await using (LambdaStore<Reading> store = Open(disk, Before))
        {
            for (int i = 0; i < 3; i++)
            {
                await store.AppendAsync(Readings("any"));
                await store.RunBatchAsync();
            }
        }

        List<InMemoryStorage> cuts = [];
        await using LambdaStore<Reading> changed = Open(disk, After);
        disk.BeforeCall = call => cuts.AddRange(Enumerable.Range(0, CrashStates.Changes(call) ? 3 : 0).Select(i => disk.AfterPowerCut(new Random(cuts.Count))));
        await changed.RunBatchAsync();
        disk.BeforeCall = null;
        Assert.That(cuts, Has.Count.GreaterThan(30));
        foreach (InMemoryStorage left in cuts)
        {
            // Who goes back to the definition before finds all of its layers or none.
            RecordedLog messages = new();
            await using (LambdaStore<Reading> again = Open(left, messages, Before))
            {
                Assert.That((await again.Query(Before).ExecuteAsync()).Rows.Sum(r => r.Result), Is.EqualTo(3 * 7));
                Assert.That(messages.Ids, Has.None.EqualTo(23), "a layer is damaged");
            }

            left.Dispose();
        }
    }

    [Test]
    public void An_order_that_was_carried_out_does_not_come_back()
    {
        using InMemoryStorage disk = NewDisk();
        disk.CreateFolder("views/any");
        RebuildFolder folder = new(disk, "views/any");
        folder.Begin(new RebuildOrder { Id = Guid.Empty, Kind = RebuildKind.Reprocessing, Fingerprint = "any", OrderedAt = Noon });
        Assert.That(folder.HasOrder);
        folder.End();
        AfterPowerCuts(disk, left => Assert.That(new RebuildFolder(left, "views/any").HasOrder, Is.False));
    }

    [Test]
    public void An_order_and_its_parts_are_there_until_it_was_carried_out()
    {
        using InMemoryStorage disk = NewDisk();
        disk.CreateFolder("views/any");
        RebuildFolder folder = new(disk, "views/any");
        Guid id = disk.NewId();
        folder.Begin(new RebuildOrder { Id = id, Kind = RebuildKind.Reprocessing, Fingerprint = "any", OrderedAt = Noon });
        string scratch = disk.NewScratchPath(".run");
        File.WriteAllBytes(scratch, [1, 2, 3]);
        RebuildPart part = new(id, 0, 7, 0, 3);
        folder.Add(scratch, part);
        AfterPowerCuts(disk, left =>
        {
            RebuildFolder found = new(left, "views/any");
            Assert.That(found.Order()?.Id, Is.EqualTo(id));
            Assert.That(found.Parts(id), Is.EqualTo(new[] { part }));
            Assert.That(left.ReadAll(found.PathOf(part)), Is.EqualTo(new byte[] { 1, 2, 3 }));
        });
    }

    [Test]
    public async Task The_newest_commit_of_the_log_is_missed()
    {
        using InMemoryStorage disk = NewDisk();
        await using LambdaStore<Reading> store = Open(disk);
        await store.AppendAsync(Readings("any"));
        await store.RunBatchAsync();
        AfterPowerCuts(disk, left =>
        {
            left.Delete($"log/_delta_log/{left.List("log/_delta_log")[^1]}");
            Assert.That(() => Open(left), Throws.InstanceOf<TableCorruptException>());
        });
    }

    [Test]
    public async Task What_was_rejected_is_among_the_dead_letters()
    {
        using InMemoryStorage disk = NewDisk();
        await using LambdaStore<Reading> store = Open(disk);
        await store.AppendAsync(Readings("any"));
        await store.AppendAsync(Rejected);
        await store.AppendAsync(Rejected with { Text = Secret });
        await store.RunBatchAsync();
        await HasDeadLettersAsync(disk, 2);
        await store.EraseAsync(e => e.Text == Secret, "a request");
        await HasDeadLettersAsync(disk, 1);
    }

    [Test]
    public async Task A_renamed_view_has_its_layers()
    {
        using InMemoryStorage disk = NewDisk();
        await using (LambdaStore<Reading> store = Open(disk, Before))
        {
            await store.AppendAsync(Readings("any"));
            await store.RunBatchAsync();
        }

        ViewDefinition<Reading, int, long> renamed = View.Of<Reading>("renamed").GroupBy(e => e.Group).Select(g => g.Count());
        await using (LambdaStore<Reading> store = Open(disk, NewOptions().AddView(renamed, formerName: "changed")))
        {
            Assert.That(store.Position.Value, Is.EqualTo(7));
        }

        AfterPowerCuts(disk, left =>
        {
            DeltaTable table = DeltaTable.Open(left, TimeProvider.System, "views/renamed", DeltaTable.Open(left, TimeProvider.System, "log", storeId: null)!.StoreId)!;
            Assert.That(table.Files, Is.Not.Empty);
            foreach (string file in table.Files.SelectMany(f => new[] { f.Path, BatchTable.LookupOf(f.Path) }))
            {
                Assert.That(left.Exists($"views/renamed/{file}") && left.ReadAll($"views/renamed/{file}").AsSpan().SequenceEqual(disk.ReadAll($"views/renamed/{file}")), file);
            }
        });
    }

    [Test]
    public async Task A_salvaged_store_is_whole()
    {
        using InMemoryStorage disk = NewDisk();
        LambdaStoreOptions<Reading> options = NewOptions().AddView(Before);
        options.Retention = Retention.Of(bytes: 1);
        await using (LambdaStore<Reading> store = Open(disk, options))
        {
            for (int i = 0; i < 4; i++)
            {
                await store.AppendAsync(Readings("any"));
                await store.AppendAsync(Rejected);
                await store.RunBatchAsync();
            }

            await store.AppendAsync(Readings("any"));
            await store.AppendAsync(Rejected);
            Assert.That(store.RawStart.Value, Is.Positive, "else there is no archive");
        }

        using InMemoryStorage salvaged = NewDisk();
        StoreSalvage.Run(disk, salvaged, options, CancellationToken.None);
        await AfterPowerCutsAsync(salvaged, async left =>
        {
            foreach (string file in new[] { "log", "deadletters", "views" }.SelectMany(f => FilesBelow(salvaged, f)))
            {
                Assert.That(left.Exists(file) && left.ReadAll(file).AsSpan().SequenceEqual(salvaged.ReadAll(file)), file);
            }

            await using LambdaStore<Reading> opened = Open(left, options);
            Assert.That(opened.Position.Value, Is.EqualTo(40));
            Assert.That((await opened.Query(Before).ExecuteAsync()).Rows.Sum(r => r.Result), Is.EqualTo(35));
            Assert.That(await CountDeadLettersAsync(opened), Is.EqualTo((40 - opened.RawStart.Value) / 8).And.Positive, "one of each eight events, as far as there are raw ones");
        });
    }

    [Test]
    public async Task A_fork_has_what_was_not_sealed_when_it_was_made()
    {
        using InMemoryStorage disk = NewDisk();
        await using LambdaStore<Reading> store = Open(disk);
        await store.AppendAsync(Readings("any"));
        await store.ForkAsync("fork");
        await AfterPowerCutsAsync(disk, async left =>
        {
            using InMemoryStorage fork = left.TakeFork("fork")!;
            await using LambdaStore<Reading> opened = Open(fork);
            Assert.That(opened.Position.Value, Is.EqualTo(7));
        });
    }

    private static void AfterPowerCuts(InMemoryStorage disk, Action<InMemoryStorage> check)
    {
        for (int seed = 0; seed < Cuts; seed++)
        {
            using InMemoryStorage left = disk.AfterPowerCut(new Random(seed));
            check(left);
        }
    }

    private static async Task AfterPowerCutsAsync(InMemoryStorage disk, Func<InMemoryStorage, Task> check)
    {
        for (int seed = 0; seed < Cuts; seed++)
        {
            using InMemoryStorage left = disk.AfterPowerCut(new Random(seed));
            await check(left);
        }
    }

    private static string[] FilesWith(InMemoryStorage disk, string folder) =>
        [.. disk.List(folder).Where(f => disk.ReadAll($"{folder}/{f}").AsSpan().IndexOf(Encoding.UTF8.GetBytes(Secret)) >= 0)];

    private static IEnumerable<string> FilesBelow(InMemoryStorage disk, string folder) =>
        disk.List(folder).Select(f => $"{folder}/{f}").Concat(disk.ListFolders(folder).SelectMany(f => FilesBelow(disk, $"{folder}/{f}")));

    private static Reading[] Readings(string text) => [.. Enumerable.Range(1, 7).Select(n => new Reading(Noon.AddMinutes(n), n % 3, n, text))];

    private static Reading Rejected { get; } = new(Noon.AddYears(-200), 1, 100, "of another age");

    private static LambdaStore<Reading> Open(InMemoryStorage disk, params ViewDefinition<Reading>[] views) => Open(disk, new RecordedLog(), views);

    private static LambdaStore<Reading> Open(InMemoryStorage disk, RecordedLog messages, params ViewDefinition<Reading>[] views)
    {
        LambdaStoreOptions<Reading> options = NewOptions();
        options.LoggerFactory = messages;
        Array.ForEach(views, v => options.AddView(v));
        return Open(disk, options);
    }

    private static LambdaStore<Reading> Open(InMemoryStorage disk, LambdaStoreOptions<Reading> options) => StoreOpening.Open("memory", disk, options);

    private static LambdaStoreOptions<Reading> NewOptions() =>
        new LambdaStoreOptions<Reading>
        {
            BatchThreads = 1,
            TimeProvider = new JumpingClock(),
            WriteAhead = StoreCheck.WriteAhead,
            LateEvents = LatePolicy.Reject,
            GracePeriod = TimeSpan.FromDays(10_000),
        }.EventTime(e => e.At);

    private static Task HasDeadLettersAsync(InMemoryStorage disk, int count) => AfterPowerCutsAsync(disk, async left =>
    {
        await using LambdaStore<Reading> opened = Open(left);
        Assert.That(await CountDeadLettersAsync(opened), Is.EqualTo(count));
    });

    private static async Task<int> CountDeadLettersAsync(LambdaStore<Reading> store)
    {
        int count = 0;
        await foreach (DeadLetter<Reading> letter in store.ReadDeadLettersAsync())
        {
            count++;
        }

        return count;
    }

    private InMemoryStorage NewDisk() => new() { Ignores = Ignores };
}
