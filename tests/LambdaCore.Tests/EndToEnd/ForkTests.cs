using LambdaCore.Storage;
using LambdaCore.Tests.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd;

/// <summary>A fork has what the store had, exactly, and the two go on apart.</summary>
internal sealed class ForkTests
{
    private static readonly DateTimeOffset Noon = new(2020, 5, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly ViewDefinition<Sale, string, Totals> ByShop = View.Of<Sale>("by_shop").GroupBy(e => e.Shop)
        .Select(g => new Totals(g.Count(), g.Sum(e => e.Number), g.ApproxDistinct(e => e.Number)));

    private static readonly ViewDefinition<Sale, DateTimeOffset, long> ByHour = View.Of<Sale>("by_hour").GroupBy(e => Window.Hour(e.Time)).Select(g => g.Sum(e => e.Number));

    private string _folder = "";

    [SetUp]
    public void CreateFolder() => _folder = Directory.CreateTempSubdirectory("lambdacore-fork-").FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public async Task A_fork_answers_at_once_as_the_store_does_from_its_batch_views_and_its_tail()
    {
        List<Sale> sold = [];
        await using LambdaStore<Sale> store = await OpenAsync("parent");
        await AppendAsync(store, sold, 40);
        await store.RunBatchAsync();
        await AppendAsync(store, sold, 17);
        LogPosition end = await store.ForkAsync(At("forks/fork"));
        await using LambdaStore<Sale> fork = await OpenAsync("forks/fork");
        Assert.That(end.Value, Is.EqualTo(57));
        Assert.That(fork.Position, Is.EqualTo(end));
        await CheckAsync(fork, sold);
        ViewAnswer<string, Totals> answer = await fork.Query(ByShop).ExecuteAsync();
        Assert.That(answer.Receipt.BatchEnd.Value, Is.EqualTo(40), "the batch views came along");
        Assert.That(await LettersAsync(fork), Is.EqualTo(await LettersAsync(store)).And.Not.Empty);
        Assert.That(FilesOf("forks/fork").Except(FilesOf("parent")), Is.All.Contains("_delta_log").Or.Contains("_head").Or.StartWith("wal"), "all but what says whose it is has the same name");
        Assert.That(FilesOf("parent").Except(FilesOf("forks/fork")), Is.All.StartWith("wal").Or.StartWith("speed").Or.Contains("_head"));
    }

    [Test]
    public async Task A_store_and_its_fork_go_on_apart_whatever_becomes_of_their_files()
    {
        List<Sale> sold = [];
        LambdaStore<Sale> store = await OpenAsync("parent");
        await AppendAsync(store, sold, 30);
        await store.RunBatchAsync();
        await AppendAsync(store, sold, 5);
        await store.ForkAsync(At("fork"));
        List<Sale> soldElsewhere = [.. sold];
        await using (LambdaStore<Sale> fork = await OpenAsync("fork"))
        {
            for (int i = 0; i < 4; i++)
            {
                await AppendAsync(fork, soldElsewhere, 9);
                await AppendAsync(store, sold, 7);
                await fork.RunBatchAsync(i == 2 ? BatchMode.Full : BatchMode.Incremental);
                await store.RunBatchAsync(i == 1 ? BatchMode.Full : BatchMode.Incremental);
                await CheckAsync(fork, soldElsewhere);
                await CheckAsync(store, sold);
            }
        }

        await store.DisposeAsync();
        Directory.Delete(At("parent"), recursive: true);
        await using LambdaStore<Sale> left = await OpenAsync("fork");
        await CheckAsync(left, soldElsewhere);
        await left.RunBatchAsync(BatchMode.Full);
        await CheckAsync(left, soldElsewhere);
    }

    [Test]
    public async Task A_fork_of_a_fork_and_one_of_an_empty_store_are_stores_like_others()
    {
        List<Sale> sold = [];
        await using LambdaStore<Sale> store = await OpenAsync("parent");
        Assert.That(await store.ForkAsync(At("0")), Is.EqualTo(LogPosition.Zero));
        for (int i = 0; i < 3; i++)
        {
            await using LambdaStore<Sale> fork = await OpenAsync($"{i}");
            await AppendAsync(fork, sold, 10);
            await fork.RunBatchAsync();
            await AppendAsync(fork, sold, 1);
            await fork.ForkAsync(At($"{i + 1}"));
        }

        await using LambdaStore<Sale> last = await OpenAsync("3");
        await CheckAsync(last, sold);
    }

    [Test]
    public async Task Batch_views_that_are_copied_across_after_a_fork_are_taken_for_another_stores([Values] bool toFork)
    {
        List<Sale> sold = [];
        List<Sale> soldElsewhere;
        await using (LambdaStore<Sale> store = await OpenAsync("parent"))
        {
            await AppendAsync(store, sold, 30);
            await store.RunBatchAsync();
            await store.ForkAsync(At("fork"));
            soldElsewhere = [.. sold];

            // Both end at the same position, so that only whose they are tells their views apart.
            await AppendAsync(store, sold, 10);
            await store.RunBatchAsync();
        }

        await using (LambdaStore<Sale> fork = await OpenAsync("fork"))
        {
            await AppendAsync(fork, soldElsewhere, 10, shops: 2);
            await fork.RunBatchAsync();
        }

        (string from, string to) = toFork ? ("parent", "fork") : ("fork", "parent");
        Directory.Delete(Path.Combine(At(to), "views"), recursive: true);
        CopyFolder(Path.Combine(At(from), "views"), Path.Combine(At(to), "views"));
        await using LambdaStore<Sale> mixed = await OpenAsync(to);
        await CheckAsync(mixed, toFork ? soldElsewhere : sold);
        await mixed.RunBatchAsync();
        await CheckAsync(mixed, toFork ? soldElsewhere : sold);
    }

    [Test]
    public async Task A_write_ahead_file_that_is_copied_across_is_refused()
    {
        List<Sale> sold = [];
        await using (LambdaStore<Sale> store = await OpenAsync("parent"))
        {
            await AppendAsync(store, sold, 5);
            await store.ForkAsync(At("fork"));
        }

        Directory.Delete(Path.Combine(At("fork"), "wal"), recursive: true);
        CopyFolder(Path.Combine(At("parent"), "wal"), Path.Combine(At("fork"), "wal"));
        Assert.That(() => OpenAsync("fork"), Throws.InstanceOf<LambdaCoreException>().With.Message.Contains("belongs to the store"));
    }

    [Test]
    public async Task Where_a_fork_cannot_be_it_is_refused_with_the_reason()
    {
        await using LambdaStore<Sale> store = await OpenAsync("parent");
        Directory.CreateDirectory(At("full/folder"));
        Assert.Multiple(() =>
        {
            Assert.That(() => store.ForkAsync(At("full")), Throws.InstanceOf<StorageException>().With.Message.Contains("already"));
            Assert.That(() => store.ForkAsync(At("parent/fork")), Throws.ArgumentException.With.Message.Contains("within"));
            Assert.That(() => store.ForkAsync(At("par*nt")), Throws.ArgumentException.With.Message.Contains("pattern"));
            Assert.That(() => store.ForkAsync(""), Throws.ArgumentException);
            Assert.That(() => store.ForkAsync(At("cancelled"), new CancellationToken(canceled: true)), Throws.InstanceOf<OperationCanceledException>());
        });
        Assert.That(Directory.GetDirectories(_folder).Select(Path.GetFileName), Is.EquivalentTo(new[] { "parent", "full" }));
        await store.DisposeAsync();
        Assert.That(() => store.ForkAsync(At("late")), Throws.InstanceOf<ObjectDisposedException>());
    }

    [Test]
    public async Task A_fork_that_is_cut_off_at_any_storage_call_is_there_as_a_whole_or_not_at_all([Values] bool power)
    {
        using InMemoryStorage origin = new();
        List<Sale> sold = await PrepareAsync(origin);
        await using LambdaStore<Sale> original = Open(origin);
        int whole = 0;
        int call = 1;
        for (bool cut = true; cut; call++)
        {
            await original.ForkAsync("a new disk");
            InMemoryStorage disk = origin.TakeFork("a new disk")!;
            LambdaStore<Sale> store = Open(disk);
            long last = disk.Calls + call;
            disk.BeforeCall = c => _ = c.Number >= last ? throw new StorageException("It is over.") : 0;
            cut = !await TryForkAsync(store);
            InMemoryStorage left = power ? disk.Crash(new Random(call)) : disk.Kill();
            await SwallowAsync(store);
            disk.Dispose();
            using (left)
            {
                using InMemoryStorage? fork = left.TakeFork("fork");
                Assert.That(cut || fork is not null, $"call {call}");
                whole += fork is null ? 0 : 1;

                // Opening costs more than all the rest.
                foreach (InMemoryStorage storage in new[] { call % 6 == 0 || fork is not null ? left : null, fork }.OfType<InMemoryStorage>())
                {
                    await CheckAndGoOnAsync(storage, sold, $"call {call}, {(storage == fork ? "fork" : "store")}");
                }
            }
        }

        TestContext.Out.WriteLine($"{call} calls, {whole} forks");
        Assert.That(call, Is.GreaterThan(40));
        Assert.That(whole, Is.InRange(1, 4));
    }

    [Test]
    public async Task A_fork_that_the_disk_refuses_at_any_call_leaves_the_store_well_and_can_be_tried_again()
    {
        using InMemoryStorage disk = new();
        List<Sale> sold = await PrepareAsync(disk);
        await using LambdaStore<Sale> store = Open(disk);
        int call = 1;
        for (bool refused = true; refused; call++)
        {
            long wrong = disk.Calls + call;
            disk.BeforeCall = c => _ = c.Number == wrong ? throw new StorageException("Refused.") : 0;
            refused = !await TryForkAsync(store);
            disk.BeforeCall = null;
            disk.TakeFork("fork")?.Dispose();
            await AppendAsync(store, sold, 1);
            if (call % 10 == 0 || !refused)
            {
                await store.ForkAsync("fork");
                using InMemoryStorage fork = disk.TakeFork("fork")!;
                await CheckAndGoOnAsync(fork, sold, $"call {call}");
                await store.RunBatchAsync();
                await AppendAsync(store, sold, 3);
                await CheckAsync(store, sold);
            }
        }

        Assert.That(call, Is.GreaterThan(40));
    }

    [Test]
    public async Task Forks_of_a_store_at_work_are_prefixes_of_its_log_with_all_that_was_acknowledged([Values(Durability.None, Durability.Fsync)] Durability durability)
    {
        const int forks = 6;
        const int mostEvents = 20_000;
        Random random = Seed.Random(out int seed);
        await using LambdaStore<Sale> store = await OpenAsync("parent", durability);
        using CancellationTokenSource over = new();
        long next = 0;
        Task[] work =
        [
            WhileNotOver(async () =>
            {
                Sale[] sales = [.. Enumerable.Range(0, 1 + Random.Shared.Next(40)).Select(i => SaleAt(next + i))];
                await store.AppendAsync(sales);
                next += sales.Length;

                // On a slow machine the log would grow faster than it is checked.
                await Task.Delay(next > mostEvents ? 10 : 0);
            }),
            WhileNotOver(async () => await store.RunBatchAsync()),
            WhileNotOver(async () => Check(await store.Query(ByShop).ExecuteAsync())),
        ];
        for (int i = 0; i < forks; i++)
        {
            await Task.Delay(random.Next(60));
            LogPosition acknowledged = store.Position;
            LogPosition end = await store.ForkAsync(At($"fork{i}"));
            await using LambdaStore<Sale> fork = await OpenAsync($"fork{i}");
            Assert.That(end, Is.GreaterThanOrEqualTo(acknowledged), $"seed {seed}");
            Assert.That(fork.Position, Is.EqualTo(end), $"seed {seed}");
            Check(await fork.Query(ByShop).ExecuteAsync());
            await fork.AppendAsync(SaleAt(end.Value));
            await fork.RunBatchAsync();
            Check(await fork.Query(ByShop).ExecuteAsync());
        }

        await over.CancelAsync();
        await Task.WhenAll(work);
        TestContext.Out.WriteLine($"{store.Position} events");

        void Check(ViewAnswer<string, Totals> answer)
        {
            Sale[] counted = [.. Enumerable.Range(0, (int)answer.Receipt.Position.Value).Select(n => SaleAt(n)).Where(Counts)];
            Assert.That((answer.Rows.Sum(r => r.Result.Count), answer.Rows.Sum(r => r.Result.Sum)), Is.EqualTo((counted.Length, counted.Sum(s => s.Number))), $"seed {seed}");
        }

        Task WhileNotOver(Func<Task> action) => Task.Run(async () =>
        {
            while (!over.IsCancellationRequested)
            {
                await action();
            }
        });
    }

    /// <summary>Batch views, sealed events that they do not cover, dead letters, and a tail.</summary>
    private static async Task<List<Sale>> PrepareAsync(InMemoryStorage disk)
    {
        List<Sale> sold = [];
        await using LambdaStore<Sale> store = Open(disk);
        await AppendAsync(store, sold, 12);
        await store.RunBatchAsync();
        await AppendAsync(store, sold, 14);
        await StoreInternals<Sale>.Of(store).Log.SealAsync(store.Position, CancellationToken.None);
        await AppendAsync(store, sold, 6);
        return sold;
    }

    private static async Task CheckAndGoOnAsync(InMemoryStorage storage, IReadOnlyList<Sale> sold, string where)
    {
        List<Sale> all = [.. sold];
        await using LambdaStore<Sale> store = Open(storage);
        Assert.That(store.Position.Value, Is.EqualTo(all.Count), where);
        await CheckAsync(store, all);
        await AppendAsync(store, all, 2);
        await store.RunBatchAsync();
        await CheckAsync(store, all);
    }

    /// <summary>Forks a store whose disk may fail.</summary>
    private static async Task<bool> TryForkAsync(LambdaStore<Sale> store)
    {
        try
        {
            await store.ForkAsync("fork");
            return true;
        }
        catch (StorageException)
        {
            return false;
        }
    }

    private static async Task SwallowAsync(LambdaStore<Sale> store)
    {
        try
        {
            await store.DisposeAsync();
        }
        catch (LambdaCoreException)
        {
            // Its disk is gone.
        }
    }

    private static async Task AppendAsync(LambdaStore<Sale> store, List<Sale> sold, int count, int shops = 5)
    {
        Sale[] sales = [.. Enumerable.Range(0, count).Select(i => SaleAt(sold.Count + i, shops))];
        await store.AppendAsync(sales);
        sold.AddRange(sales);
    }

    /// <summary>Each tenth comes far too late, and is rejected.</summary>
    private static Sale SaleAt(long number, int shops = 5) => new(number % 10 == 9 ? Noon.AddDays(-1) : Noon.AddMinutes(number), $"shop {number * 31 % shops}", number);

    private static bool Counts(Sale sale) => sale.Time >= Noon;

    private static async Task CheckAsync(LambdaStore<Sale> store, IReadOnlyList<Sale> sold)
    {
        IEnumerable<(string, Totals)> shops = sold.Where(Counts).GroupBy(e => e.Shop).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => (g.Key, new Totals(g.Count(), g.Sum(e => e.Number), g.Count())));
        Assert.That((await store.Query(ByShop).ExecuteAsync()).Rows.Select(r => (r.Key, r.Result)), Is.EqualTo(shops));
        IEnumerable<(DateTimeOffset, long)> hours = sold.Where(Counts).GroupBy(e => Noon.AddHours(Math.Floor((e.Time - Noon).TotalHours))).OrderBy(g => g.Key).Select(g => (g.Key, g.Sum(e => e.Number)));
        Assert.That((await store.Query(ByHour).ExecuteAsync()).Rows.Select(r => (r.Key, r.Result)), Is.EqualTo(hours));
    }

    private static async Task<List<LogPosition>> LettersAsync(LambdaStore<Sale> store)
    {
        List<LogPosition> letters = [];
        await foreach (DeadLetter<Sale> letter in store.ReadDeadLettersAsync())
        {
            letters.Add(letter.Position);
        }

        return letters;
    }

    private static void CopyFolder(string from, string to)
    {
        foreach (string file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }

    private static LambdaStore<Sale> Open(IStorage storage)
    {
        LambdaStoreOptions<Sale> options = new();
        Configure(options);
        options.Validate();
        return StoreOpening.Open("memory", storage, options);
    }

    private static void Configure(LambdaStoreOptions<Sale> options)
    {
        options.EventTime(e => e.Time).AddView(ByShop).AddView(ByHour);
        options.BatchThreads = 1;
        options.SegmentEvents = 1000;
        options.LateEvents = LatePolicy.Reject;
        options.GracePeriod = TimeSpan.FromHours(1);
    }

    private string At(string name) => Path.Combine(_folder, name);

    private Task<LambdaStore<Sale>> OpenAsync(string name, Durability durability = Durability.Buffered) => LambdaStore.OpenAsync<Sale>(At(name), o =>
    {
        Configure(o);
        o.Durability = durability;
    });

    private IEnumerable<string> FilesOf(string name) =>
        Directory.GetFiles(At(name), "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(At(name), f).Replace('\\', '/'));

    private sealed record Sale(DateTimeOffset Time, string Shop, long Number);

    private sealed record Totals(long Count, long Sum, long Distinct);
}
